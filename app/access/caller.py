"""The caller of a request: one user, or nobody."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `user` is None for anonymous; `account` narrows everything to one tenant."""

    user: str | None = None
    account: str | None = None
    is_admin: bool = False

    @property
    def is_anonymous(self) -> bool:
        return self.user is None


ANONYMOUS = Caller()
SYSTEM = Caller(is_admin=True)
"""Mintage itself: bootstrap, workers and the command line."""
