"""Files of rows: CSV and JSON, read row by row in flat memory (directus.md 10)."""

import csv
import io
import json
import re
from collections.abc import Generator, Iterator, Mapping
from typing import IO, Any

import orjson

from app.errors import InvalidPayload
from app.json_text import DEEPEST, NotJson, TooDeep, is_deep, read_json
from schema import Field

CSV = frozenset({"text/csv", "application/csv", "application/vnd.ms-excel"})
JSON = frozenset({"application/json"})

_LONGEST_ROW = 1024 * 1024
"""Characters of one row, or one value. Reading one is a single step, that all others wait for."""
_MOST_COLUMNS = 1000

_MOST_EMPTY = 100_000
"""Lines without a value, one after the other."""
_STEP = 128 * 1024
"""Characters that are read between two pauses."""
_EFFORT = 50
"""Characters that take as long as a line does by itself."""

_BLOCK = 64 * 1024
_SEPARATORS = ",;\t|"
_SPACES = re.compile(r"\s*")
csv.field_size_limit(_LONGEST_ROW)

Row = dict[str, Any]
Rows = Generator[tuple[int, Row] | None, None, None]
"""Rows, each with its place in the file; None: a pause, so much was read. To be closed when not
read to the end."""


def csv_rows(file: IO[bytes], fields: Mapping[str, Field]) -> Rows:
    """The rows of a CSV file with a header, each with its line; the header is line 1.

    Dotted names make objects; an empty cell says nothing, the word null is null. Other values stay
    text, save where a field holds JSON.
    """
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        first = text.readline(_LONGEST_ROW)
        separator = next((char for char in _SEPARATORS if char in first), ",")
        if first.count(separator) >= _MOST_COLUMNS:
            raise InvalidPayload(f"A CSV has {_MOST_COLUMNS} columns at most")
        text.seek(0)
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=separator)
        names = [name.strip() for name in next(reader, [])]
        if len(names) > _MOST_COLUMNS:
            raise InvalidPayload(f"A CSV has {_MOST_COLUMNS} columns at most")
        deepest = 1 + max((name.count(".") for name in names), default=0)
        if deepest > DEEPEST:
            raise InvalidPayload(f"The name of a column has {DEEPEST} parts at most")
        empty = 0
        for place, values in enumerate(reader, 2):
            lines.of_row = 0
            row = _nested(names, values, fields)
            empty = 0 if row else empty + 1
            if row:
                yield place, row
            elif empty > _MOST_EMPTY:
                raise InvalidPayload(f"A CSV has {_MOST_EMPTY} empty lines in a row at most")
            if lines.read * deepest > _STEP:
                lines.read = 0
                yield None
    except csv.Error as error:
        raise InvalidPayload(f"The CSV can't be read: {error}") from None
    except UnicodeDecodeError:
        raise InvalidPayload("The CSV has to be UTF-8") from None
    finally:
        text.detach()


class _Lines:
    """The lines of a file. `of_row`: characters of those that the row being read has so far.

    `read`: characters since the last pause, and what lines cost beside them.

    Raises InvalidPayload for a row that is too long: a cell in quotes may have many lines.
    """

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self.of_row = self.read = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(_LONGEST_ROW + 1)
        self.of_row += len(line)
        self.read += len(line) + _EFFORT
        if self.of_row > _LONGEST_ROW:
            raise InvalidPayload(f"A row of a CSV has {_LONGEST_ROW} characters at most")
        if not line:
            raise StopIteration
        return line


def _nested(names: list[str], values: list[str], fields: Mapping[str, Field]) -> Row:
    row: Row = {}
    for name, value in zip(names, values, strict=False):
        if value == "" or not name:
            continue
        *path, last = name.split(".")
        into = row
        for part in path:
            into = into.setdefault(part, {})
            if not isinstance(into, dict):
                raise InvalidPayload(f'The columns "{name}" and "{part}" contradict each other')
        into[last] = _value(fields.get(name), value)
    return row


def _value(field: Field | None, text: str) -> Any:
    if text == "null":
        return None
    is_text = field is not None and field.type in {"string", "text", "hash"}
    if is_text or text[0] not in '{["':
        return text
    try:
        return read_json(text)
    except TooDeep as error:
        raise InvalidPayload(str(error)) from None
    except NotJson:
        return text


def json_rows(file: IO[bytes]) -> Rows:
    """The items of a JSON array of objects, each with its number, from 1."""
    text = io.TextIOWrapper(file, "utf-8-sig")
    try:
        array = _Array(text)
        for place, item in enumerate(array.items(), 1):
            yield place, item
            if array.read > _STEP:
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
        self._decoder = json.JSONDecoder(parse_constant=_no_number)

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
            if skipped > _LONGEST_ROW:
                raise InvalidPayload(f"The JSON has more than {_LONGEST_ROW} spaces in a row")
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
                if rest > _LONGEST_ROW or not self._read(max(_BLOCK, rest)):
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
        orjson.dumps(item)
    except orjson.JSONEncodeError as error:
        raise InvalidPayload(f"An item of the JSON can't be stored: {error}") from None
    return item


def _no_number(name: str) -> Any:
    raise InvalidPayload(f"JSON has no number {name}")
