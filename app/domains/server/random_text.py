"""Random texts that clients ask for (directus.md 10)."""

import secrets
import string
from decimal import Decimal

from app.errors import InvalidQuery

_ALPHABET = string.ascii_letters + string.digits
_LONGEST = 500
_USUAL = 32


def random_text(length: Decimal | int | None = _USUAL) -> str:
    """So many random letters and digits. Raises InvalidQuery for a length that is none."""
    if length is None or not 1 <= length <= _LONGEST or length != int(length):
        raise InvalidQuery(f'"length" must be between 1 and {_LONGEST}')
    return "".join(secrets.choice(_ALPHABET) for _ in range(int(length)))
