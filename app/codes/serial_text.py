"""The characters GS1 allows in a serial number, and how many."""

from app.codes.errors import CodeError

# GS1 General Specifications, figure 7.11-1: GS1 AI encodable character set 82.
CSET_82 = frozenset(
    "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
)
LONGEST_SERIAL = 20
LONGEST_GRAI_SERIAL = 16


class InvalidSerial(CodeError):
    """A serial that is empty, too long, or has a character outside of character set 82."""


def check_serial(serial: str, longest: int = LONGEST_SERIAL) -> str:
    """`serial` itself, when it is one to `longest` characters of character set 82.

    GS1 General Specifications 3.5.2 (AI 21, X..20). Raises InvalidSerial.

    >>> check_serial("32a/b")
    '32a/b'
    """
    if not 1 <= len(serial) <= longest:
        raise InvalidSerial(f"Expected a serial of 1 to {longest} characters, got {len(serial)}.")
    if foreign := set(serial) - CSET_82:
        raise InvalidSerial(
            f"Expected characters of GS1 character set 82, got {''.join(sorted(foreign))!r}."
        )
    return serial
