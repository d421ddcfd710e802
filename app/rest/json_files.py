"""Files of rows: a JSON array of objects, read item by item in flat memory (directus.md 10)."""

import io
import json
import re
from collections.abc import Iterator
from typing import IO, Any

import orjson

from app.errors import InvalidPayload
from app.json_text import TooDeep, exact, exact_integer, is_deep, written
from app.rest.csv_files import LONGEST_ROW, STEP, Row, Rows

JSON = frozenset({"application/json"})

_BLOCK = 64 * 1024
_SPACES = re.compile(r"\s*")


def json_rows(file: IO[bytes]) -> Rows:
    """The items of a JSON array of objects, each with its number, from 1."""
    text = io.TextIOWrapper(file, "utf-8-sig")
    try:
        array = _Array(text)
        for place, item in enumerate(array.items(), 1):
            yield place, item
            if array.read > STEP:
                array.read = 0
                yield None
    except UnicodeDecodeError:
        raise InvalidPayload("The JSON has to be UTF-8") from None
    finally:
        text.detach()


class _Array:
    """A JSON array, decoded item by item. `read`: characters since the last pause."""

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self._held = ""
        self._at = self.read = 0
        self._decoder = json.JSONDecoder(
            parse_constant=_no_number, parse_float=exact, parse_int=exact_integer
        )

    def items(self) -> Iterator[Row]:
        if self._next_char() != "[":
            raise InvalidPayload("The JSON has to be an array of objects")
        self._at += 1
        if self._next_char() == "]":
            return
        while True:
            yield self._item()
            end = self._next_char()
            self._at += 1
            if end == "]":
                return
            if end != ",":
                raise InvalidPayload("The JSON array lacks a comma between two items")

    def _next_char(self) -> str:
        """The next character that is no space, which stays the next."""
        skipped = 0
        while True:
            at = _SPACES.match(self._held, self._at).end()  # type: ignore[union-attr]  # or none
            skipped += at - self._at
            self._at = at
            if at < len(self._held):
                return self._held[at]
            if skipped > LONGEST_ROW:
                raise InvalidPayload(f"The JSON has more than {LONGEST_ROW} spaces in a row")
            if not self._read(_BLOCK):
                raise InvalidPayload("The JSON ends in the middle of the array")

    def _item(self) -> Row:
        if self._next_char() != "{":
            raise InvalidPayload("The JSON has to be an array of objects")
        while True:
            try:
                item, self._at = self._decoder.raw_decode(self._held, self._at)
            except json.JSONDecodeError as error:
                # Cut off, most likely. Twice as much is read each time, so the sum stays linear.
                rest = len(self._held) - self._at
                if rest > LONGEST_ROW or not self._read(max(_BLOCK, rest)):
                    raise InvalidPayload(f"The JSON can't be read: {error.msg}") from None
            except RecursionError:
                raise InvalidPayload(str(TooDeep())) from None
            except ValueError:
                raise InvalidPayload("A number of the JSON has too many digits") from None
            else:
                return _writable(item)

    def _read(self, size: int) -> bool:
        more = self._text.read(size)
        self.read += len(more)
        self._held, self._at = self._held[self._at :] + more, 0
        return bool(more)


def _writable(item: Row) -> Row:
    """The item, if it can be written as JSON again: half a character or a huge number can't."""
    if is_deep(item):
        raise InvalidPayload(str(TooDeep()))
    try:
        written(item)
    except orjson.JSONEncodeError as error:
        raise InvalidPayload(f"An item of the JSON can't be stored: {error}") from None
    return item


def _no_number(name: str) -> Any:
    raise InvalidPayload(f"JSON has no number {name}")
