"""Principals: who asks on a vendor's surface, and the scopes its credential is good for."""

from dataclasses import dataclass

from starlette.requests import Request

from app.access.caller import ANONYMOUS, Caller
from app.access.credentials import Credential, credential_by_token
from app.access.identity import caller_by_user
from app.access.known import KnownCallers
from app.database.session import Database
from app.domains.api_credential.scopes import SCOPES, is_permitted
from app.errors import InvalidCredentials
from app.settings import InstallationSettings
from app.web.clients import client_of


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller, and the credential it came with; None: one that is for all its user may do.

    `kind`: that of the surface's credentials, whose scopes they are.
    """

    caller: Caller
    kind: str
    credential: Credential | None = None

    def has_scope(self, scope: str) -> bool:
        """Whether what needs that scope may be asked for: by the credential, and by its user."""
        is_given = self.credential is None or self.credential.has_scope(scope)
        return is_given and is_permitted(self.caller, self.kind, scope)

    @property
    def scopes(self) -> list[str]:
        """The scopes it has, sorted."""
        return [scope for scope in sorted(SCOPES[self.kind]) if self.has_scope(scope)]


NOBODY = Principal(ANONYMOUS, "")
"""Who asks for what needs no credential. It has no scopes."""


async def principal_by_token(request: Request, kind: str, token: str) -> Principal:
    """The principal of a token: of a credential of that kind, else of one of Directus's own tokens.

    The latter where ALLOW_STATIC_ON_COMPAT says so (systems.md 7.1). Raises InvalidCredentials,
    InvalidToken and TokenExpired for a token that is good for nothing.
    """
    settings: InstallationSettings = request.state.settings
    database: Database = request.state.database
    client = client_of(request.scope, settings)
    async with database.read() as session:
        credential = await credential_by_token(session, kind, token)
        if credential is not None:
            caller = await caller_by_user(session, credential.user, client, accounts=True)
            if caller is None:
                raise InvalidCredentials
            return Principal(caller, kind, credential)
    if not settings.allow_static_on_compat:
        raise InvalidCredentials
    known: KnownCallers = request.state.callers
    return Principal(await known.caller(database, token, client), kind)
