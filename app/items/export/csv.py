"""Items as CSV: which columns a query makes, and what is in their cells (directus.md 2.10).

PostgreSQL renders the rows. Nested objects become columns with dotted names, lists stay JSON.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from app.database.session import ReadSession
from app.errors import InvalidQuery
from app.items.cache.prepared import Statement
from app.items.compile.render import column_of
from app.items.query.tree import Constant, Leaf, Nested, Node, Parts, Query
from app.json_text import DEEPEST, written
from schema import Field, Schema

_MOST_COLUMNS = 1600
"""Of a CSV. PostgreSQL's lists take 1,664."""
_BOM = b"\xef\xbb\xbf"
_PLAIN = frozenset({"integer", "float", "boolean"})
"""What a CSV shows without quotes: numbers and booleans. Big numbers are texts (3.5)."""

_NUMBERS = _PLAIN | {"bigInteger", "decimal"}
"""What is no text, though it may be quoted: a minus is part of it."""

_TEXTS = frozenset({"count", "json"})
"""The functions whose values are texts, as in the answers of REST."""

_IGNORED = (
    r"\s\u0001-\u001F\u007F-\u00A0\u00AD\u034F\u061C\u115F\u1160\u1680\u17B4\u17B5\u180B-\u180F"
    r"\u2000-\u200F\u2028-\u202F\u205F-\u206F\u3000\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF9-\uFFFB"
    r"\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0FFF\u0022\u0027"
)
"""What a spreadsheet may not see before a sign: blanks and controls, what has no shape (Unicode's
Default_Ignorable_Code_Point), quotes."""
_SIGNS = r"=+@\uFF1D\uFF0B\uFF20\uFF0D\uFE66\uFE62\uFE6B\uFE63\u207A\u207C\u208A\u208C\uFB29-"
_IN_SQL = rf"^[{_IGNORED}]*[{_SIGNS}]|^[\t\r\n]"
"""A formula as spreadsheets see it (OWASP, CSV Injection): its first sign, in its wide, small
and raised forms, too (those whose NFKC it is), behind what is not seen; or a control character that
may end the cell before. In PostgreSQL's notation, which Python reads alike."""
_FORMULA = re.compile(_IN_SQL)


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of a CSV: its name, the expression over a row `r`, and whether it is quoted.

    `is_text`: whether its cells are texts that somebody wrote, and so may be formulas; `number`:
    an expression that says of a cell that it is a number all the same.
    """

    name: str
    expression: str
    quoted: bool
    is_text: bool = True
    number: str | None = None

    def neutral(self) -> "_Column":
        """The same with an apostrophe before what a spreadsheet would take for a formula."""
        name = f"'{self.name}" if _FORMULA.match(self.name) else self.name
        if not self.is_text:
            return replace(self, name=name)
        text, unless = self.expression, "" if self.number is None else f" AND NOT {self.number}"
        shown = f"CASE WHEN {text} ~ '{_IN_SQL}'{unless} THEN '''' || {text} ELSE {text} END"
        return replace(self, name=name, expression=shown)


async def csv_blocks(
    session: ReadSession,
    schema: Schema,
    query: Query,
    statement: Statement,
    *,
    mark: bool,
    safe: bool,
) -> AsyncGenerator[bytes, None]:
    """The lines of a CSV. `mark`: a byte order mark is before them; `safe`: no cell is a formula.

    Raises InvalidQuery for too many columns.
    """
    columns = [
        column
        for node in _in_order(query)
        async for column in _columns(session, schema, query.collection, node, statement)
    ]
    if len(columns) > _MOST_COLUMNS:
        raise InvalidQuery(
            f"The CSV would have {len(columns)} columns, and {_MOST_COLUMNS} are the most: leave "
            "out JSON fields of many keys, or export JSON"
        )
    if safe:
        columns = [column.neutral() for column in columns]
    chosen = ", ".join(f"{c.expression} AS c{n}" for n, c in enumerate(columns))
    quoted = ", ".join(f"c{n}" for n, c in enumerate(columns) if c.quoted)
    force = f", FORCE_QUOTE ({quoted})" if quoted else ""
    copy = f"COPY (SELECT {chosen} FROM ({statement.sql}) AS r) TO STDOUT (FORMAT csv{force})"
    head = ",".join(_quoted(column.name) for column in columns).encode() + b"\n"
    before = (_BOM if mark else b"") + head
    async with aclosing(session.copy_out(copy, statement.values)) as blocks:
        async for block in blocks:
            # Blocks are whole lines; the last line of the file has no end.
            yield before + block.removesuffix(b"\n")
            before = b"\n"


def _in_order(query: Query) -> list[Node]:
    """What is selected, in the order that it was asked for."""
    places = {key: place for place, key in enumerate(query.order)}
    return sorted(query.selection, key=lambda node: places.get(node.key, len(places)))


def csv_of(rows: list[dict[str, Any]], *, mark: bool, safe: bool) -> bytes:
    """A few rows as a CSV, alike. Objects become columns with dotted names."""
    flat = [dict(_flat(row, ())) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    # What is null here and an object there has the columns of the object.
    objects = {name[:end] for name in names for end, char in enumerate(name) if char == "."}
    names = [name for name in names if name not in objects or any(row.get(name) for row in flat)]
    cells = [[_cell(row.get(name, ""), safe=safe) for name in names] for row in flat]
    head = [_cell(_quoted(name), safe=safe) for name in names]
    lines = "\n".join(",".join(line) for line in [head, *cells]) if names else ""
    return (_BOM if mark else b"") + lines.encode()


def _flat(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The cells of a row, by the names of their columns."""
    if isinstance(value, dict) and (value or not path):
        for key, inner in value.items():
            yield from _flat(inner, (*path, key))
    elif isinstance(value, str):
        yield ".".join(path), _quoted(value)
    elif value is None:
        yield ".".join(path), ""
    else:
        text = written(value).decode()
        yield ".".join(path), _quoted(text) if isinstance(value, dict | list) else text


def _cell(text: str, *, safe: bool) -> str:
    is_formula = safe and text.startswith('"') and _FORMULA.match(text[1:-1]) is not None
    return f"\"'{text[1:]}" if is_formula else text


async def _columns(
    session: ReadSession, schema: Schema, collection: str, node: Node, statement: Statement
) -> AsyncIterator[_Column]:
    """The columns of one node of the selection."""
    column = f"r.{_name(node.key)}"
    if isinstance(node, Nested):
        for found in _nested(schema, collection, node, (node.key,), column):
            yield found
        return
    if isinstance(node, Constant | Parts):
        yield _Column(node.key, f"{column}::text", quoted=True)
        return
    kind = _kind(node, schema.fields(collection)[node.field])
    if kind != "json" or schema.fields(collection)[node.field].concealed:
        quoted = kind not in _PLAIN or node.function in _TEXTS
        yield _Column(node.key, f"{column}::text", quoted, is_text=kind not in _NUMBERS)
        return
    paths = await _paths(session, statement, column) or [((), False)]
    ends = {path for path, _ in paths}
    for path, is_plain in paths:
        above = [path[:length] for length in range(len(path)) if path[:length] in ends]
        yield _of_json(node.key, path, column, above, is_plain=is_plain)


def _nested(
    schema: Schema, collection: str, node: Nested, path: tuple[str, ...], column: str
) -> Iterator[_Column]:
    """A related object's fields as columns; a list as JSON."""
    if schema.fields(collection)[node.field].many is not None:
        yield _Column(".".join(path), f"{column}::text", quoted=True)
        return
    for inner in _in_order(node.query):
        below = (*path, inner.key)
        key = inner.key.replace("'", "''").replace("%", "%%")
        if isinstance(inner, Nested):
            target = node.query.collection
            yield from _nested(schema, target, inner, below, f"({column} -> '{key}')")
            continue
        kind, quoted = "string", True
        if not isinstance(inner, Constant | Parts):
            kind = _kind(inner, schema.fields(node.query.collection)[inner.field])
            quoted = kind not in _PLAIN or inner.function in _TEXTS
        text = f"({column} ->> '{key}')"
        yield _Column(".".join(below), text, quoted, is_text=kind not in _NUMBERS)


def _kind(leaf: Leaf, item: Field) -> str:
    """The type of a leaf's values: what functions make are numbers, but for parts of JSON."""
    if leaf.function is None:
        return item.type
    return "string" if leaf.function == "json" else "integer"


def _of_json(
    key: str,
    path: tuple[str, ...],
    column: str,
    above: list[tuple[str, ...]],
    *,
    is_plain: bool,
) -> _Column:
    """The column of a path into JSON, whose cells can be read as the values they are.

    A text stands as it is, unless it would be read as something else: then it is JSON. What is an
    object there has columns of its own. `above`: paths on the way that are columns, too, which
    have all of an object in some rows.
    """
    value = _at(column, path)
    kind, text = f"json_typeof({value})", f"({value} #>> '{{}}')"
    elsewhere = "".join(
        f"WHEN json_typeof({_at(column, way)}) = 'object' AND {_CLOSED.format(_at(column, way))} "
        "THEN NULL "
        for way in above
    )
    cell = (
        f"CASE {elsewhere}WHEN {kind} = 'object' THEN "
        f"CASE WHEN {_CLOSED.format(value)} THEN {value}::text END "
        f"WHEN {kind} = 'string' THEN "
        f"CASE WHEN {text} ~ '{_LIKE_JSON}' THEN {value}::text ELSE {text} END "
        f"ELSE {value}::text END"
    )
    name = ".".join((key, *path))
    return _Column(name, cell, not is_plain, is_text=not is_plain, number=f"({kind} = 'number')")


def _at(column: str, path: tuple[str, ...]) -> str:
    steps = ", ".join("'" + part.replace("'", "''").replace("%", "%%") + "'" for part in path)
    return f"({column}::json #> ARRAY[{steps}]::text[])"


_CLOSED = (
    "(NOT EXISTS (SELECT FROM json_object_keys({0}) AS k)"
    " OR EXISTS (SELECT FROM json_object_keys({0}) AS k WHERE k = '' OR k ~ '[.]|^\\s|\\s$'))"
)
"""Whether an object has no columns of its own: none of its names could be one's, or it has none."""
_LIKE_JSON = (
    r"^\s*$|^\s*[\[{\"]|^\s*(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false|null)\s*$"
)
"""A text that a reader would take for JSON, or for nothing."""


# Every path that the values of a JSON column have, in the order they have them: to whatever is no
# object, or an empty one.
_PATHS = """
WITH RECURSIVE walk (path, place, value) AS (
  SELECT ARRAY[]::text[], ARRAY[]::bigint[], {column}::json FROM ({rows}) AS r
  UNION ALL
  SELECT w.path || e.key, w.place || e.n, e.value
  FROM walk AS w, json_each(CASE WHEN json_typeof(w.value) <> 'object' THEN '{{}}'::json
    WHEN {closed} THEN '{{}}'::json ELSE w.value END) WITH ORDINALITY AS e (key, value, n)
)
SELECT path, bool_and(json_typeof(value) IN ('number', 'boolean', 'null')) AS is_plain
FROM walk AS w
WHERE CASE json_typeof(value) WHEN 'object' THEN {closed}
  WHEN 'null' THEN path <> ARRAY[]::text[] ELSE value IS NOT NULL END
GROUP BY path ORDER BY min(place), path
"""


async def _paths(
    session: ReadSession, statement: Statement, column: str
) -> list[tuple[tuple[str, ...], bool]]:
    sql = _PATHS.format(rows=statement.sql, column=column, closed=_CLOSED.format("w.value"))
    rows = await session.fetch_all(sql, statement.values)
    if any(len(row["path"]) > DEEPEST for row in rows):
        raise InvalidQuery(
            f"A JSON value is nested deeper than {DEEPEST} levels: leave it out, or export JSON"
        )
    return [(tuple(row["path"]), bool(row["is_plain"])) for row in rows]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _name(key: str) -> str:
    return _quoted(column_of(key)).replace("%", "%%")
