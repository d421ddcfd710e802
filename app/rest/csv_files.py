"""Files of rows: CSV, read row by row in flat memory (directus.md 10)."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import IO, Any

from app.errors import InvalidPayload, shown
from app.json_text import DEEPEST
from app.web.requests import json_or_text
from schema import Field, Schema

CSV = frozenset({"text/csv", "application/csv", "application/vnd.ms-excel"})

LONGEST_ROW = 1024 * 1024
"""Characters of one row, or one value. Reading one is a single step, that all others wait for."""
_MOST_COLUMNS = 1000

_MOST_EMPTY = 100_000
"""Lines without a value, one after the other."""
STEP = 128 * 1024
"""Characters that are read between two pauses."""
_EFFORT = 50
"""Characters that take as long as a line does by itself."""

_SEPARATORS = ",;\t|"
csv.field_size_limit(LONGEST_ROW)

Row = dict[str, Any]
Rows = Generator[tuple[int, Row] | None, None, None]
"""Rows, each with its place in the file; None: a pause, so much was read. To be closed when not
read to the end."""


def csv_rows(file: IO[bytes], schema: Schema, collection: str) -> Rows:
    """The rows of a CSV file with a header, each with its line; the header is line 1.

    Dotted names make objects; an empty cell says nothing, the word null is null. Where a field
    holds JSON, cells are JSON if they can be; those of other fields stay text. In quotes both are
    the texts they are. Raises InvalidPayload for columns and values that belong nowhere.
    """
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")
    try:
        first = text.readline(LONGEST_ROW)
        separator = next((char for char in _SEPARATORS if char in first), ",")
        if first.count(separator) >= _MOST_COLUMNS:
            raise InvalidPayload(f"A CSV has {_MOST_COLUMNS} columns at most")
        text.seek(0)
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=separator, strict=True)
        columns = _columns(next(reader, []), schema, collection)
        lines.begin_row()
        deepest = 1 + max((len(column.path) for column in columns), default=0)
        empty = 0
        place = reader.line_num + 1
        for values in reader:
            row = _nested(columns, values, place, partial(_quoted, lines.raw, separator))
            lines.begin_row()
            empty = 0 if row else empty + 1
            if row:
                yield place, row
            elif empty > _MOST_EMPTY:
                raise InvalidPayload(f"A CSV has {_MOST_EMPTY} empty lines in a row at most")
            place = reader.line_num + 1  # a cell in quotes may have many
            if lines.read * deepest > STEP:
                lines.read = 0
                yield None
    except csv.Error as error:
        raise InvalidPayload(f"The CSV can't be read: {error}") from None
    except UnicodeDecodeError:
        raise InvalidPayload("The CSV has to be UTF-8") from None
    finally:
        text.detach()


@dataclass(frozen=True, slots=True)
class _Column:
    """Where the values of a column go: to the field at the end of a path, or into its JSON."""

    path: tuple[str, ...]
    field: Field | None


def _columns(names: list[str], schema: Schema, collection: str) -> list[_Column]:
    """What a header names. Raises InvalidPayload for what is no field."""
    if len(names) > _MOST_COLUMNS:
        raise InvalidPayload(f"A CSV has {_MOST_COLUMNS} columns at most")
    if any(name.count(".") >= DEEPEST for name in names):
        raise InvalidPayload(f"The name of a column has {DEEPEST} parts at most")
    for name, times in Counter(name.strip() for name in names).items():
        if name and times > 1:
            raise InvalidPayload(
                f'Column "{shown(name)}" is there {times} times: which one is meant?'
            )
    return [_column(name.strip(), schema, collection) for name in names]


def _column(name: str, schema: Schema, collection: str) -> _Column:
    path = tuple(name.split(".")) if name else ()
    field: Field | None = None
    for depth, part in enumerate(path):
        if field is not None and field.type == "json":
            return _Column(path, field)
        if field is not None:
            leads = field.relation
            if leads is None:
                raise _no_column(name, part, collection)
            collection = leads.to
        field = schema.fields(collection).get(part)
        if field is None:
            raise _no_column(name, part, collection)
        if field.many is not None and depth < len(path) - 1:
            raise InvalidPayload(f'Column "{shown(name)}": "{part}" is a list, write it as JSON')
    return _Column(path, field)


def _no_column(name: str, part: str, collection: str) -> InvalidPayload:
    reason = f'there is no field "{shown(part)}" in "{collection}"'
    return InvalidPayload(f'Column "{shown(name)}": {reason}; mend or remove the column')


class _Lines:
    """The lines of a file. `of_row`: characters of those that the row being read has so far.

    `read`: characters since the last pause, and what lines cost beside them.

    Raises InvalidPayload for a row that is too long: a cell in quotes may have many lines.
    """

    def __init__(self, text: io.TextIOBase) -> None:
        self._text = text
        self.of_row = self.read = 0
        self.raw: list[str] = []

    def begin_row(self) -> None:
        self.of_row = 0
        self.raw.clear()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_ROW + 1)
        self.of_row += len(line)
        self.raw.append(line)
        self.read += len(line) + _EFFORT
        if self.of_row > LONGEST_ROW:
            raise InvalidPayload(f"A row of a CSV has {LONGEST_ROW} characters at most")
        if not line:
            raise StopIteration
        return line


def _nested(
    columns: list[_Column], values: list[str], line: int, quoted: Callable[[], list[bool] | None]
) -> Row:
    """The row of a line. `quoted`: tells of each cell whether it stands in quotes."""
    if any(values[len(columns) :]):
        raise InvalidPayload(f"Line {line} has more values than the header has columns")
    row: Row = {}
    in_quotes: list[bool] | None = None
    is_known = False
    for place, (column, text) in enumerate(zip(columns, values, strict=False)):
        if text in _WORDS and column.field is not None and column.field.type in _TEXTS:
            if not is_known:
                in_quotes, is_known = quoted(), True
            if in_quotes is not None and in_quotes[place]:
                _put(row, column.path, text)
                continue
        if text == "":
            continue
        if not column.path:
            raise InvalidPayload(f"Line {line} has a value in column {place + 1}, that has no name")
        if column.field is not None and column.field.concealed and text == _CONCEALED:
            continue  # an export shows no secret, and none is to become what it shows instead
        _put(row, column.path, _value(column, text))
    return row


_WORDS = frozenset({"", "null"})
"""What stands for no value, and for null, unless it is in quotes."""
_TEXTS = frozenset({"string", "text"})
_CONCEALED = "**********"


def _put(row: Row, path: tuple[str, ...], value: Any) -> None:
    into = row
    for part in path[:-1]:
        into = into.setdefault(part, {})
        if not isinstance(into, dict):
            name = ".".join(path)
            raise InvalidPayload(f'The columns "{shown(name)}" and "{part}" contradict each other')
    if isinstance(into.get(path[-1]), dict):
        raise InvalidPayload(f'The columns of "{shown(".".join(path))}" contradict each other')
    into[path[-1]] = value


def _quoted(lines: list[str], separator: str) -> list[bool] | None:
    """Which cells of a row stand in quotes; None where none of the words does, or none can tell."""
    text = "".join(lines).rstrip("\r\n")
    if '""' not in text and '"null"' not in text:
        return None
    found, at = [], 0
    while True:
        is_quoted = text.startswith('"', at)
        end = _end_of_quotes(text, at) if is_quoted else text.find(separator, at)
        end = len(text) if end < 0 else end
        found.append(is_quoted)
        if end == len(text):
            return found
        if not text.startswith(separator, end):
            return None
        at = end + 1


def _end_of_quotes(text: str, start: int) -> int:
    """Behind the quote that ends a cell in quotes; -1: none does."""
    end = text.find('"', start + 1)
    while text.startswith('""', end) and end >= 0:
        end = text.find('"', end + 2)
    return end + 1 if end >= 0 else -1


def _value(column: _Column, text: str) -> Any:
    """What a cell says."""
    if text == "null":
        return None
    field = column.field
    if field is not None and field.type in {"string", "text", "hash"}:
        return text
    if (field is None or field.type != "json") and text[0] not in '{["':
        return text
    return json_or_text(text)
