"""Secrets that name a caller: static tokens, passwords and their hashes (directus.md 5.1, 5.4)."""

import base64
import hashlib
import hmac
import secrets
from functools import lru_cache

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from app.pools import HASHING, Asker


def new_token() -> str:
    """A random static token: 43 URL-safe characters, 256 bits."""
    return secrets.token_urlsafe(32)


def following_token(token: str, installation_secret: str) -> str:
    """The token that comes after one, always the same: 43 URL-safe characters.

    Only hashes are stored, so what is to be given out again has to be computed; without SECRET
    nobody gets from a token to the next one.
    """
    key = hashlib.sha256(b"following tokens\0" + installation_secret.encode()).digest()
    digest = hmac.digest(key, _bytes(token), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def token_hash(token: str) -> str:
    """What is stored of a token: its SHA-256, in hex. Tokens are random, so no salt."""
    return hashlib.sha256(_bytes(token)).hexdigest()


def _bytes(secret: str) -> bytes:
    """A secret in UTF-8, whatever text it is: half a surrogate pair is a wrong one, no failure."""
    return secret.encode("utf-8", "surrogatepass")


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache(maxsize=1)
def _hash_of_nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


async def password_hash(password: str, by: Asker) -> str:
    """The argon2 hash of a password. It takes tens of milliseconds by design: in a thread.

    The askers take turns. Raises TooManyAtOnce.
    """
    return await HASHING.run(by, _hasher().hash, _bytes(password))


async def is_password(password: str, stored: str | None, by: Asker) -> bool:
    """Whether a password is the one of a hash. Without a hash it takes as long, and says no.

    The askers take turns. Raises TooManyAtOnce.
    """
    return await HASHING.run(by, _verified, password, stored)


def is_costly(stored: str) -> bool:
    """Whether a hash asks for another kind of argon2 than ours, or for more memory or time.

    Checking such a hash costs what its author says. What is no hash costs nothing.
    """
    if not stored.isascii():
        return False
    try:
        asked = extract_parameters(stored)
    except InvalidHashError:
        return False
    ours = _hasher()
    return (
        asked.type is not Type.ID
        or asked.version != ARGON2_VERSION
        or asked.memory_cost > ours.memory_cost
        or asked.time_cost > ours.time_cost
        or asked.parallelism > ours.parallelism
    )


def _verified(password: str, stored: str | None) -> bool:
    if stored is not None and not stored.isascii():
        return False  # no argon2 hash is: its parts are in Base64
    try:
        _hasher().verify(stored or _hash_of_nobody(), _bytes(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
