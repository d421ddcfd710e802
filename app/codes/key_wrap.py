"""Keys of code spaces, kept encrypted under the SECRET of the installation.

AES-256-GCM (NIST SP 800-38D) under a key derived from the secret by HKDF-SHA256 (RFC 5869).
"""

import base64
import binascii
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.codes.errors import CodeError

KEY_SIZE = 32
NONCE_SIZE = 12
VERSION = "v1."
PURPOSE = b"mintage code space key v1"


class WrongSecret(CodeError):
    """The key was wrapped under another secret, or has been changed since."""


class MalformedWrappedKey(CodeError):
    """The text is not a wrapped key of a known version."""


def new_key() -> bytes:
    """A random AES-256 key."""
    return secrets.token_bytes(KEY_SIZE)


def wrap(key: bytes, secret: str) -> str:
    """The key, encrypted and authenticated, as printable text: `v1.` and base64url."""
    nonce = secrets.token_bytes(NONCE_SIZE)
    sealed = _cipher(secret).encrypt(nonce, key, VERSION.encode())
    return VERSION + base64.urlsafe_b64encode(nonce + sealed).decode("ascii")


def unwrap(wrapped: str, secret: str) -> bytes:
    """The key that `wrap` put in.

    Raises WrongSecret, and MalformedWrappedKey for text that `wrap` did not make.
    """
    if not wrapped.startswith(VERSION):
        raise MalformedWrappedKey(
            f"Expected a wrapped key that starts with {VERSION!r}, got {wrapped[:3]!r}."
        )
    try:
        sealed = base64.b64decode(wrapped[len(VERSION) :], altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedWrappedKey(
            "Expected base64url after the version, got other text."
        ) from error
    if len(sealed) <= NONCE_SIZE:
        raise MalformedWrappedKey(f"Expected more than {NONCE_SIZE} bytes, got {len(sealed)}.")
    try:
        return _cipher(secret).decrypt(sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], VERSION.encode())
    except InvalidTag as error:
        raise WrongSecret(
            "The SECRET of this installation is not the one this code space was made with: "
            "set SECRET to the earlier value, or restore the row from a backup."
        ) from error


def _cipher(secret: str) -> AESGCM:
    derived = HKDF(SHA256(), length=KEY_SIZE, salt=None, info=PURPOSE).derive(secret.encode())
    return AESGCM(derived)
