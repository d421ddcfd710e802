"""A one-time password works once, wherever it is used (RFC 6238 5.2).

The last step that was used is kept in PostgreSQL beside the secret: it holds without Redis.
"""

from app.access.one_time import sealed, step_of, unsealed
from app.database.session import WriteSession

# Of two uses at the same moment the second waits, and finds the code used.
_LOCKED = "SELECT tfa_secret FROM directus_users WHERE id = %(user)s::uuid FOR UPDATE"
_SET = "UPDATE directus_users SET tfa_secret = %(secret)s WHERE id = %(user)s::uuid"


async def use_up(session: WriteSession, user: str, code: str, installation_secret: str) -> bool:
    """Whether a user's code is right and new. With it all codes before it are used, too."""
    stored = await session.fetch_value(_LOCKED, {"user": user})
    if stored is None:
        return False
    secret, used = unsealed(stored, installation_secret)
    step = step_of(secret, code)
    if step is None or step <= used:
        return False
    await turn(session, user, sealed(secret, installation_secret, step))
    return True


async def turn(session: WriteSession, user: str, stored: str | None) -> None:
    """Keep what was sealed for a user; None: logins want no code any more."""
    await session.execute(_SET, {"user": user, "secret": stored})
