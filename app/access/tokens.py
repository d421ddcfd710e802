"""Tokens: from what a request carries to its caller (directus.md 5.1)."""

import hashlib
import secrets

from app.access.caller import ANONYMOUS, Caller
from app.database.session import Session
from app.errors import InvalidCredentials, InvalidPayload

# The active user a static token belongs to. Tokens are stored as SHA-256 hashes.
_HOLDER = """
SELECT id, account, admin_access FROM directus_users
WHERE token = %(hash)s AND status = 'active'
"""


def new_token() -> str:
    """A random static token: 43 URL-safe characters, 256 bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a static token: its SHA-256, in hex. Tokens are random, so no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def presented(authorization: str | None, query_token: str | None) -> str | None:
    """The token of a request, from `Authorization: Bearer` or `?access_token=`, not both.

    Raises InvalidPayload when both are there.
    """
    scheme, _, token = (authorization or "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else None
    if bearer and query_token:
        raise InvalidPayload("The request uses more than one method for including an access token")
    return bearer or query_token or None


async def caller_of(session: Session, token: str | None) -> Caller:
    """Who a token belongs to; anonymous without one. Raises InvalidCredentials if unknown."""
    if token is None:
        return ANONYMOUS
    row = await session.fetch_one(_HOLDER, {"hash": token_hash(token)})
    if row is None:
        raise InvalidCredentials
    return Caller(row["id"], row["account"], bool(row["admin_access"]))
