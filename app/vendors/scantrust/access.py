"""Who asks: `Authorization: UAT <token>`, and what the token is good for (systems.md 4.1, 7.1).

A token of a user (UAT) may be good for a share of what its user may do, by words such as
`codes_view`. Directus's own tokens count as well where ALLOW_STATIC_ON_COMPAT says so. Neither is
good for a word whose permission its user has not (`app.domains.api_credential.words`).
"""

from dataclasses import dataclass

from starlette.requests import Request

from app.access.caller import ANONYMOUS, Caller
from app.access.credentials import Credential, credential_by_token
from app.access.identity import caller_by_user
from app.access.known import KnownCallers
from app.database.session import Database
from app.domains.api_credential.words import WORDS, implied
from app.errors import InvalidCredentials
from app.settings import Settings
from app.vendors.scantrust.errors import NotAuthenticated
from app.web.clients import client_of
from app.web.requests import header

KIND = "scantrust_uat"
SCHEMES = frozenset({"uat", "jwt", "bearer"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A caller, and the credential it came with; None: one that is for all its user may do."""

    caller: Caller
    credential: Credential | None = None

    def allows(self, word: str) -> bool:
        """Whether what needs that word may be asked for."""
        has_word = self.credential is None or self.credential.allows(word)
        return has_word and implied(self.caller, KIND, word)

    @property
    def words(self) -> list[str]:
        """The words it is good for."""
        return [word for word in sorted(WORDS[KIND]) if self.allows(word)]


NOBODY = Entry(ANONYMOUS)
"""Who asks for what needs no credential."""


async def entry_of(request: Request) -> Entry:
    """Who a request comes from. Raises NotAuthenticated without a credential this surface knows.

    Raises InvalidCredentials, InvalidToken and TokenExpired for one that is good for nothing.
    """
    scheme, _, token = header(request.scope, b"authorization").partition(" ")
    token = token.strip()
    if scheme.lower() not in SCHEMES or not token:
        raise NotAuthenticated
    settings: Settings = request.state.settings
    database: Database = request.state.database
    client = client_of(request.scope, settings)
    async with database.read() as session:
        credential = await credential_by_token(session, KIND, token)
        if credential is not None:
            caller = await caller_by_user(session, credential.user, client, accounts=True)
            if caller is None:
                raise InvalidCredentials
            return Entry(caller, credential)
    if not settings.allow_static_on_compat:
        raise InvalidCredentials
    known: KnownCallers = request.state.callers
    return Entry(await known.caller(database, token, client))
