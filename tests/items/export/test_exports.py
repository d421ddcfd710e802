"""Exports in every form (directus.md 2.10; transcripts 288 to 294)."""

import csv
import io
import json
import unicodedata
from xml.etree import ElementTree as ET

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from app.database import session as sessions
from app.items.export.exports import FORMATS, filename
from app.items.query.selection import Options
from tests.items.conftest import reader_of

ODD = 'He said "no", then;\n left é\\ <&>'


async def exported(door, form, fields, collection="book", *, safe=False, **options):
    options = Options(sort=("title",) if collection == "book" else (), **options)
    query = reader_of(door.items.schema).query(collection, fields.split(), options)
    blocks = door.items.export(query, form, safe=safe)
    return b"".join([block async for block in blocks]).decode()


async def test_a_csv_quotes_texts_and_not_numbers(library):
    text = await exported(library, "csv", "title pages price lent isbn words", filter={"pages": 10})
    assert text == (
        '"title","pages","price","lent","isbn","words"\n'
        '"Ants",10,"1.50",true,"9007199254740993","[""a"",""b""]"'
    )


async def test_objects_become_columns_in_the_order_asked(library):
    text = await exported(
        library, "csv", "shelf.room.name title extra sequel.pages", filter={"pages": 10}
    )
    assert text == (
        '"shelf.room.name","title","extra.a","sequel.pages"\n"Attic","Ants","[1, null]",20'
    )


async def test_a_list_stays_json(library):
    text = await exported(library, "csv", "id books.title", collection="shelf", filter={"id": "s1"})
    assert list(csv.reader(io.StringIO(text)))[1] == ["s1", '[{"title":"Ants"}]']


VISIBLE = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"
"""Format characters that have a shape: Arabic and Syriac marks before numbers."""
UNSEEN = [
    *"\"'",
    *(
        one
        for one in map(chr, range(1, 0x10000))
        if unicodedata.category(one) in {"Cc", "Cf", "Zs", "Zl", "Zp"} and one not in VISIBLE
    ),
]
SIGNS = [
    one
    for one in map(chr, range(1, 0x10000))
    if unicodedata.category(one) != "Cs" and unicodedata.normalize("NFKC", one) in set("=+-@")
]


def is_formula(text):
    """What spreadsheets take for one (OWASP, CSV Injection), said another way than ours."""
    shown = text.lstrip("".join(UNSEEN))
    return text[:1] in set("\t\r\n") or unicodedata.normalize("NFKC", shown[:1]) in {*"=+-@"}


FORMULAS = [
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    '"=1"',
    "'=1",
    "\uff1d1",
    "\n=1",
]


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("field", ["summary", "extra.a", "shelf.label", "extra.b"])
async def test_a_safe_csv_has_no_formula(library, rows, text, field):
    rows.execute(
        "UPDATE book SET summary = %s, extra = %s", [text, Jsonb({"a": text, "b": [text]})]
    )
    rows.execute("UPDATE shelf SET label = id || %s", [text])
    rows.execute("UPDATE shelf SET label = %s WHERE id = 's1'", [text])
    for safe in (True, False):
        csv_text = await exported(library, "csv", "summary extra shelf.label", safe=safe)
        [first, *_] = csv.DictReader(io.StringIO(csv_text, newline=""))
        if field == "extra.b":
            assert first[field] == json.dumps([text], ensure_ascii=False)
        elif field == "extra.a" and text.startswith('"'):
            assert first[field] == json.dumps(text)  # or it would be read as JSON
        else:
            assert first[field] == (f"'{text}" if safe else text)


async def test_in_a_safe_csv_numbers_stay_numbers(library, rows):
    rows.execute(
        "UPDATE book SET pages = 1, price = -1.5, weight = -0.25, isbn = -9007199254740993, "
        "copies = -3, extra = '{\"a\": -1, \"b\": -2}' WHERE title = 'Ants'"
    )
    rows.execute("UPDATE book SET extra = '{\"b\": \"-x\"}' WHERE title = 'bees'")
    text = await exported(library, "csv", "price weight isbn copies extra sequel.isbn", safe=True)
    one, _, two = csv.DictReader(io.StringIO(text))
    numbers = [one[name] for name in ("price", "weight", "isbn", "copies", "extra.a", "extra.b")]
    assert numbers == ["-1.50", "-0.25", "-9007199254740993", "-3", "-1", "-2"]
    assert two["extra.b"] == "'-x"


async def test_names_of_columns_are_no_formulas_either(library, rows):
    rows.execute("UPDATE book SET extra = %s", [Jsonb({"=x": 1})])
    options = Options(alias={"=cmd": "shelf", "shown": "shelf"})
    reader = reader_of(library.items.schema)
    query = reader.query("book", ["=cmd.label", "shown.label", "extra"], options)
    text = b"".join([block async for block in library.items.export(query, "csv", safe=True)])
    assert text.decode().split("\n")[0] == '"\'=cmd.label","shown.label","extra.=x"'


async def test_every_sign_behind_all_that_is_not_seen_is_neutral(library, rows):
    texts = [*(f"{sign}1" for sign in SIGNS), *(f"{one}=1" for one in UNSEEN)]
    texts += [f"\u200b\u00ad{sign}1" for sign in SIGNS]
    rows.execute("TRUNCATE book CASCADE")
    with rows.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO book (title, summary) VALUES (%s, %s)",
            [(f"{n:04}", text) for n, text in enumerate(texts)],
        )
    csv_text = await exported(library, "csv", "summary", safe=True, limit=-1)
    [_, *shown] = csv.reader(io.StringIO(csv_text, newline=""))
    assert [cell for [cell] in shown] == [f"'{text}" for text in texts]
    assert {"\ufe66", "\ufe62", "\ufe63", "\ufe6b", "\uff1d"} <= set(SIGNS)
    assert set("\xad\u200b\u200f\u202a\u202e\u2060\u180e\ufeff\x1f\x7f") <= set(UNSEEN)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(
        st.text(
            st.sampled_from(
                "=+-@\t\r\n \"'a1\uff1d\uff0b\uff0d\uff20\ufe66\u207a\u200b\ufeff\xa0\xad\x7f,;"
            ),
            max_size=6,
        ),
        min_size=1,
        max_size=40,
    )
)
async def test_whatever_a_text_is_it_is_no_formula_and_can_be_read_back(library, rows, texts):
    rows.execute("TRUNCATE book CASCADE")
    with rows.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO book (title, summary) VALUES (%s, %s)",
            [(f"{n:03}", text) for n, text in enumerate(texts)],
        )
    csv_text = await exported(library, "csv", "summary", safe=True, limit=-1)
    [_, *shown] = csv.reader(io.StringIO(csv_text, newline=""))
    for text, [cell] in zip(texts, shown, strict=True):
        assert cell == (f"'{text}" if is_formula(text) else text)
        assert not is_formula(cell) or cell.startswith("'")


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
