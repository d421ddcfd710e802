"""Exports: the items of a query as CSV, JSON, XML or YAML, in flat memory (directus.md 2.10).

PostgreSQL renders the rows of a CSV (`COPY ... TO STDOUT`); the other forms are made row by row
from its JSON. Nested objects become columns with dotted names, lists stay JSON.
"""

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from app.database.session import ReadSession
from app.errors import InvalidQuery
from app.items.compile import Compiler, Statement
from app.items.documents import xml_item, yaml_item
from app.items.query import Constant, Leaf, Nested, Node, Parts, Query
from app.json_text import DEEPEST
from app.pools import COPIES
from schema import Field, Schema

Format = Literal["csv", "csv_utf8", "json", "xml", "yaml"]
FORMATS: tuple[Format, ...] = ("csv", "csv_utf8", "json", "xml", "yaml")

MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "csv_utf8": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "xml": "text/xml; charset=utf-8",
    "yaml": "text/yaml; charset=utf-8",
}
_MOST_COLUMNS = 1600
"""Of a CSV. PostgreSQL's lists take 1,664."""
_BOM = b"\xef\xbb\xbf"
_PLAIN = frozenset({"integer", "float", "boolean"})
"""What a CSV shows without quotes: numbers and booleans. Big numbers are texts (3.5)."""

_NUMBERS = _PLAIN | {"bigInteger", "decimal"}
"""What is no text, though it may be quoted: a minus is part of it."""

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

_ROWS = (
    "COPY (SELECT row_to_json(r) FROM ({}) AS r) TO STDOUT "
    "(FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
)
"""One JSON text for each line: its own escapes leave nothing for COPY to quote."""


def filename(collection: str, form: Format) -> str:
    """`X 20260131-120000.csv`."""
    ending = "csv" if form == "csv_utf8" else form
    return f"{collection} {datetime.now(UTC):%Y%m%d-%H%M%S}.{ending}"


async def exported(
    session: ReadSession,
    compiler: Compiler,
    query: Query,
    form: Format,
    *,
    statement: Statement | None = None,
    safe: bool = False,
) -> AsyncGenerator[bytes, None]:
    """The blocks of an export. An empty CSV has no header: Directus's has none.

    The first comes when the database has answered, so a refusal is raised before it. `statement`:
    where the rows come from if not from the query itself; it has the same columns. `safe`: what a
    spreadsheet would take for a formula in a CSV has an apostrophe before it.
    """
    statement = statement or compiler.rows(query)
    if form in {"csv", "csv_utf8"}:
        made = _csv(session, compiler.schema, query, statement, form, safe=safe)
    else:
        made = _document(session, statement, form)
    async with aclosing(made):
        async for block in made:
            yield block


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


async def _csv(
    session: ReadSession,
    schema: Schema,
    query: Query,
    statement: Statement,
    form: Format,
    *,
    safe: bool,
) -> AsyncGenerator[bytes, None]:
    columns = [
        column
        for node in query.selection
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
    before = (_BOM if form == "csv_utf8" else b"") + head
    async with aclosing(session.copy_out(copy, statement.values)) as blocks:
        async for block in blocks:
            # Blocks are whole lines; the last line of the file has no end.
            yield before + block.removesuffix(b"\n")
            before = b"\n"


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
        quoted = kind not in _PLAIN or node.function is not None
        yield _Column(node.key, f"{column}::text", quoted, is_text=kind not in _NUMBERS)
        return
    paths = await _paths(session, statement, column)
    if not paths:
        yield _Column(node.key, f"{column}::text", quoted=True)
    for path, is_plain in paths:
        steps = ", ".join("'" + part.replace("'", "''").replace("%", "%%") + "'" for part in path)
        name, place = ".".join((node.key, *path)), f"ARRAY[{steps}]"
        text, number = (
            f"({column}::json #>> {place})",
            f"json_typeof({column}::json #> {place}) = 'number'",
        )
        yield _Column(name, text, not is_plain, is_text=not is_plain, number=number)


def _nested(
    schema: Schema, collection: str, node: Nested, path: tuple[str, ...], column: str
) -> Iterator[_Column]:
    """A related object's fields as columns; a list as JSON."""
    if schema.fields(collection)[node.field].many is not None:
        yield _Column(".".join(path), f"{column}::text", quoted=True)
        return
    for inner in node.query.selection:
        below = (*path, inner.key)
        key = inner.key.replace("'", "''").replace("%", "%%")
        if isinstance(inner, Nested):
            target = node.query.collection
            yield from _nested(schema, target, inner, below, f"({column} -> '{key}')")
            continue
        kind, quoted = "string", True
        if not isinstance(inner, Constant | Parts):
            kind = _kind(inner, schema.fields(node.query.collection)[inner.field])
            quoted = kind not in _PLAIN or inner.function is not None
        text = f"({column} ->> '{key}')"
        yield _Column(".".join(below), text, quoted, is_text=kind not in _NUMBERS)


def _kind(leaf: Leaf, item: Field) -> str:
    """The type of a leaf's values: what functions make are numbers, but for parts of JSON."""
    if leaf.function is None:
        return item.type
    return "string" if leaf.function == "json" else "integer"


# Every path that the objects of a JSON column have, in the order they have them.
_PATHS = """
WITH RECURSIVE walk (path, place, value) AS (
  SELECT ARRAY[e.key], ARRAY[e.n], e.value
  FROM ({rows}) AS r, json_each(CASE WHEN json_typeof({column}::json) = 'object'
    THEN {column}::json ELSE '{{}}'::json END) WITH ORDINALITY AS e (key, value, n)
  UNION ALL
  SELECT w.path || e.key, w.place || e.n, e.value
  FROM walk AS w, json_each(CASE WHEN json_typeof(w.value) = 'object'
    THEN w.value ELSE '{{}}'::json END) WITH ORDINALITY AS e (key, value, n)
)
SELECT path, bool_and(json_typeof(value) IN ('number', 'boolean', 'null')) AS is_plain FROM walk
WHERE json_typeof(value) <> 'object' GROUP BY path ORDER BY min(place), path
"""


async def _paths(
    session: ReadSession, statement: Statement, column: str
) -> list[tuple[tuple[str, ...], bool]]:
    sql = _PATHS.format(rows=statement.sql, column=column)
    rows = await session.fetch_all(sql, statement.values)
    if any(len(row["path"]) > DEEPEST for row in rows):
        raise InvalidQuery(
            f"A JSON value is nested deeper than {DEEPEST} levels: leave it out, or export JSON"
        )
    return [(tuple(row["path"]), bool(row["is_plain"])) for row in rows]


async def _document(
    session: ReadSession, statement: Statement, form: Format
) -> AsyncGenerator[bytes, None]:
    frame = _FRAMES[form]
    before, any_row = frame.head, False
    async with aclosing(session.copy_out(_ROWS.format(statement.sql), statement.values)) as blocks:
        async for block in blocks:
            # Blocks are whole lines. A thread writes them, so that others are served meanwhile.
            yield before.encode() + await COPIES.run(_written, block, form)
            before, any_row = frame.glue, True
    yield (frame.tail if any_row else frame.empty).encode()


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stands before, between and after the rows of a document; the document without rows."""

    head: str
    glue: str
    tail: str
    empty: str


_FRAMES: dict[str, _Frame] = {
    "json": _Frame("[\n", ",\n", "\n]", "[\n]"),
    "xml": _Frame(
        "<?xml version='1.0'?>\n<data>\n", "", "</data>", "<?xml version='1.0'?>\n<data>\n</data>"
    ),
    "yaml": _Frame("", "", "", "[]\n"),
}


def _written(lines: bytes, form: Format) -> bytes:
    rows = (_shown(orjson.loads(line), form) for line in lines.splitlines())
    return _FRAMES[form].glue.join(rows).encode()


def _shown(row: dict[str, Any], form: Format) -> str:
    if form == "xml":
        return xml_item(row)
    if form == "yaml":
        return yaml_item(row)
    text = json.dumps(row, ensure_ascii=False, indent="\t")
    return "\n".join("\t" + line for line in text.split("\n"))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _name(key: str) -> str:
    return _quoted(key).replace("%", "%%")
