"""One-time passwords by the clock, as authenticator apps show them (TOTP, RFC 6238)."""

import binascii
import re

import pyotp

from app.codes.key_wrap import unwrap, wrap

ISSUER = "Mintage"
_SECRET = re.compile(r"[A-Z2-7]{16,128}")
_CODE = re.compile(r"[0-9]{6}")
"""One spelling only: a code that was used can't come again in other digits."""
_DRIFT = 1
"""Steps of 30 seconds a clock may be wrong by (RFC 6238 5.2)."""


def new_secret() -> str:
    """A random secret, 160 bits in base 32."""
    return pyotp.random_base32()


def address_of(secret: str, email: str) -> str:
    """The `otpauth://` address that authenticator apps read as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def is_code(secret: str, code: str) -> bool:
    """Whether a secret shows that code now. One that is no secret shows none."""
    if not _SECRET.fullmatch(secret) or not _CODE.fullmatch(code):
        return False
    try:
        return pyotp.TOTP(secret).verify(code, valid_window=_DRIFT)
    except binascii.Error:
        return False


def sealed(secret: str, installation_secret: str) -> str:
    """What is stored: the secret, encrypted under the installation's SECRET."""
    return wrap(secret.encode(), installation_secret)


def unsealed(stored: str, installation_secret: str) -> str:
    """The secret again. Raises WrongSecret when SECRET is another one now."""
    return unwrap(stored, installation_secret).decode()
