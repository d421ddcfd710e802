"""Rows in the COPY text format of PostgreSQL, made from codes without touching a single row.

PostgreSQL documentation, COPY, "Text Format".
"""

import datetime as dt
import decimal
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NULL = rb"\N"
_ESCAPES = str.maketrans(
    {
        "\\": r"\\",
        "\b": r"\b",
        "\t": r"\t",
        "\n": r"\n",
        "\v": r"\v",
        "\f": r"\f",
        "\r": r"\r",
    }
)


@dataclass(frozen=True)
class Code:
    """Stands for the bytes of the row's code, in the pieces of a row."""


CODE = Code()


def copy_text(pieces: Sequence[bytes | Code], codes: NDArray[np.uint8]) -> memoryview:
    r"""One line for each code: the pieces in order, every Code replaced, and a newline.

    `codes` has one code a row, as bytes that need no escape (character set 82 has none that does);
    constant bytes are escaped already (`escape`) and hold the tabs between columns.

    >>> codes = np.frombuffer(b"0A0B", np.uint8).reshape(2, 2)
    >>> bytes(copy_text([b"/21/", CODE, b"\t", CODE, b"\tnew"], codes))
    b'/21/0A\t0A\tnew\n/21/0B\t0B\tnew\n'
    """
    count, width = codes.shape
    blank = b"\0" * width
    line = b"".join(blank if isinstance(piece, Code) else piece for piece in pieces) + b"\n"
    rows = np.empty((count, len(line)), np.uint8)
    rows[:] = np.frombuffer(line, np.uint8)
    start = 0
    for piece in pieces:
        if isinstance(piece, Code):
            rows[:, start : start + width] = codes
            start += width
        else:
            start += len(piece)
    return rows.reshape(-1).data


def escape(value: object) -> bytes:
    r"""A value as a field of a COPY text row.

    None is `\N`; a bool is `t` or `f`; a dict or list is JSON; a moment is ISO 8601; numbers, UUIDs
    and strings are their text, with backslashes and control characters escaped.

    >>> escape("a\tb\\c")
    b'a\\tb\\\\c'
    """
    return NULL if value is None else _text(value).translate(_ESCAPES).encode()


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "t" if value else "f"
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False)
        case dt.date() | dt.time():
            return value.isoformat()
        case int() | float() | decimal.Decimal() | uuid.UUID():
            return str(value)
        case _:
            raise TypeError(f"Expected a value with a COPY text form, got {type(value).__name__}.")


def copy_line(values: Sequence[object]) -> bytes:
    r"""One row of plain values, with its newline.

    >>> copy_line(["a", None, True])
    b'a\t\\N\tt\n'
    """
    return b"\t".join(escape(value) for value in values) + b"\n"
