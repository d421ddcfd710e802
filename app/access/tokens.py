"""Tokens: from what a request carries to its caller (directus.md 5.1, 5.2)."""

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from app.access.caller import Caller, Client
from app.access.identity import anonymous, caller_by_token, caller_by_user
from app.access.secrets import token_hash
from app.database.session import Session
from app.errors import (
    InvalidCredentials,
    InvalidPayload,
    InvalidToken,
    ServiceUnavailable,
    TokenExpired,
)

ISSUER = "directus"
_ALGORITHM = "HS256"
# In seconds from now: clocks may differ.
_SESSION_LASTS = """
SELECT extract(epoch FROM expires - now())::float FROM directus_sessions
WHERE token = %(token)s AND "user" = %(user)s::uuid AND expires > now()
"""


def presented(authorization: str | None, query_token: str | None, cookie: str | None) -> str | None:
    """The token of a request: `Authorization: Bearer` or `?access_token=`, else the session cookie.

    Raises InvalidPayload when header and query both carry one.
    """
    scheme, _, token = (authorization or "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else None
    if bearer and query_token:
        raise InvalidPayload("The request uses more than one method for including an access token")
    return bearer or query_token or cookie or None


def signed(claims: Mapping[str, Any], secret: str, lifetime: timedelta) -> str:
    """An access token: claims, signed, good for a while."""
    now = datetime.now(UTC)
    body = {**claims, "iat": now, "exp": now + lifetime, "iss": ISSUER}
    return jwt.encode(body, _key(secret), _ALGORITHM)


def read(token: str, secret: str) -> dict[str, Any]:
    """The claims of an access token. Raises TokenExpired, and InvalidToken for any other fault."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token, _key(secret), [_ALGORITHM], issuer=ISSUER, options={"require": ["exp", "iss"]}
        )
    except jwt.ExpiredSignatureError:
        raise TokenExpired from None
    except jwt.InvalidTokenError:
        raise InvalidToken from None
    return claims


def _key(secret: str) -> bytes:
    """The signing key: not the SECRET itself, which encrypts other things.

    Raises ServiceUnavailable without one: what is signed with nothing, anybody can sign.
    """
    if not secret:
        raise ServiceUnavailable("tokens", "This installation has no SECRET: set it")
    return hashlib.sha256(b"access tokens\0" + secret.encode()).digest()


def _is_ours(token: str) -> bool:
    """Whether a text is a JWT that names us as its issuer; anything else is a static token."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return False
    return claims.get("iss") == ISSUER


async def caller_of(
    session: Session, token: str | None, secret: str, client: Client, *, accounts: bool
) -> tuple[Caller, float | None]:
    """Who a token belongs to, and when it ends; what the public may do without one.

    The end is in seconds since 1970, None for what ends only by a change: a session that was
    refreshed ends sooner than the access token that names it. Raises InvalidCredentials,
    InvalidToken and TokenExpired.
    """
    if token is None:
        return await anonymous(session, client), None
    if not _is_ours(token):
        return await caller_by_token(session, token, client, accounts=accounts), None
    claims = read(token, secret)
    user, held, ends = claims.get("id"), claims.get("session"), float(claims["exp"])
    if not isinstance(user, str):
        raise InvalidToken
    if held is not None:
        wanted = {"token": token_hash(str(held)), "user": user}
        lasts = await session.fetch_value(_SESSION_LASTS, wanted)
        if lasts is None:
            raise InvalidCredentials
        ends = min(ends, time.time() + lasts)
    caller = await caller_by_user(session, user, client, accounts=accounts)
    if caller is None:
        raise InvalidCredentials
    return caller, ends
