"""`/utils/import`: files of rows, all or none (directus.md 10)."""

import io
import json
import threading

import pytest

from app.errors import InvalidPayload
from app.items.write import bulk_import
from app.main import create_app
from app.rest.csv_files import csv_rows
from app.rest.json_files import json_rows
from schema import Collection, Schema
from schema.definition import integer, string
from schema.definition import json as json_field
from tests.installation import PRODUCT, client_of

THINGS = Schema(
    (
        Collection(
            "thing",
            fields=(
                integer("id", primary_key=True),
                string("name"),
                json_field("meta"),
                json_field("a"),
            ),
        ),
    )
)


async def send(client, name, content, kind="text/csv", **params):
    if not isinstance(content, str):
        content, kind = json.dumps(content), "application/json"
    files = {"file": ("rows", content.encode(), kind)}
    return await client.post(f"/utils/import/{name}", files=files, params=params)


def domains(rows):
    found = rows.execute("SELECT domain_name FROM domain ORDER BY domain_name").fetchall()
    return [name for (name,) in found if "import" in name]


def names(*range_of):
    return [f"n{number:05}.import.example" for number in range(*range_of)]


async def test_rows_of_csv_become_items(client, rows):
    """Transcript 322."""
    text = "domain_name,type\r\nA.import.example,short\r\nb.import.example,\r\n\r\n"
    response = await send(client, "domain", text)
    assert (response.status_code, response.content) == (200, b"")
    assert "content-type" not in response.headers
    found = rows.execute("SELECT domain_name, type FROM domain WHERE domain_name LIKE '%import%'")
    assert found.fetchall() == [
        ("a.import.example", "short"),
        ("b.import.example", "digital_link"),
    ]


async def test_rows_of_json_become_items(client, rows):
    content = [{"domain_name": "a.import.example", "is_default": True}]
    assert (await send(client, "domain", content, background="")).status_code == 200
    assert domains(rows) == ["a.import.example"]
    assert (await send(client, "domain", [])).status_code == 200


async def test_rows_whose_keys_are_there_are_updated(client, rows):
    text = f"id,product_name,sku\n{PRODUCT},Changed,\n/01/09506000134352,New,x\n{PRODUCT},Again,y\n"
    assert (await send(client, "product", text)).status_code == 200
    found = rows.execute(
        "SELECT id, product_name, sku, gtin FROM product WHERE id = ANY(%s) ORDER BY id",
        [[PRODUCT, "/01/09506000134352"]],
    )
    assert found.fetchall() == [
        (PRODUCT, "Again", "y", "09312345551927"),
        ("/01/09506000134352", "New", "x", "09506000134352"),
    ]


async def test_dotted_columns_write_related_items(client, rows):
    text = "domain_name,account.account_name\na.import.example,Nested\n"
    assert (await send(client, "domain", text)).status_code == 200
    found = rows.execute(
        "SELECT account_name FROM account JOIN domain ON domain.account = account.id "
        "WHERE domain_name = 'a.import.example'"
    )
    assert found.fetchone() == ("Nested",)


async def test_many_rows_are_a_handful_of_statements(client, rows, monkeypatch):
    calls = []
    real = bulk_import.upsert

    async def upsert(writer, collection, payloads):
        calls.append(len(payloads))
        return await real(writer, collection, payloads)

    monkeypatch.setattr(bulk_import, "upsert", upsert)
    given = names(12_000)
    response = await send(client, "domain", "domain_name\n" + "\n".join(given))
    assert response.status_code == 200
    assert domains(rows) == given
    assert calls == [2000] * 6


async def test_wrong_rows_are_told_together_and_nothing_is_written(client, rows):
    given = names(8000)
    given[3] = given[6000] = "no domain"
    given[100:110] = ["nor this"] * 10
    kinds = ["short"] * 8000
    kinds[50] = "odd"
    text = "domain_name,type\n" + "\n".join(map(",".join, zip(given, kinds, strict=True)))
    response = await send(client, "domain", text)
    assert response.status_code == 400
    told = {
        (error["extensions"]["field"], error["extensions"]["code"]): error["extensions"]["rows"]
        for error in response.json()["errors"]
    }
    assert told == {
        ("domain_name", "FAILED_VALIDATION"): [
            {"type": "lines", "rows": [5, 6002]},
            {"type": "range", "start": 102, "end": 111},
        ],
        ("type", "FAILED_VALIDATION"): [{"type": "lines", "rows": [52]}],
    }
    assert domains(rows) == []


async def test_a_taken_value_is_told_with_its_row(client, rows):
    content = [{"domain_name": name} for name in [*names(3), *names(1)]]
    response = await send(client, "domain", content)
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "RECORD_NOT_UNIQUE"
    assert error["extensions"]["rows"] == [{"type": "lines", "rows": [4]}]
    assert domains(rows) == []


async def test_it_gives_up_after_so_many_wrong_rows(installation, rows):
    changed = installation.model_copy(update={"max_import_errors": 3})
    async with client_of(create_app(changed)) as client:
        response = await send(client, "domain", "domain_name\n" + "\n".join(["wrong one"] * 9000))
    [error] = response.json()["errors"]
    assert error["extensions"]["rows"] == [{"type": "lines", "rows": [2, 3, 4]}]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", ""])
async def test_another_type_of_file_is_refused(client, kind):
    response = await send(client, "domain", "a", kind)
    assert response.status_code == 415
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "UNSUPPORTED_MEDIA_TYPE"


async def test_what_is_no_form_is_refused(client):
    for kind in ("application/json", "text/csv"):
        response = await client.post(
            "/utils/import/domain", content="[]", headers={"Content-Type": kind}
        )
        assert response.status_code == 415
        [error] = response.json()["errors"]
        assert error["message"] == f'Unsupported media type "{kind}" in Content-Type header.'
    files = {"file": (None, b"no file")}
    assert (await client.post("/utils/import/domain", files=files)).status_code == 400


async def test_nobody_imports_without_a_permission(app, client, installation):
    async with client_of(app, headers={}) as anonymous:
        assert (await send(anonymous, "domain", "domain_name\na.import.example")).status_code == 403
    for name in ("nope", "directus_sessions", "directus_activity"):
        assert (await send(client, name, "a\nb")).status_code == 403


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("{}", "application/json"),
        ("", "application/json"),
        ("[1]", "application/json"),
        ('[{"domain_name": "a.import.example"}', "application/json"),
        ('[{"domain_name": "a.import.example"} {}]', "application/json"),
        ('[{"domain_name": NaN}]', "application/json"),
        ('[{"a": ' + "[" * 5000, "application/json"),
        ('[{"id": "\\ud800"}]', "application/json"),
        ("domain_name\n\udcff", "text/csv"),
        ('domain_name\n"a.import.example" x"\n', "text/csv"),
        ("account,account.id\na,b\n", "text/csv"),
    ],
)
async def test_a_broken_file_is_refused(client, rows, content, kind):
    raw = content.encode(errors="surrogateescape")
    files = {"file": ("rows", raw, kind)}
    response = await client.post("/utils/import/domain", files=files)
    assert response.status_code == 400, response.text
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] in {"INVALID_PAYLOAD", "FAILED_VALIDATION"}
    assert domains(rows) == []


def read(text):
    return without_pauses(csv_rows(io.BytesIO(text.encode()), THINGS, "thing"))


def without_pauses(rows):
    return [found for found in rows if found is not None]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", []),
        ("name\n", []),
        ("\ufeffname\na\n", [(2, {"name": "a"})]),
        (" name ;meta\na;1\n", [(2, {"name": "a", "meta": 1})]),
        (
            'name,meta\n"",""\n,\n"null","null"\n',
            [(2, {"name": ""}), (4, {"name": "null", "meta": None})],
        ),
        (
            'name,meta\n"a""",5.50\n"""",false\n',
            [(2, {"name": 'a"', "meta": 5.5}), (3, {"name": '"', "meta": False})],
        ),
        ("name\tmeta\na\tb\n", [(2, {"name": "a", "meta": "b"})]),
        ('name,meta\n"a,""b""\nc",\n', [(2, {"name": 'a,"b"\nc'})]),
        ("name,meta\nnull,null\n", [(2, {"name": None, "meta": None})]),
        ('name,meta\n[1],"{""a"": [1]}"\n', [(2, {"name": "[1]", "meta": {"a": [1]}})]),
        ("name,meta\nx,{not json\n", [(2, {"name": "x", "meta": "{not json"})]),
        ("a.b.c,a.d\n1,x\n", [(2, {"a": {"b": {"c": 1}, "d": "x"}})]),
        ("name\na\n\n\nb\n", [(2, {"name": "a"}), (5, {"name": "b"})]),
        ("name,\na,,,\n", [(2, {"name": "a"})]),
    ],
)
def test_csv_is_read(text, rows):
    assert read(text) == rows


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("name\nx\na,b,c\n", "Line 3 has more values than the header has columns"),
        ("name,\na,b\n", "Line 2 has a value in column 2, that has no name"),
        ("name,nope\na,b\n", 'Column "nope": there is no field "nope" in "thing"'),
        ("name.x\na\n", 'Column "name.x": there is no field "x" in "thing"'),
    ],
)
def test_what_belongs_nowhere_is_refused(text, refusal):
    with pytest.raises(InvalidPayload) as refused:
        read(text)
    assert refusal in refused.value.message


@pytest.mark.parametrize("size", [0, 1, 2, 1000, 50_000])
def test_json_is_read_item_by_item(size):
    items = [{"n": number, "text": 'ä"]},{' * (number % 7)} for number in range(size)]
    for indent in (None, 2):
        raw = json.dumps(items, indent=indent, ensure_ascii=False).encode()
        assert without_pauses(json_rows(io.BytesIO(raw))) == list(enumerate(items, 1))


def test_a_long_item_of_json_is_read():
    items = [{"a": "x" * 500_000}, {"a": [1] * 100_000}]
    raw = json.dumps(items).encode()
    assert [item for _, item in without_pauses(json_rows(io.BytesIO(raw)))] == items


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            ",".join(f"c{n}" for n in range(200_000)) + "\n" + ",".join("1" * 200_000),
            "1000 columns",
        ),
        (";".join(f"c{n}" for n in range(2000)) + "\n1", "1000 columns"),
        ("domain_name\n" + "x" * 2_000_000, "1048576 characters"),
        ("x" * 2_000_000 + "\nx", "1048576 characters"),
        ('domain_name\n"' + "x,\n" * 700_000 + '"', "1048576 characters"),
        (",".join(f'"c{n}\n"' for n in range(2000)) + "\n1", "1000 columns"),
        ("domain_name\n" + ",".join('"1\n"' for _ in range(300_000)), "1048576 characters"),
        ([{f"c{n}": 1 for n in range(20_000)}], "1000 fields"),
        ([{"domain_name": "a.b", "account": {f"c{n}": 1 for n in range(2000)}}], "1000 fields"),
        ([{"domain_name": "x" * 4_000_000}], "can't be read"),
        ("domain_name\n" + "\n" * 3_000_000, "100000 empty lines"),
        ("domain_name\n" + ",,,\n" * 1_000_000, "100000 empty lines"),
        ("\n" * 3_000_000, "100000 empty lines"),
        ("a." * 400_000 + "a\n" + "1\n" * 9, "100 parts"),
    ],
)
async def test_rows_of_any_size_are_refused_in_a_moment(client, rows, content, reason):
    response = await send(client, "domain", content)
    assert response.status_code == 400
    assert reason in response.json()["errors"][0]["message"]
    assert domains(rows) == []


class Counted(io.BytesIO):
    """A file that knows how much of it was read."""

    def read1(self, *size):
        block = super().read1(*size)
        self.taken += len(block)
        return block

    taken = 0


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (csv_rows, "name\n" + ("\n" * 90_000 + "a\n") * 4),
        (csv_rows, "name\n" + ("," * 1000 + "\n") * 2000),
        (csv_rows, "name\n" + "a\n" * 300_000),
        (csv_rows, ".".join(["a"] * 90) + "\n" + "1\n" * 20_000),
        (json_rows, "[" + "{}," * 200_000 + "{}]"),
        (json_rows, "[" + ("{" + " " * 9_000 + "}" + " " * 9_000 + ",") * 200 + "{}]"),
    ],
)
def test_a_file_is_read_in_short_steps(rows, text):
    """Whatever is in it: who reads has a pause at least every so many characters."""
    file = Counted(text.encode())
    found = rows(file, THINGS, "thing") if rows is csv_rows else rows(file)
    before, longest, pauses = 0, 0, 0
    for one in found:
        if one is None:
            longest, before, pauses = max(longest, file.taken - before), file.taken, pauses + 1
    longest = max(longest, file.taken - before)
    assert longest < 400_000
    assert pauses >= len(text) // 400_000


@pytest.mark.parametrize("text", [" " * 3_000_000, "[" + "\n" * 3_000_000, "[{}" + " " * 3_000_000])
async def test_json_of_spaces_is_refused(client, text):
    files = {"file": ("rows", text.encode(), "application/json")}
    response = await client.post("/utils/import/domain", files=files)
    assert response.status_code == 400
    assert "1048576 spaces" in response.json()["errors"][0]["message"]


async def test_pauses_make_no_difference_to_what_is_written(client, rows):
    lines = [f"{name}\n" + "\n" * 20_000 for name in names(12)]
    response = await send(client, "domain", "domain_name\n" + "".join(lines))
    assert response.status_code == 200
    assert domains(rows) == names(12)


async def test_imports_take_turns_on_a_thread_of_their_own(client, rows, monkeypatch):
    threads = set()
    real = bulk_import.weight_of

    def weight_of(row):
        threads.add(threading.current_thread().name)
        return real(row)

    monkeypatch.setattr(bulk_import, "weight_of", weight_of)
    text = "domain_name\n" + "\n".join(names(3000))
    assert (await send(client, "domain", text)).status_code == 200
    assert threads == {"imports_0"}
