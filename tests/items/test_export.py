"""Exports in every form (directus.md 2.10; transcripts 288 to 294)."""

import csv
import io
import json
from xml.etree import ElementTree as ET

import pytest
import yaml

from app.database import session as sessions
from app.items.export import FORMATS, filename
from app.items.selection import Options
from tests.items.conftest import reader_of

ODD = 'He said "no", then;\n left é\\ <&>'


async def exported(door, form, fields, collection="book", **options):
    options = Options(sort=("title",) if collection == "book" else (), **options)
    query = reader_of(door.items.schema).query(collection, fields.split(), options)
    return b"".join([block async for block in door.items.export(query, form)]).decode()


async def test_a_csv_quotes_texts_and_not_numbers(library):
    text = await exported(library, "csv", "title pages price lent isbn words", filter={"pages": 10})
    assert text == (
        '"title","pages","price","lent","isbn","words"\n'
        '"Ants",10,"1.50",true,"9007199254740993","[""a"",""b""]"'
    )


async def test_objects_become_columns_after_the_fields(library):
    text = await exported(
        library, "csv", "shelf.room.name title extra sequel.pages", filter={"pages": 10}
    )
    assert (
        text == '"title","extra.a","shelf.room.name","sequel.pages"\n"Ants","[1, null]","Attic",20'
    )


async def test_a_list_stays_json(library):
    text = await exported(library, "csv", "id books.title", collection="shelf", filter={"id": "s1"})
    assert list(csv.reader(io.StringIO(text)))[1] == ["s1", '[{"title":"Ants"}]']


@pytest.mark.parametrize("form", ["csv", "csv_utf8"])
async def test_nothing_is_an_empty_file(library, form):
    assert await exported(library, form, "title", filter={"title": "nobody"}) == ""


async def test_for_spreadsheets_there_is_a_mark(library):
    assert (await exported(library, "csv_utf8", "title")).startswith('\ufeff"title"\n')


@pytest.mark.parametrize(
    ("form", "read"),
    [
        ("json", json.loads),
        ("yaml", yaml.safe_load),
        ("csv", lambda text: list(csv.DictReader(io.StringIO(text, newline="")))),
    ],
)
async def test_odd_texts_survive(library, rows, form, read):
    rows.execute("UPDATE book SET summary = %s WHERE title = 'Ants'", [ODD])
    [first, *_] = read(await exported(library, form, "summary title"))
    assert first == {"summary": ODD, "title": "Ants"}


async def test_xml_can_be_parsed_whatever_the_rows_hold(library, rows):
    rows.execute("UPDATE book SET summary = E'<&>\\x01', extra = '{\"1 a\": [1, {\"b\": null}]}'")
    root = ET.fromstring(await exported(library, "xml", "title summary extra words shelf.*"))
    assert root.tag == "data"
    assert [item.findtext("title") for item in root] == ["Ants", "Cats", "bees"]
    assert root[0].findtext("summary") == "<&>\ufffd"


@pytest.mark.parametrize(("form", "text"), [("json", "[\n]"), ("yaml", "[]\n")])
async def test_an_empty_list(library, form, text):
    assert await exported(library, form, "title", filter={"title": "nobody"}) == text


async def test_json_is_indented_by_tabs(library):
    text = await exported(library, "json", "title pages", filter={"pages": 10})
    assert text == '[\n\t{\n\t\t"title": "Ants",\n\t\t"pages": 10\n\t}\n]'


@pytest.mark.parametrize("form", FORMATS)
async def test_many_rows_come_in_blocks(library, rows, form, monkeypatch):
    monkeypatch.setattr(sessions, "_BLOCK", 500)
    rows.execute("INSERT INTO book (title) SELECT 'b' || n FROM generate_series(1, 1000) n")
    options = Options(limit=-1, sort=("title",))
    query = reader_of(library.items.schema).query("book", ["title"], options)
    blocks = [block async for block in library.items.export(query, form)]
    assert len(blocks) > 5
    assert b"".join(blocks).count(b"title") == (
        1 if form.startswith("csv") else 1003 * (2 if form == "xml" else 1)
    )


async def test_who_leaves_early_leaves_a_connection_that_works(library, rows):
    rows.execute("INSERT INTO book (title) SELECT 'b' || n FROM generate_series(1, 100000) n")
    options = Options(limit=-1)
    query = reader_of(library.items.schema).query("book", ["*"], options)
    for _ in range(6):  # more than there are connections
        blocks = library.items.export(query, "csv")
        assert await anext(blocks)
        await blocks.aclose()
    assert await library.items.count(library.query("book")) == 100_003


def test_a_file_is_named_by_its_collection_and_time():
    assert filename("book", "csv_utf8").startswith("book 20")
    assert filename("book", "csv_utf8").endswith(".csv")
