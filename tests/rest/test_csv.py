"""CSV: what was exported imports as the same values, in the order that was asked for (2.10, 10)."""

import csv
import io

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FIELDS = "name,opened,founded,seen,at,score,big,ratio,active,meta,words"
WHOLE = {
    "name": 'a, "b"\nc',
    "opened": "2024-05-06T07:08:09.5",
    "founded": "2024-02-03",
    "seen": "2024-05-06T07:08:09.123Z",
    "at": "12:30:00.25",
    "score": "123456789012345.12345",
    "big": "9007199254740993",
    "ratio": 0.5,
    "active": False,
    "meta": {"b": {"c": [1, "x"]}, "a": None, "n": "5", "t": "x", "e": {}, "z": 0},
    "words": ["x", "y z"],
}
ROWS = [
    WHOLE,
    dict.fromkeys(WHOLE) | {"name": "", "meta": [1, {"a": 2}]},
    dict.fromkeys(WHOLE) | {"name": "null", "meta": "text", "words": []},
    dict.fromkeys(WHOLE) | {"name": "=1+1", "meta": 0, "active": True},
    dict.fromkeys(WHOLE) | {"name": "[1]", "meta": False},
    dict.fromkeys(WHOLE) | {"name": " 5 ", "meta": "5"},
    dict.fromkeys(WHOLE) | {"meta": {"b": "{not json", "t": "true"}},
    dict.fromkeys(WHOLE) | {"meta": {}},
    dict.fromkeys(WHOLE) | {"meta": {"a.b": 1, "c": {" x": None}, "": {"": 2}}},
    dict.fromkeys(WHOLE) | {"meta": {"c": {" x": None, "y.z": {}}, "d": {"e": 1}}},
    dict.fromkeys(WHOLE) | {"meta": {"n": 123456789012345}},
]


async def download(harbour, path="/items/port", **params):
    answer = await harbour.client.get(path, params={"export": "csv", **params})
    assert answer.status_code == 200, answer.text
    return answer.text


async def upload(harbour, text, collection="port"):
    files = {"file": ("rows.csv", text.encode(), "text/csv")}
    return await harbour.client.post(f"/utils/import/{collection}", files=files)


async def round_trip(harbour, rows):
    await harbour.data("POST", "/items/port", rows)
    before = await harbour.data("GET", "/items/port", fields=FIELDS, limit=-1)
    text = await download(harbour, fields=FIELDS, limit=-1)
    harbour.rows.execute("TRUNCATE port CASCADE")
    answer = await upload(harbour, text)
    assert answer.status_code == 200, answer.text
    return before, await harbour.data("GET", "/items/port", fields=FIELDS, limit=-1), text


async def test_what_was_exported_imports_as_the_same_values(harbour):
    before, after, _ = await round_trip(harbour, ROWS)
    assert before == ROWS
    assert after == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text('a5 "\\n,{[.e-', max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text("ab. ", min_size=1, max_size=2), inner, max_size=2)
    ),
    max_leaves=5,
)


@given(st.lists(st.tuples(st.text("a\"\n,;='5n ul", max_size=5), JSON), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
async def test_texts_and_json_come_back(harbour, rows):
    harbour.rows.execute("TRUNCATE port CASCADE")
    given_rows = [{"name": name, "meta": meta, "active": True} for name, meta in rows]
    before, after, text = await round_trip(harbour, given_rows)
    assert [(row["name"], row["meta"]) for row in after] == [
        (row["name"], row["meta"]) for row in before
    ], text


async def test_columns_are_in_the_order_that_was_asked_for(harbour):
    await harbour.data("POST", "/items/ship", {"name": "a", "qty": 1, "captain": {"name": "Ada"}})
    for fields in ("captain.name,qty,name", "qty,captain.name,name", "name,captain.name,qty"):
        text = await download(harbour, "/items/ship", fields=fields)
        assert text.split("\n")[0] == ",".join(f'"{name}"' for name in fields.split(","))


async def test_one_json_object_empties_no_other_row(harbour):
    await harbour.data(
        "POST", "/items/port", [{"meta": value} for value in ([1], "x", 0, False, {"a": 1})]
    )
    text = await download(harbour, fields="id,meta")
    assert list(csv.reader(io.StringIO(text))) == [
        ["id", "meta", "meta.a"],
        ["1", "[1]", ""],
        ["2", "x", ""],
        ["3", "0", ""],
        ["4", "false", ""],
        ["5", "", "1"],
    ]


async def test_groups_one_item_and_singletons_are_files_too(harbour):
    await harbour.data(
        "POST", "/items/port", [{"name": "a", "score": "1.5"}, {"name": "=b", "score": "2"}]
    )
    await harbour.data("PATCH", "/items/office", {"motto": "x"})
    groups = {
        "aggregate[sum]": "score",
        "aggregate[count]": "*",
        "groupBy[]": "name",
        "sort": "name",
    }
    assert await download(harbour, **groups, export_safe="true") == (
        '"name","sum.score","count"\n"\'=b","2.00000","1"\n"a","1.50000","1"'
    )
    assert await download(harbour, "/items/port/1", fields="id,name") == '"id","name"\n1,"a"'
    assert await download(harbour, "/items/office", fields="motto") == '"motto"\n"x"'
    answer = await harbour.client.get("/items/port/1", params={"export": "json", "fields": "id"})
    assert answer.text == '[\n\t{\n\t\t"id": 1\n\t}\n]'
    assert "attachment" in answer.headers["content-disposition"]
    assert (await harbour.client.get("/items/port/9?export=csv")).status_code == 403


async def test_what_belongs_nowhere_is_told_with_its_line(harbour):
    for text, reason in (
        ("name\na\nb,c\n", "Line 3 has more values than the header has columns"),
        ("nope\na\n", 'Column "nope": there is no field "nope" in "port"'),
        ("id,name,name\n1,a,b\n", 'Column "name" is there 2 times'),
        ('id,name\n1,"a\n2,b\n', "The CSV can't be read"),
        ('id,name\n1,"a"b\n', "The CSV can't be read"),
    ):
        answer = await upload(harbour, text)
        assert answer.status_code == 400
        assert reason in answer.json()["errors"][0]["message"]
    answer = await upload(harbour, "name,qty,captain.nope\na,1,x\n", "ship")
    assert answer.status_code == 400
    assert (await upload(harbour, "name,qty,captain.name\na,1,\n", "ship")).status_code == 200
    assert await harbour.data("GET", "/items/captain") == []
    assert await harbour.data("GET", "/items/port") == []


async def test_what_is_null_has_its_column_in_the_order_that_was_asked_for(harbour):
    await harbour.data("POST", "/items/port", [{"name": "a"}, {"name": "b"}])
    await harbour.data("POST", "/items/berth", {"label": "x"})
    extremes = {"aggregate[max]": "ratio,score", "aggregate[count]": "id"}
    assert await download(harbour, **extremes) == '"max.ratio","max.score","count.id"\n,,"2"'
    by_score = {**extremes, "groupBy[]": ["score", "name"], "sort": "name"}
    head, *lines = (await download(harbour, **by_score)).split("\n")
    assert head == '"score","name","max.ratio","max.score","count.id"'
    assert lines == [',"a",,,"1"', ',"b",,,"1"']
    fields = "berths.label,score,name,id"
    text = await download(harbour, "/items/port/1", fields=fields)
    assert text == '"berths","score","name","id"\n"[]",,"a",1'
    text = await download(harbour, "/items/berth/1", fields="port.name,sort,label")
    assert text == '"port.name","sort","label"\n,,"x"'
    assert await download(harbour, "/items/office", fields="motto,id") == '"motto","id"\n,'
    await harbour.data("PATCH", "/items/office", {"motto": None})
    assert await download(harbour, "/items/office", fields="motto,id") == '"motto","id"\n,1'


async def test_rows_are_told_by_the_lines_that_they_begin_in(harbour):
    answer = await upload(harbour, 'name\n"a\n\nb"\n\n"c\nd"\ne,f\n')
    assert "Line 8 has more values" in answer.json()["errors"][0]["message"]
    answer = await upload(harbour, 'name,score\n"a\n\nb",1\n"c\nd",x\n', "port")
    assert answer.json()["errors"][0]["extensions"]["rows"] == [{"type": "lines", "rows": [5]}]


async def test_what_is_imported_into_a_singleton_is_its_item(harbour):
    assert (await upload(harbour, "motto\na\nb\n", "office")).status_code == 200
    assert await harbour.data("GET", "/items/office") == {"id": 1, "motto": "b"}
    assert (await upload(harbour, "id,motto\n2,c\n", "office")).status_code == 400
    await harbour.data("PATCH", "/items/office", {"motto": "d"})
    assert harbour.rows.execute("SELECT id, motto FROM office").fetchall() == [(1, "d")]


async def test_of_many_rows_of_a_singleton_the_first_is_read_and_written(harbour):
    harbour.rows.execute("INSERT INTO office (id, motto) VALUES (3, 'c'), (2, 'b'), (1, 'a')")
    harbour.rows.execute("UPDATE office SET motto = 'x' WHERE id = 1")  # it is stored last now
    assert await harbour.data("PATCH", "/items/office", {"motto": "y"}) == {"id": 1, "motto": "y"}
    assert await harbour.data("GET", "/items/office", sort="-id") == {"id": 1, "motto": "y"}
    assert await download(harbour, "/items/office", sort="-id") == '"id","motto"\n1,"y"'
    found = await harbour.client.data("{ office { motto } }")
    assert found == {"office": {"motto": "y"}}
