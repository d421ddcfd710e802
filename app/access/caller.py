"""The caller of a request: one user, or nobody; what it may do, and where it called from."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from app.access.permissions import NOTHING, Permissions


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from: kept in activity and sessions."""

    ip: str | None = None
    user_agent: str | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `user` is None for anonymous; `account` narrows everything to one tenant.

    `roles`: the user's role and its ancestors; `policies`: all that apply. An admin's
    `permissions` are not looked at. `asked_for_tfa`: a policy wants it to have a second factor.
    """

    user: str | None = None
    account: str | None = None
    is_admin: bool = False
    has_app_access: bool = False
    asked_for_tfa: bool = False
    role: str | None = None
    roles: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    permissions: Permissions = NOTHING
    client: Client = field(default=Client(), compare=False)

    @property
    def sees(self) -> Hashable:
        """What decides what it may see, and what its variables stand for: equal, all is equal."""
        own = (self.user, self.account, self.is_admin, self.role, self.roles, self.policies)
        return (*own, self.permissions)

    @property
    def share(self) -> Hashable:
        """Whose share of the database it uses: its account's, its own, or that of the public."""
        return self.account or self.user or "public"

    @property
    def is_anonymous(self) -> bool:
        return self.user is None


ANONYMOUS = Caller()
SYSTEM = Caller(is_admin=True)
"""Mintage itself: bootstrap, workers and the command line."""
