"""Argon2 hashes that clients ask for (directus.md 10). For users: they cost what a login costs."""

from typing import Any

from app.access.caller import Caller
from app.access.secrets import is_costly, is_password, password_hash
from app.errors import Forbidden, InvalidPayload
from app.pools import Asker

_LONGEST = 4096


async def hash_of(text: Any, caller: Caller) -> str:
    """The hash of a text. Raises Forbidden, InvalidPayload and TooManyAtOnce."""
    by = _require_user(caller)
    return await password_hash(_required(text, "string"), by)


async def is_hash_of(text: Any, hashed: Any, caller: Caller) -> bool:
    """Whether a hash is one of the text. Raises as `hash_of`, and for a hash of other costs."""
    by = _require_user(caller)
    given, stored = _required(text, "string"), _required(hashed, "hash")
    if is_costly(stored):
        raise InvalidPayload(
            '"hash" must be argon2id with at most the costs of /utils/hash/generate'
        )
    return await is_password(given, stored, by)


def _require_user(caller: Caller) -> Asker:
    """Whose share of costly work it is."""
    if caller.is_anonymous:
        raise Forbidden
    return Asker(caller.share)


def _required(given: Any, name: str) -> str:
    if given is None or given == "":
        raise InvalidPayload(f'"{name}" is required')
    if not isinstance(given, str):
        raise InvalidPayload(f'"{name}" must be a string')
    if len(given) > _LONGEST:
        raise InvalidPayload(f'"{name}" must be at most {_LONGEST} characters long')
    return given
