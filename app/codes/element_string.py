"""GS1 element strings: what GS1 bar codes hold, and the line people read below them.

GS1 General Specifications 7.8: application identifiers and values in a row, and a separator (FNC1,
read as the character GS) behind a value whose length is not in figure 7.8.5-2. In the line for
people the application identifiers stand in brackets.
"""

import re
from collections.abc import Iterator

from app.codes.application_identifiers import is_known
from app.codes.errors import CodeError

GS = "\x1d"
# Also what stands for GS where a person copies a code, and the spaces people put in.
SEPARATORS = f"{GS}\u241d \t\r\n"
_SEPARATOR = re.compile(f"[{SEPARATORS}]+")
_SPACES = re.compile("[ \t]*")
_BRACKETED = re.compile(r"(?<!\\)\(([0-9]{2,4})\)")
_NUMBER = re.compile("[0-9]{2}")
_AI_LENGTHS = (2, 3, 4)

# Application identifier and value together, by the first two digits. Figure 7.8.5-2.
_FIXED = {
    "00": 20,
    **dict.fromkeys(("01", "02", "03", "41"), 16),
    "04": 18,
    **dict.fromkeys(("11", "12", "13", "14", "15", "16", "17", "18", "19"), 8),
    "20": 4,
    **dict.fromkeys(("31", "32", "33", "34", "35", "36"), 10),
}


class InvalidElementString(CodeError):
    """A text that is no row of application identifiers and values."""


def parse(text: str) -> dict[str, str]:
    r"""The values by application identifier, in order of appearance; they are not judged.

    In a line for people a value has a bracket of its own as `\(`. Identifiers nobody knows are left
    out. Raises InvalidElementString, also for two values of one identifier.

    >>> parse("(01)09312345551927(21)ABC")
    {'01': '09312345551927', '21': 'ABC'}
    >>> parse("010931234555192721ABC\x1d17271231")
    {'01': '09312345551927', '21': 'ABC', '17': '271231'}
    """
    values: dict[str, str] = {}
    for ai, value in _in_brackets(text) if text.startswith("(") else _in_a_row(text):
        if values.setdefault(ai, value) != value:
            raise InvalidElementString(f"Expected one value of AI {ai}, got several.")
    return values


def _in_brackets(text: str) -> Iterator[tuple[str, str]]:
    found = [match for match in _BRACKETED.finditer(text) if is_known(match[1])]
    if not found or found[0].start():
        raise InvalidElementString(f"Expected an application identifier, got {text[:6]!r}.")
    ends = [match.start() for match in found[1:]] + [len(text)]
    for match, end in zip(found, ends, strict=True):
        value = text[match.end() : end].strip(SEPARATORS)
        yield match[1], value.replace(r"\(", "(").replace(r"\)", ")")


def _in_a_row(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        ai = next(
            (text[place : place + n] for n in _AI_LENGTHS if is_known(text[place : place + n])), ""
        )
        if not ai and not _NUMBER.match(text, place):
            raise InvalidElementString(
                f"Expected an application identifier, got {text[place : place + 4]!r}."
            )
        start = _after(_SPACES, text, place + len(ai))
        found = _SEPARATOR.search(text, start)
        end = len(text) if found is None else found.start()
        if ai[:2] in _FIXED:
            end = min(end, start + _FIXED[ai[:2]] - len(ai))
        if ai:
            yield ai, text[start:end]
        place = _after(_SEPARATOR, text, end)


def _after(pattern: re.Pattern[str], text: str, place: int) -> int:
    """Where the text goes on behind what the pattern matches at `place`, if it does."""
    found = pattern.match(text, place)
    return place if found is None else found.end()
