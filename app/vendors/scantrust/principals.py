"""Who asks: `Authorization: UAT <token>`, and what the token is good for (systems.md 4.1, 7.1).

A token of a user (UAT) may be good for a share of what its user may do, by scopes such as
`codes_view`. Directus's own tokens count as well where ALLOW_STATIC_ON_COMPAT says so.
"""

from starlette.requests import Request

from app.vendors.surface import Principal
from app.vendors.surface.errors import NotAuthenticated
from app.vendors.surface.principal import principal_by_token
from app.web.requests import header

KIND = "scantrust_uat"
SCHEMES = frozenset({"uat", "jwt", "bearer"})


async def find_principal(request: Request) -> Principal:
    """Who a request comes from. Raises NotAuthenticated without a credential of these schemes.

    Raises InvalidCredentials, InvalidToken and TokenExpired for one that is good for nothing.
    """
    scheme, _, token = header(request.scope, b"authorization").partition(" ")
    token = token.strip()
    if scheme.lower() not in SCHEMES or not token:
        raise NotAuthenticated
    return await principal_by_token(request, KIND, token)
