"""The secret of a webhook, and what a delivery is signed with it (Standard Webhooks 1.0.0).

A secret is `whsec_` and random bytes in Base64. It has to be used, so it is stored encrypted under
the installation's SECRET, not as a hash.
"""

import base64
import binascii
import hmac

from app.codes.key_wrap import unwrap, wrap

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes (Standard Webhooks, "Signature scheme")."""


def is_secret(text: str) -> bool:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(PREFIX) and SHORTEST <= len(key) <= LONGEST


def sealed(secret: str, installation_secret: str) -> str:
    """What is stored of a secret."""
    return wrap(secret.encode(), installation_secret)


def signature(
    stored: str, installation_secret: str, delivery: str, timestamp: int, body: bytes
) -> str:
    """The header `webhook-signature`: HMAC-SHA256 over key, time and body, under the secret.

    Raises WrongSecret when SECRET is another one than when the webhook's was stored.
    """
    secret = unwrap(stored, installation_secret).decode()
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{delivery}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
