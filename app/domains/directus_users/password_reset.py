"""A forgotten password: a signed token, good once and for a day, sets a new one (directus.md 5.3).

Mintage sends no mails: an admin makes the token with `mintage user reset` and hands it over.
"""

import hmac
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.access.caller import SYSTEM
from app.access.secrets import token_hash
from app.access.tokens import read, signed
from app.database.session import Session
from app.errors import Forbidden, InvalidPayload
from app.items.items import Items
from app.items.write.writer import Writer
from app.settings import Settings

logger = logging.getLogger(__name__)

_SCOPE = "password-reset"
_LIFETIME = timedelta(days=1)
_BY_EMAIL = "SELECT id, password FROM directus_users WHERE email = %(email)s AND status = 'active'"
_BY_KEY = """
SELECT id, password FROM directus_users WHERE id = %(user)s::uuid AND status = 'active' FOR UPDATE
"""


async def reset_token(session: Session, email: str, secret: str) -> str:
    """The token that sets a new password for a user. Raises InvalidPayload for an unknown one."""
    row = await session.fetch_one(_BY_EMAIL, {"email": email.strip().lower()})
    if row is None:
        raise InvalidPayload(f'There is no active user with the e-mail "{email}"')
    # The old password's hash makes it good once: with the new password it fits no more.
    claims = {"user": row["id"], "scope": _SCOPE, "hash": _mark(row["password"])}
    return signed(claims, secret, _LIFETIME)


def ask(reset_url: Any, settings: Settings) -> None:
    """Note that somebody wants a new password: not who, for anybody may name any address.

    Raises InvalidPayload for a `reset_url` that PASSWORD_RESET_URL_ALLOW_LIST has not.
    """
    if reset_url is not None and reset_url not in settings.password_reset_urls:
        raise InvalidPayload(f'Url "{reset_url}" can\'t be used to reset passwords')
    logger.warning(
        "A password reset was asked for, but there is no mailer: "
        "use `mintage user reset` to make a token."
    )


async def reset(items: Items, token: str, password: str, secret: str) -> None:
    """Set the password of the token's user; its sessions end.

    Raises InvalidToken, TokenExpired, Forbidden for a token that is used or for something else,
    and FailedValidation for a bad password.
    """
    claims = read(token, secret)
    if claims.get("scope") != _SCOPE:
        raise Forbidden
    wanted, mark = claims.get("user"), str(claims.get("hash"))
    async with items.database.write() as session:
        row = await session.fetch_one(_BY_KEY, {"user": wanted})
        if row is None or not hmac.compare_digest(_mark(row["password"]), mark):
            raise Forbidden
        own = replace(SYSTEM, user=row["id"], client=items.caller.client)
        patch = (row["id"], {"password": password})
        await Writer(items.compiler, session, own).update("directus_users", [patch])


def _mark(stored: str | None) -> str:
    return token_hash(stored or "")
