"""Reservations: all codes or none, their file, and giving them back (systems.md 1.6 and 6.8)."""

import csv
import io
import json
from uuid import uuid4
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.domains.code_reservation.reservation_worker import work
from tests.installation import (
    ACCOUNT,
    NOBODY,
    PRODUCT,
    app,
    client,
    installation,
    prepared,
    reset,
    rows,
)
from tests.rest.test_assets import tenant

__all__ = ["app", "client", "installation", "prepared", "reset", "rows", "work"]

OTHER_PRODUCT = "/01/00712132000003"
TOO_FEW = (
    f"10 codes of {PRODUCT} are asked for and 7 are unassigned, so none has been reserved. Mint 3 "
    'more with an identifier job (or let a code pool do that) and set the status to "new", or '
    "ask for fewer."
)


@pytest.fixture
def codes(rows):
    """Makes so many unassigned codes of the demo product; their keys, in order."""

    def codes(quantity, product=PRODUCT, account=ACCOUNT, **fields):
        names = "".join(f", {name}" for name in fields)
        marks = ", %s" * len(fields)
        found = rows.execute(
            f"INSERT INTO unique_code (id, account, code, type, product{names}, "
            "company_prefix_length) SELECT %s || '/21/c' || lpad(n::text, 6, '0'), "
            "%s, 'c' || lpad(n::text, 6, '0'), "
            f"'sgtin', %s{marks}, 7 FROM generate_series(1, %s) AS n RETURNING id",
            [product, account, product, *fields.values(), quantity],
        )
        return sorted(row[0] for row in found.fetchall())

    return codes


async def reserve(client, **fields):
    """The reservation as it was created."""
    response = await client.post("/items/code_reservation", json={"product": PRODUCT, **fields})
    assert response.status_code == 200, response.text
    return response.json()["data"]


async def refused(client, **fields):
    """The fields and codes of what is wrong with a reservation."""
    response = await client.post("/items/code_reservation", json=fields)
    assert response.status_code == 400, response.text
    return [
        (error["extensions"].get("field"), error["extensions"]["code"])
        for error in response.json()["errors"]
    ]


async def read(client, key):
    return (await client.get(f"/items/code_reservation/{key}")).json()["data"]


async def file_of(client, key):
    response = await client.get(f"/assets/{(await read(client, key))['export_file']}")
    assert response.status_code == 200
    return response


def statuses(rows):
    """How many codes there are of each status."""
    found = rows.execute("SELECT status, count(*) FROM unique_code GROUP BY status")
    return dict(found.fetchall())


async def test_codes_are_reserved_and_written_to_a_file(client, rows, codes, work):
    """systems.md 1.6: reserved, with their reservation; the file is a row of directus_files."""
    keys = codes(20)
    made = await reserve(client, quantity=12, url_suffix="?s=1&t=%", reference_id="PO 7")
    assert (made["status"], made["quantity_reserved"]) == ("new", 0)
    assert (made["account"], made["export_type"]) == (ACCOUNT, "csv")
    await work()
    done = await read(client, made["id"])
    assert (done["status"], done["quantity_reserved"], done["error_message"]) == (
        "complete",
        12,
        None,
    )
    assert done["file_ready_at"] is not None
    held = rows.execute(
        "SELECT id FROM unique_code WHERE reservation = %s AND status = 'reserved' ORDER BY id",
        [made["id"]],
    ).fetchall()
    assert [row[0] for row in held] == keys[:12]
    response = await file_of(client, made["id"])
    assert response.headers["content-type"] == "text/csv"
    lines = list(csv.DictReader(io.StringIO(response.text)))
    assert [line["id"] for line in lines] == keys[:12]
    assert lines[0] == {
        "id": keys[0],
        "code": "c000001",
        "type": "sgtin",
        "digital_link": f"https://id.example.com{keys[0]}?s=1&t=%",
        "epc_uri": "urn:epc:id:sgtin:9312345.055192.c000001",
        "epc_hex": lines[0]["epc_hex"],
        "product": PRODUCT,
    }
    assert len(lines[0]["epc_hex"]) == 52
    file = (await client.get(f"/files/{done['export_file']}")).json()["data"]
    assert file["filename_download"] == "reservation-PO 7.csv"
    assert int(file["filesize"]) == len(response.content)
    owner = rows.execute("SELECT account::text FROM directus_files").fetchall()
    assert owner == [(ACCOUNT,)]


@pytest.mark.parametrize("form", ["json", "xml", "yaml"])
async def test_the_file_has_the_format_that_was_asked_for(client, codes, work, form):
    """systems.md 1.6: export_type is csv, json, xml or yaml."""
    keys = codes(3)
    made = await reserve(client, quantity=2, export_type=form, url_suffix="/x")
    await work()
    text = (await file_of(client, made["id"])).text
    if form == "xml":
        root = ET.fromstring(text)
        items = [{child.tag: child.text for child in item} for item in root]
    else:
        items = json.loads(text) if form == "json" else yaml.safe_load(text)
    assert [item["id"] for item in items] == keys[:2]
    assert items[1]["digital_link"] == f"https://id.example.com{keys[1]}/x"


async def test_graphql_reserves_too(client, codes, work):
    codes(5)
    query = "mutation ($data: create_code_reservation_input!) { create_code_reservation_item"
    query += "(data: $data) { id status product } }"
    data = await client.data(query, data={"product": PRODUCT, "quantity": 5})
    made = data["create_code_reservation_item"]
    assert (made["status"], made["product"]) == ("new", PRODUCT)
    await work()
    assert (await read(client, made["id"]))["status"] == "complete"


async def test_too_few_codes_reserve_nothing(client, rows, codes, work):
    """systems.md 1.6: too few codes -> error, nothing reserved."""
    codes(7)
    made = await reserve(client, quantity=10)
    await work()
    failed = await read(client, made["id"])
    assert (failed["status"], failed["quantity_reserved"]) == ("error", 0)
    assert failed["error_message"] == TOO_FEW
    assert failed["export_file"] is None
    assert statuses(rows) == {"unassigned": 7}
    rows.execute("DELETE FROM unique_code")
    codes(10)
    patched = await client.patch(f"/items/code_reservation/{made['id']}", json={"status": "new"})
    assert patched.json()["data"]["error_message"] is None
    await work()
    assert (await read(client, made["id"]))["quantity_reserved"] == 10
    assert statuses(rows) == {"reserved": 10}


async def test_only_free_codes_of_the_account_are_taken(client, app, rows, codes, work):
    """systems.md 1.6: unassigned ones; 6.1.5: those of another account are missing."""
    codes(10)
    rows.execute("UPDATE unique_code SET status = 'encoded' WHERE code = 'c000001'")
    rows.execute("UPDATE unique_code SET activation_status = 2 WHERE code = 'c000002'")
    rows.execute("UPDATE unique_code SET account = NULL WHERE code = 'c000003'")
    async with await tenant(app, rows):
        rows.execute(
            "UPDATE unique_code SET account = (SELECT id FROM account WHERE account_name = 'Other')"
            " WHERE code = 'c000004'"
        )
    made = await reserve(client, quantity=7)
    await work()
    assert "and 6 are unassigned" in (await read(client, made["id"]))["error_message"]
    await client.patch(
        f"/items/code_reservation/{made['id']}", json={"quantity": 6, "status": "new"}
    )
    await work()
    held = rows.execute("SELECT code FROM unique_code WHERE reservation IS NOT NULL ORDER BY code")
    assert [row[0] for row in held.fetchall()] == [f"c{n:06}" for n in range(5, 11)]


async def test_other_types_are_found_by_their_keys(client, rows, work):
    """Short codes of a domain, SSCCs of the account, GRAIs of their asset type."""
    asset_type = "/8003/00614141123452"
    rows.execute(
        "INSERT INTO product (id, product_name, account) VALUES (%s, 'x', %s) "
        "ON CONFLICT DO NOTHING",
        [asset_type, ACCOUNT],
    )
    domain = rows.execute(
        "INSERT INTO domain (state, domain_name, type, account) "
        "VALUES ('verified', 'b.example', 'short', %s) "
        "RETURNING id::text",
        [ACCOUNT],
    ).fetchone()[0]
    keys = [
        (f"{asset_type}7", "grai", asset_type),
        ("/8003/006141411234537", "grai", "/8003/00614141123453"),
        ("/00/006141410000000005", "sscc", None),
        ("b.example/abcdef", "short_code", None),
        ("b.example.org/abcdef", "short_code", None),
    ]
    for key, kind, product in keys:
        rows.execute(
            "INSERT INTO unique_code (id, account, code, type, product) "
            "VALUES (%s, %s, %s, %s, %s)",
            [key, ACCOUNT, key[-6:], kind, product],
        )
    wanted = [("grai", asset_type, None), ("sscc", None, None), ("short_code", None, domain)]
    found = []
    for kind, product, of in wanted:
        fields = {"code_type": kind, "product": product, "domain": of, "account": ACCOUNT}
        made = await reserve(client, quantity=1, **fields)
        await work()
        text = (await file_of(client, made["id"])).text
        found.append([line["id"] for line in csv.DictReader(io.StringIO(text))])
    assert found == [[keys[0][0]], [keys[2][0]], [keys[3][0]]]


async def test_what_is_wrong_is_refused_at_once(client, app, rows):
    """Unknown product, product of another account, quantity bounds, the wrong kind of product."""
    rows.execute("DELETE FROM domain WHERE type = 'short'")
    assert await refused(client, quantity=1) == [("product", "FAILED_VALIDATION")]
    unknown = await refused(client, quantity=1, product=OTHER_PRODUCT)
    assert unknown == [("product", "FAILED_VALIDATION")]
    for quantity in (0, 1_000_001):
        found = await refused(client, quantity=quantity, product=PRODUCT)
        assert found == [("quantity", "FAILED_VALIDATION")]
    assert await refused(client, product=PRODUCT) == [("quantity", "FAILED_VALIDATION")]
    grai = await refused(client, quantity=1, product=PRODUCT, code_type="grai")
    assert grai == [("product", "FAILED_VALIDATION")]
    form = await refused(client, quantity=1, product=PRODUCT, export_type="pdf")
    assert form == [("export_type", "FAILED_VALIDATION")]
    async with await tenant(app, rows) as stranger:
        found = await refused(stranger, quantity=1, product=PRODUCT)
        assert found == [("product", "FAILED_VALIDATION")]
        found = await refused(stranger, quantity=1, code_type="short_code")
        assert found == [("domain", "FAILED_VALIDATION")]
    found = await refused(client, quantity=1, code_type="short_code", domain=NOBODY)
    assert found[0] == ("domain", "INVALID_FOREIGN_KEY")


async def test_what_was_reserved_does_not_change(client, codes, work):
    """Once it is complete, quantity, product, type, domain and account stay."""
    codes(5)
    key = (await reserve(client, quantity=3))["id"]
    path = f"/items/code_reservation/{key}"
    assert (await client.patch(path, json={"quantity": 2})).status_code == 200
    await work()
    response = await client.patch(path, json={"quantity": 4, "code_type": "grai"})
    assert response.status_code == 400
    fields = [error["extensions"]["field"] for error in response.json()["errors"]]
    assert fields == ["code_type", "quantity"]
    assert "codes have been reserved" in response.json()["errors"][0]["message"]
    assert (await client.patch(path, json={"reference_id": "x"})).status_code == 200


async def test_a_reservation_that_is_done_again_makes_what_is_missing(client, rows, codes, work):
    """systems.md 6.8: error/complete -> new makes only what is missing; the file is replaced."""
    codes(9)
    key = (await reserve(client, quantity=5))["id"]
    await work()
    first = await read(client, key)
    rows.execute(
        "UPDATE unique_code SET status = 'unassigned', reservation = NULL WHERE code = 'c000002'"
    )
    path = f"/items/code_reservation/{key}"
    await client.patch(path, json={"status": "new", "url_suffix": "?again"})
    await work()
    second = await read(client, key)
    assert (second["status"], second["quantity_reserved"]) == ("complete", 5)
    assert second["export_file"] == first["export_file"]
    assert rows.execute("SELECT count(*) FROM directus_files").fetchone() == (1,)
    assert (await file_of(client, key)).text.count("?again") == 5
    assert statuses(rows) == {"reserved": 5, "unassigned": 4}


@pytest.mark.parametrize("way", ["delete", "cancel"])
async def test_codes_are_given_back(client, rows, codes, work, way):
    """systems.md 1.6: released to unassigned unless already assigned or encoded."""
    codes(5)
    key = (await reserve(client, quantity=4))["id"]
    await work()
    file = (await read(client, key))["export_file"]
    rows.execute("UPDATE unique_code SET status = 'assigned' WHERE code = 'c000001'")
    rows.execute("UPDATE unique_code SET status = 'encoded' WHERE code = 'c000002'")
    path = f"/items/code_reservation/{key}"
    if way == "delete":
        assert (await client.delete(path)).status_code == 204
    else:
        cancelled = (await client.patch(path, json={"status": "error"})).json()["data"]
        assert (cancelled["quantity_reserved"], cancelled["export_file"]) == (0, None)
        assert cancelled["error_message"].startswith("Cancelled")
    assert statuses(rows) == {"assigned": 1, "encoded": 1, "unassigned": 3}
    free = rows.execute("SELECT count(*) FROM unique_code WHERE reservation IS NULL").fetchone()
    assert free == ((5,) if way == "delete" else (3,))
    assert (await client.get(f"/assets/{file}")).status_code == 403


async def test_history_is_imported_as_it_is(client, rows, codes, work):
    """systems.md 1.5: created with another status than new, nothing is done."""
    codes(5)
    made = await reserve(client, quantity=2, status="complete", product=None, code_type="sscc")
    await work()
    assert (await read(client, made["id"]))["status"] == "complete"
    assert statuses(rows) == {"unassigned": 5}


async def test_a_key_of_the_client_s_writes_over_no_bytes(client, rows, codes, work):
    """What is stored has a name of its own, whatever key is given."""
    codes(4)
    form = {"files": {"file": ("a.csv", b"mine", "text/csv")}}
    file = (await client.post("/files", **form)).json()["data"]
    taken = await reserve(client, id=file["id"], quantity=2)
    await work()
    assert (await client.get(f"/assets/{file['id']}")).content == b"mine"
    assert (await read(client, taken["id"]))["status"] == "error"
    again = await client.post("/files", data={"id": file["id"]}, **form)
    assert again.status_code == 400
    assert (await client.get(f"/assets/{file['id']}")).content == b"mine"


async def test_a_file_says_what_who_reserved_may_read(client, rows, codes, work):
    """DESIGN.md 9: who may read no codes gets no list of them."""
    codes(4)
    user, policy = str(uuid4()), str(uuid4())
    rows.execute(
        "INSERT INTO directus_users (id, email, account, status) VALUES (%s, %s, %s, 'active')",
        [user, f"{user}@example.com", ACCOUNT],
    )
    rows.execute("INSERT INTO directus_policies (id, name) VALUES (%s, 'Few')", [policy])
    rows.execute(
        'INSERT INTO directus_access (id, policy, "user") VALUES (gen_random_uuid(), %s, %s)',
        [policy, user],
    )
    first = await reserve(client, quantity=2)
    rows.execute("UPDATE code_reservation SET user_created = %s", [user])
    await work()
    refused = await read(client, first["id"])
    assert (refused["status"], refused["quantity_reserved"]) == ("error", 0)
    assert "permission" in refused["error_message"]
    rows.execute(
        "INSERT INTO directus_permissions (policy, collection, action, fields) "
        "VALUES (%s, 'unique_code', 'read', 'id,code')",
        [policy],
    )
    await client.patch(f"/items/code_reservation/{first['id']}", json={"status": "new"})
    await work()
    lines = list(csv.DictReader(io.StringIO((await file_of(client, first["id"])).text)))
    assert [set(line) for line in lines] == [{"id", "code"}] * 2


async def test_of_a_user_that_is_deleted_no_file_is_made(client, rows, codes, work):
    """A deleted user leaves null, as nobody does: its file says nothing to whoever reads it."""
    codes(4)
    user = str(uuid4())
    rows.execute(
        "INSERT INTO directus_users (id, email, account, status) VALUES (%s, %s, %s, 'active')",
        [user, f"{user}@example.com", ACCOUNT],
    )
    made = await reserve(client, quantity=2)
    rows.execute("UPDATE code_reservation SET user_created = %s", [user])
    assert (await client.delete(f"/users/{user}")).status_code == 204
    await work()
    refused = await read(client, made["id"])
    assert (refused["status"], refused["quantity_reserved"]) == ("error", 0)
    assert (refused["user_created"], refused["export_file"]) == (None, None)
    assert "no longer an active user" in refused["error_message"]
    assert statuses(rows) == {"unassigned": 4}
