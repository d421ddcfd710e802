"""Work orders as items: their rules hold whatever the surface (systems.md 6.1.3, 6.4, 6.8)."""

import csv
import io
import zipfile

import pytest

from tests.installation import ACCOUNT, PRODUCT

ITEMS = "/items/workorder"


def order(**fields):
    return {
        "account": ACCOUNT,
        "reference": "WO-1",
        "quantity": 30,
        "activate_on_complete": True,
        "product": PRODUCT,
        **fields,
    }


async def created(client, **fields):
    answered = await client.post(ITEMS, json=order(**fields))
    assert answered.status_code == 200, answered.text
    return answered.json()["data"]


async def test_an_order_mints_its_codes_and_lists_them(client, work, rows):
    """systems.md 6.8 workorder: new, processing, completed; 4.6: `codegen_file` is a zip."""
    made = await created(client)
    assert made["state"] == "new"
    job = (await client.get(f"/items/identifier_job/{made['identifier_job']}")).json()["data"]
    assert (job["type"], job["quantity"], job["reference_id"]) == ("sgtin", 30, "WO-1")
    await work()
    done = (await client.get(f"{ITEMS}/{made['id']}")).json()["data"]
    assert done["state"] == "completed"
    codes = rows.execute(
        "SELECT count(*), count(DISTINCT id), min(activation_status), count(activated_at), "
        "count(activated_by), count(serial_number) FROM unique_code WHERE workorder = %s",
        [made["id"]],
    ).fetchone()
    assert codes == (30, 30, 1, 30, 30, 0)
    file = await client.get(f"/assets/{done['codegen_file']}")
    archive = zipfile.ZipFile(io.BytesIO(file.content))
    [name] = archive.namelist()
    listed = list(csv.DictReader(io.StringIO(archive.read(name).decode())))
    assert len(listed) == 30
    stored = {row[0] for row in rows.execute("SELECT code FROM unique_code").fetchall()}
    assert {row["serial_number"] for row in listed} <= stored
    assert all(row["digital_link"].endswith(row["serial_number"]) for row in listed)


async def test_graphql_creates_orders_too(client, work):
    """systems.md 6.1.3: a rule cannot be passed by choosing another surface."""
    made = await client.data(
        "mutation ($data: create_workorder_input!) { create_workorder_item(data: $data) "
        "{ id state identifier_job { id status } } }",
        data=order(),
    )
    assert made["create_workorder_item"]["identifier_job"]["status"] == "new"
    await work()
    [done] = (await client.data("{ workorder { state codegen_file { id } } }"))["workorder"]
    assert done["state"] == "completed"
    assert done["codegen_file"]


async def test_without_a_gtin_short_codes_are_made(client, work, rows):
    """The default domain of the account; `use_serial_number` gives them serial numbers."""
    made = await created(client, product=None, activate_on_complete=False, use_serial_number=True)
    await work()
    found = rows.execute(
        "SELECT type, code = serial_number, activation_status, activated_at, workorder "
        "FROM unique_code"
    ).fetchall()
    assert found == [("short_code", True, 0, None, made["id"])] * 30


async def test_plain_jobs_say_nothing_of_orders(client, work, rows):
    await client.post("/items/identifier_job", json={"quantity": 5, "product": PRODUCT})
    await work()
    assert rows.execute(
        "SELECT DISTINCT workorder, activation_status, activated_at, serial_number FROM unique_code"
    ).fetchall() == [(None, 0, None, None)]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"quantity": None}, "quantity"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 1_000_001}, "quantity"),
        ({"reference": None}, "reference"),
        ({"activate_on_complete": None}, "activate_on_complete"),
        ({"product": "/01/00000000000000"}, "product"),
    ],
)
async def test_orders_that_cannot_be_fulfilled_are_refused(client, rows, fields, field):
    """systems.md 4.6: quantity, reference and activate_on_complete are required."""
    refused = await client.post(ITEMS, json=order(**fields))
    assert refused.status_code == 400
    [error] = refused.json()["errors"]
    assert error["extensions"]["field"] == field
    assert rows.execute("SELECT count(*) FROM identifier_job").fetchone() == (0,)


async def test_a_reference_is_used_once_in_an_account(client, rows):
    """systems.md 6.4: uq(account, reference); nothing is minted for the second."""
    await created(client)
    refused = await client.post(ITEMS, json=order())
    assert refused.json()["errors"][0]["extensions"]["code"] == "RECORD_NOT_UNIQUE"
    assert rows.execute("SELECT count(*) FROM identifier_job").fetchone() == (1,)


async def test_a_failed_job_tells_its_order_and_can_be_tried_again(client, work, rows):
    """The work order says why its job failed."""
    made = await created(client)
    rows.execute("UPDATE identifier_job SET length = 21")
    await work()
    failed = (await client.get(f"{ITEMS}/{made['id']}")).json()["data"]
    assert failed["state"] == "new"
    assert "length" in failed["error_message"]
    rows.execute("UPDATE identifier_job SET length = 8")
    again = await client.patch(f"{ITEMS}/{made['id']}", json={"state": "new"})
    assert again.json()["data"]["error_message"] is None
    await work()
    assert (await client.get(f"{ITEMS}/{made['id']}")).json()["data"]["state"] == "completed"


async def test_canceling_stops_the_job_and_blacklists_what_is_there(
    client, work, rows, monkeypatch
):
    """systems.md 6.8: canceled before completion; 4.4: blacklist reason 9, WO canceled."""
    made = await created(client)
    job = made["identifier_job"]
    rows.execute(
        "INSERT INTO unique_code (id, account, code, type, identifier_job, workorder) "
        "VALUES ('/01/09312345551927/21/ABC', %s, 'ABC', 'sgtin', %s, %s)",
        [ACCOUNT, job, made["id"]],
    )
    gone = await client.patch(f"{ITEMS}/{made['id']}", json={"state": "canceled"})
    assert gone.json()["data"]["state"] == "canceled"
    await work()
    assert rows.execute(
        "SELECT activation_status, blacklist_reason FROM unique_code"
    ).fetchall() == [(2, 9)]
    assert rows.execute("SELECT status, error_message FROM identifier_job").fetchone() == (
        "error",
        "Its work order was canceled.",
    )


@pytest.mark.parametrize("patch", [{"quantity": 5}, {"product": None}, {"state": "completed"}])
async def test_what_was_ordered_stays(client, patch):
    made = await created(client)
    refused = await client.patch(f"{ITEMS}/{made['id']}", json=patch)
    assert refused.json()["errors"][0]["extensions"]["code"] == "FAILED_VALIDATION"


async def test_printing_follows_completion_and_nothing_undoes_it(client, work):
    """systems.md 4.6: other states ready-to-print, printed."""
    made = await created(client)
    url = f"{ITEMS}/{made['id']}"
    assert (await client.patch(url, json={"state": "printed"})).status_code == 400
    await work()
    assert (await client.patch(url, json={"state": "ready-to-print"})).status_code == 200
    assert (await client.patch(url, json={"state": "canceled"})).status_code == 400
    assert (await client.patch(url, json={"state": "printed"})).status_code == 200


async def test_a_deleted_order_is_canceled_first_and_its_codes_stay(client, work, rows):
    """systems.md 1.5: a printed code must stay unique for ever."""
    open_order = await created(client)
    done = await created(client, reference="WO-2")
    rows.execute(
        "UPDATE identifier_job SET status = 'error' WHERE id = %s", [open_order["identifier_job"]]
    )
    await work()
    for one in (open_order, done):
        assert (await client.delete(f"{ITEMS}/{one['id']}")).status_code == 204
    assert rows.execute(
        "SELECT count(*), max(activation_status), count(workorder) FROM unique_code"
    ).fetchone() == (30, 1, 0)


async def test_imported_history_mints_nothing(client, rows):
    """As identifier jobs have it (systems.md 1.5)."""
    await created(client, state="completed")
    assert rows.execute("SELECT count(*) FROM identifier_job").fetchone() == (0,)
