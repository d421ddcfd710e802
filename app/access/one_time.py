"""One-time passwords by the clock, as authenticator apps show them (TOTP, RFC 6238)."""

import binascii
import hmac
import re
import time

import pyotp

from app.codes.key_wrap import unwrap, wrap

ISSUER = "Mintage"
_SECRET = re.compile(r"[A-Z2-7]{16,128}")
_CODE = re.compile(r"[0-9]{6}")
"""One spelling only: a code that was used can't come again in other digits."""
_STEP = 30
_DRIFT = 1
"""Steps a clock may be wrong by (RFC 6238 5.2)."""


def new_secret() -> str:
    """A random secret, 160 bits in base 32."""
    return pyotp.random_base32()


def address_of(secret: str, email: str) -> str:
    """The `otpauth://` address that authenticator apps read as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def step_of(secret: str, code: str) -> int | None:
    """The step at which a secret shows that code: this one, or one beside it; else None.

    Steps count 30 seconds from 1970 (RFC 6238 4.1). What is no secret shows no code.
    """
    if not _SECRET.fullmatch(secret) or not _CODE.fullmatch(code):
        return None
    now = int(time.time()) // _STEP
    try:
        clock = pyotp.TOTP(secret)
        for step in range(now - _DRIFT, now + _DRIFT + 1):
            if hmac.compare_digest(clock.generate_otp(step), code):
                return step
    except binascii.Error:
        return None
    return None


def sealed(secret: str, installation_secret: str, used: int) -> str:
    """What is stored, encrypted under the installation's SECRET: the secret, the last step used."""
    return wrap(f"{secret} {used}".encode(), installation_secret)


def unsealed(stored: str, installation_secret: str) -> tuple[str, int]:
    """The secret and the last step used again. Raises WrongSecret when SECRET is another one now.

    Secrets of earlier versions say nothing of steps: none of theirs was used.
    """
    secret, _, used = unwrap(stored, installation_secret).decode().partition(" ")
    return secret, int(used or 0)
