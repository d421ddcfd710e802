"""Exports: the items of a query as CSV, JSON, XML or YAML, in flat memory (directus.md 2.10).

PostgreSQL renders the rows of a CSV (`COPY ... TO STDOUT`); the other forms are made row by row
from its JSON.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from app.database.session import ReadSession
from app.items.cache.prepared import Statement
from app.items.compile.compiler import Compiler
from app.items.compile.level import keys_of
from app.items.compile.render import object_of
from app.items.export.csv import csv_blocks, csv_of
from app.items.export.documents import xml_item, yaml_item
from app.items.query.tree import Query
from app.json_text import loaded, written
from app.pools import COPIES

Format = Literal["csv", "csv_utf8", "json", "xml", "yaml"]
FORMATS: tuple[Format, ...] = ("csv", "csv_utf8", "json", "xml", "yaml")

MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "csv_utf8": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "xml": "text/xml; charset=utf-8",
    "yaml": "text/yaml; charset=utf-8",
}
_ROWS = "COPY (SELECT {} FROM ({}) AS r) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
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
        mark = form == "csv_utf8"
        made = csv_blocks(session, compiler.schema, query, statement, mark=mark, safe=safe)
    else:
        made = _document(session, keys_of(query), statement, form)
    async with aclosing(made):
        async for block in made:
            yield block


async def _document(
    session: ReadSession, keys: list[str], statement: Statement, form: Format
) -> AsyncGenerator[bytes, None]:
    frame = _FRAMES[form]
    before, any_row = frame.head, False
    item = object_of(keys, "r").replace("%", "%%")
    copy = _ROWS.format(item, statement.sql)
    async with aclosing(session.copy_out(copy, statement.values)) as blocks:
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


def export_of(rows: list[dict[str, Any]], form: Format, *, safe: bool = False) -> bytes:
    """A few rows that have been read, such as groups, as a file. `safe`: as in `exported`."""
    if form in {"csv", "csv_utf8"}:
        return csv_of(rows, mark=form == "csv_utf8", safe=safe)
    frame = _FRAMES[form]
    text = frame.glue.join(_shown(row, form) for row in rows)
    return (frame.head + text + frame.tail if rows else frame.empty).encode()


def _written(lines: bytes, form: Format) -> bytes:
    rows = (_shown(loaded(line), form) for line in lines.splitlines())
    return _FRAMES[form].glue.join(rows).encode()


def _shown(row: dict[str, Any], form: Format) -> str:
    if form == "xml":
        return xml_item(row)
    if form == "yaml":
        return yaml_item(row)
    # No text of JSON has a line end, so what lines begin with is between its values.
    text = written(row, orjson.OPT_INDENT_2).decode()
    return "\n".join("\t" + _INDENT.sub(_tabs, line) for line in text.split("\n"))


_INDENT = re.compile("^ +")


def _tabs(spaces: re.Match[str]) -> str:
    return "\t" * (len(spaces[0]) // 2)
