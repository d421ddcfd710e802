"""SCM uploads (systems.md 4.6, 6.3, 6.8), as Scantrust's clients send them."""

import json

import pytest

from app.codes.code_path import CodePath
from app.codes.epc_binary import encode
from app.codes.epc_uri import Epc
from app.codes.scanned_text import paths_of
from app.database.session import Database
from app.domains.scm_data import tasks
from app.items.write import payloads
from app.served import served
from tests.installation import ACCOUNT, PRODUCT
from tests.vendors.scantrust.conftest import OTHER
from workers.chunks import advance
from workers.scm_task import ScmTasks

WORDS = ("codes_view", "scm_bulk_edit", "scm_code_edit", "product_view")
NOT_FOUND = {"detail": "Not found."}
DENIED = {"detail": "You do not have permission to perform this action."}
UPLOAD, ASYNC = "/api/v2/scm/upload/", "/api/v2/scm/upload/async/"
KEYS = [f"{PRODUCT}/21/c{n}" for n in range(1, 6)]
HEX = encode(Epc.parse("urn:epc:id:sgtin:9312345.055192.c1"))


@pytest.fixture(autouse=True)
def furniture(rows):
    """Two campaigns, three products, five codes of the first and one of somebody else."""
    rows.execute(
        f"""
        INSERT INTO account (id, account_name) VALUES ('{OTHER}', 'Other') ON CONFLICT DO NOTHING;
        INSERT INTO campaign (id, account, name)
          VALUES (11, '{ACCOUNT}', 'Pork'), (12, '{ACCOUNT}', 'Fish');
        INSERT INTO scm_field (campaign, key, type, is_active) VALUES
          (11, 'case_number', 'string', true), (11, 'harvest_date', 'date', true),
          (11, 'old', 'string', false), (12, 'boat', 'string', true);
        UPDATE product SET campaign = 11 WHERE id = '{PRODUCT}';
        INSERT INTO product (id, product_number, product_name, sku, account, campaign)
          OVERRIDING SYSTEM VALUE VALUES
          ('fish', 9001, 'Fish', 'prod_1', '{ACCOUNT}', 12),
          ('theirs', 9002, 'Theirs', 'prod_2', '{OTHER}', NULL);
        INSERT INTO unique_code (id, account, code, type, product)
          SELECT '{PRODUCT}/21/c' || n, '{ACCOUNT}', 'c' || n, 'sgtin', '{PRODUCT}'
          FROM generate_series(1, 5) AS n;
        UPDATE unique_code SET company_prefix_length = 7;
        UPDATE unique_code SET extended_id = 'OWN12345' WHERE code = 'c2';
        UPDATE unique_code SET serial_number = 'S3' WHERE code = 'c3';
        INSERT INTO unique_code (id, account, code, type, product, extended_id)
          VALUES ('theirs/x', '{OTHER}', 'x', 'short_code', 'theirs', 'THEIRS12');
        """
    )


@pytest.fixture
async def company(uat, as_company):
    return await as_company(uat(*WORDS))


@pytest.fixture
async def work_on(installation):
    """Does what a worker does with a task, until it is done."""
    database = Database(installation.database_url)
    await database.open()

    async def work_on(key):
        for _ in range(20):
            await advance(database, ScmTasks(served(installation).compiler), key)

    yield work_on
    await database.close()


def code(rows, name, column="scm_data"):
    found = rows.execute(f"SELECT {column} FROM unique_code WHERE code = %s", [name]).fetchone()
    return found[0]


async def upload(client, *items, data_key="extended_id"):
    response = await client.post(UPLOAD, json={"data_key": data_key, "items": items})
    assert response.status_code == 200, response.text
    return response.json()


async def refused(client, *items, data_key="extended_id"):
    response = await client.post(UPLOAD, json={"data_key": data_key, "items": items})
    assert response.status_code == 400, response.text
    return response.json()


async def test_each_item_changes_its_code(company, rows):
    """4.6: the answer; what the campaign does not have is discarded; scm_updated_at/by are set."""
    answer = await upload(
        company,
        {"extended_id": "OWN12345", "case_number": "13", "harvest_date": "2018-06-14", "x": 1},
        {"extended_id": HEX, "case_number": 7, "old": "y", "boat": "z"},
        {"extended_id": "nobodys1", "case_number": "1"},
        {"extended_id": "THEIRS12", "case_number": "1"},
    )
    assert answer == {
        "total_updates": 3,
        "changes": ["case_number", "harvest_date"],
        "items": {"OWN12345": ["case_number", "harvest_date"], HEX: ["case_number"]},
        "codes_affected": 2,
    }
    assert code(rows, "c2") == {"case_number": "13", "harvest_date": "2018-06-14"}
    assert code(rows, "c1") == {"case_number": 7}
    assert code(rows, "c1", "scm_updated_at IS NOT NULL AND scm_updated_by IS NOT NULL")
    assert code(rows, "c3", "scm_updated_at IS NULL")
    assert code(rows, "x") is None


async def test_data_is_merged_and_null_takes_away(company, rows):
    await upload(
        company, {"extended_id": KEYS[2], "case_number": "1", "harvest_date": "2018-06-14"}
    )
    await upload(company, {"extended_id": KEYS[2], "case_number": None})
    assert code(rows, "c3") == {"harvest_date": "2018-06-14"}
    again = {"extended_id": KEYS[2], "case_number": "2"}
    await upload(company, again, {**again, "case_number": "3"})
    assert code(rows, "c3")["case_number"] == "3"


@pytest.mark.parametrize(
    ("data_key", "value", "names"),
    [("serial_number", "S3", ["c3"]), ("serial_number", "c4", ["c4"]), ("serial_number", "c3", [])],
)
async def test_serial_numbers_name_codes(company, rows, data_key, value, names):
    """6.5: the stored one, else the serial of an SGTIN; the answer has extended ids."""
    answer = await upload(company, {data_key: value, "case_number": "5"}, data_key=data_key)
    assert answer["codes_affected"] == len(names)
    found = rows.execute("SELECT code FROM unique_code WHERE scm_data IS NOT NULL").fetchall()
    assert [row[0] for row in found] == names
    if value == "c4":
        shown = encode(Epc.parse("urn:epc:id:sgtin:9312345.055192.c4"))
        assert answer["items"] == {shown: ["case_number"]}


async def test_scm_keys_name_codes(company, rows):
    """4.6: data_key may be any SCM key: all codes that have that value."""
    await upload(company, *({"extended_id": key, "case_number": "C"} for key in KEYS[2:4]))
    item = {"case_number": "C", "harvest_date": "2020-02-29"}
    answer = await upload(company, item, data_key="case_number")
    assert answer["codes_affected"] == 2
    assert code(rows, "c3") == code(rows, "c4") == item


@pytest.mark.parametrize("name", ["prod_1", 9001, "fish"])
async def test_a_code_moves_to_another_product_and_its_campaign(company, rows, name):
    """4.6: product by number, id or SKU; the fields are those of the new campaign."""
    rows.execute(
        "INSERT INTO unique_code (id, account, code, type, product) "
        "VALUES ('go.example.com/s1', %s, 's1', 'short_code', %s)",
        [ACCOUNT, PRODUCT],
    )
    short = "go.example.com/s1"
    item = {"extended_id": short, "product": name, "boat": "Bounty", "case_number": "1"}
    answer = await upload(company, item)
    assert answer["items"] == {short: ["boat", "product"]}
    assert (code(rows, "s1", "product"), code(rows, "s1")) == ("fish", {"boat": "Bounty"})
    # A key that names its product stays with it, as in PATCH /items/unique_code.
    said = await refused(company, {**item, "extended_id": KEYS[0]})
    assert "its key names" in said["product"][0]


async def test_what_can_not_be_changes_nothing(company, rows):
    """Dates, products of nobody or another company, states; all of an upload or nothing."""
    good = {"extended_id": KEYS[3], "case_number": "1"}
    for day in ("2018-02-30", "14.06.2018", "0000-01-01", 5):
        answer = await refused(company, good, {"extended_id": KEYS[0], "harvest_date": day})
        assert list(answer) == ["harvest_date"]
        assert "YYYY-MM-DD" in answer["harvest_date"][0]
    for name in ("prod_2", "nobody", 9002):
        answer = await refused(company, good, {"extended_id": KEYS[0], "product": name})
        assert list(answer) == ["product"]
    answer = await refused(company, good, {"extended_id": KEYS[0], "activation_status": "green"})
    assert list(answer) == ["activation_status"]
    long = {"extended_id": KEYS[0], "serial_number": "x" * 65}
    assert list(await refused(company, good, long)) == ["serial_number"]
    assert code(rows, "c4") is None


async def test_activation_follows_the_rule_of_codes(company, rows):
    """6.8: 0 <-> 1, 0/1 -> 2, 2 -> 1 with the reason reset; entering 1 says when and who."""
    first, second = ({"extended_id": key} for key in KEYS[2:4])
    await upload(company, {**first, "activation_status": "active"}, {**second, "case_number": "1"})
    assert code(rows, "c3", "activation_status") == 1
    assert code(rows, "c3", "activated_at IS NOT NULL AND activated_by IS NOT NULL")
    assert code(rows, "c4", "activation_status") == 0
    blacklist = {"activation_status": 2, "blacklist_reason": "stolen"}
    await upload(company, {**first, **blacklist}, {**second, **blacklist})
    assert code(rows, "c3", "activation_status || ':' || blacklist_reason") == "2:4"
    assert code(rows, "c4", "activated_at") is None
    answer = await refused(company, {**first, "activation_status": "inactive"})
    assert "blacklisted code becomes active first" in answer["activation_status"][0]
    answer = await refused(company, {"extended_id": KEYS[4], "blacklist_reason": 3})
    assert list(answer) == ["blacklist_reason"]
    await upload(company, {**second, "activation_status": 1})
    assert code(rows, "c4", "activation_status || ':' || blacklist_reason") == "1:0"


async def test_serial_numbers_are_set(company, rows):
    answer = await upload(company, {"extended_id": KEYS[0], "serial_number": "N1"})
    assert answer["items"] == {KEYS[0]: ["serial_number"]}
    assert (code(rows, "c1", "serial_number"), code(rows, "c1")) == ("N1", None)


async def test_bodies_that_are_none(company):
    required = ["This field is required."]
    for path, names in ((UPLOAD, ("data_key", "items")), (ASYNC, ("constraints", "scm_data"))):
        response = await company.post(path, json={})
        assert (response.status_code, response.json()) == (400, dict.fromkeys(names, required))
    for items in ("x", [1], [{"case_number": "1"}], [{"extended_id": None}]):
        response = await company.post(UPLOAD, json={"data_key": "extended_id", "items": items})
        assert (response.status_code, list(response.json())) == (400, ["items"])
    for constraints in ([], {}, {"extended_id": [{}]}):
        body = {"constraints": constraints, "scm_data": {"case_number": "1"}}
        assert (await company.post(ASYNC, json=body)).status_code == 400
    assert (await upload(company))["codes_affected"] == 0


@pytest.mark.parametrize("path", [UPLOAD, ASYNC, UPLOAD.rstrip("/"), ASYNC.rstrip("/")])
@pytest.mark.parametrize("missing", ["scm_bulk_edit", "scm_code_edit"])
async def test_words(uat, as_company, path, missing):
    """4.6: both words, on both; 401 without a credential."""
    client = await as_company(uat(*(word for word in WORDS if word != missing)))
    response = await client.post(path, json={})
    assert (response.status_code, response.json()) == (403, DENIED)
    anonymous = await as_company({})
    assert (await anonymous.post(path, json={})).status_code == 401


async def test_a_user_without_rights_changes_nothing(uat, as_company, rows):
    """A token is good for no more than its user may do."""
    client = await as_company(uat(*WORDS, admin=False))
    body = {"data_key": "extended_id", "items": [{"extended_id": KEYS[0], "case_number": "1"}]}
    assert (await client.post(UPLOAD, json=body)).status_code == 403
    body = {"constraints": {"extended_id": KEYS}, "scm_data": {"case_number": "1"}}
    assert (await client.post(ASYNC, json=body)).status_code == 403
    assert code(rows, "c1") is None


async def test_only_the_rows_and_fields_of_a_permission(uat, as_company, rows):
    """DESIGN.md 9: row rules count; what they don't allow is missing here, fields are refused."""
    headers = uat(*WORDS, admin=False)
    rule = json.dumps({"code": {"_in": ["c1", "c4"]}})
    rows.execute(
        f"""
        INSERT INTO directus_policies (id, name)
          VALUES ('33333333-0000-4000-8000-000000000000', 'SCM');
        INSERT INTO directus_permissions (policy, collection, action, permissions, fields)
          VALUES ('33333333-0000-4000-8000-000000000000', 'unique_code', 'update', '{rule}',
          'scm_data'),
          ('33333333-0000-4000-8000-000000000000', 'unique_code', 'read', NULL, '*'),
          ('33333333-0000-4000-8000-000000000000', 'product', 'read', NULL, '*');
        INSERT INTO directus_access (id, policy, "user") SELECT gen_random_uuid(),
          '33333333-0000-4000-8000-000000000000', id FROM directus_users
          WHERE first_name = 'Jelle';
        """
    )
    client = await as_company(headers)
    items = [{"extended_id": key, "case_number": "1"} for key in KEYS]
    assert (await upload(client, *items))["codes_affected"] == 2
    body = {"data_key": "extended_id", "items": [{"extended_id": KEYS[0], "product": "fish"}]}
    assert (await client.post(UPLOAD, json=body)).status_code == 403


async def test_a_worker_does_an_upload(company, rows, work_on, monkeypatch, uat, as_company):
    """4.6: task_id; pending, in-progress, complete; read with and without the final slash."""
    monkeypatch.setattr(tasks, "PORTION", 2)
    body = {
        "constraints": {"extended_id": [HEX, "OWN12345", *KEYS[2:], "none"]},
        "scm_data": {"case_number": "9", "activation_status": 1, "junk": "x"},
        "reference": "R1",
    }
    response = await company.post(ASYNC, json=body)
    assert response.status_code == 200
    key = response.json()["task_id"]
    waiting = (await company.get(f"/api/v2/scm/tasks/{key}")).json()
    assert (waiting["state"], waiting["started_at"], waiting["completed_at"]) == (
        "pending",
        None,
        None,
    )
    await work_on(key)
    done = (await company.get(f"/api/v2/scm/tasks/{key}/")).json()
    assert list(done) == (
        "id reference state codes_affected created_by created_at started_at completed_at".split()
    )
    assert (done["id"], done["reference"], done["state"]) == (key, "R1", "complete")
    assert done["codes_affected"] == 5
    assert isinstance(done["created_by"], int)
    assert done["completed_at"] >= done["started_at"] >= done["created_at"]
    assert rows.execute("SELECT count(*) FROM job_chunk WHERE kind = 'scm_task'").fetchone() == (3,)
    assert [code(rows, f"c{n}") for n in range(1, 6)] == [{"case_number": "9"}] * 5
    stranger = await as_company(uat(*WORDS, account=OTHER))
    for path in (f"/api/v2/scm/tasks/{key}", "/api/v2/scm/tasks/1"):
        response = await stranger.get(path)
        assert (response.status_code, response.json()) == (404, NOT_FOUND)


async def test_several_constraints_all_hold(company, rows, work_on, monkeypatch):
    """An SCM key that its own data changes: each code once, in portions of their keys."""
    monkeypatch.setattr(tasks, "PORTION", 2)
    await upload(company, *({"extended_id": key, "case_number": "C"} for key in KEYS[2:]))
    body = {"constraints": {"case_number": "C"}, "scm_data": {"case_number": "D"}}
    key = (await company.post(ASYNC, json=body)).json()["task_id"]
    await work_on(key)
    done = (await company.get(f"/api/v2/scm/tasks/{key}")).json()
    assert (done["state"], done["codes_affected"]) == ("complete", 3)
    body = {
        "constraints": {"case_number": ["D"], "serial_number": ["S3", "c5", "c1"]},
        "scm_data": {"harvest_date": "2021-01-01"},
    }
    key = (await company.post(ASYNC, json=body)).json()["task_id"]
    await work_on(key)
    found = rows.execute(
        "SELECT code FROM unique_code WHERE scm_data ? 'harvest_date' ORDER BY code"
    ).fetchall()
    assert [row[0] for row in found] == ["c3", "c5"]


async def test_a_task_that_can_not_be_fails(company, rows, work_on):
    body = {"constraints": {"extended_id": KEYS}, "scm_data": {"harvest_date": "tomorrow"}}
    key = (await company.post(ASYNC, json=body)).json()["task_id"]
    await work_on(key)
    assert (await company.get(f"/api/v2/scm/tasks/{key}")).json()["state"] == "failed"
    sentence = rows.execute("SELECT error_message FROM scm_task").fetchone()[0]
    assert "YYYY-MM-DD" in sentence
    body["scm_data"] = {"blacklist_reason": "green"}
    assert list((await company.post(ASYNC, json=body)).json()) == ["blacklist_reason"]


def test_a_set_is_read_as_one_by_one():
    """GS1 EPC TDS 14.5: the tags of a product differ in their serials only."""
    serials = ["1", "0", "274877906943", "05bBbAMc", "A" * 20, "32a/b"]
    texts = [encode(Epc.parse("urn:epc:id:sscc:0614141.1234567890"))]
    for serial in serials:
        escaped = serial.replace("/", "%2F")
        items = ("9312345.055192", "0614141.812345")
        texts += [encode(Epc.parse(f"urn:epc:id:sgtin:{item}.{escaped}")) for item in items]
    assert paths_of(texts) == [CodePath.parse(text).path for text in texts]
    assert paths_of(["x", "30" + "F" * 22, "/01/1", "F0" * 12]) == [None] * 4
    assert paths_of(["e" * 24]) == ["urn:epc:raw:96.x" + "E" * 24]


@pytest.mark.parametrize(
    "form",
    [
        "https://ID.example.com:443/01/09312345551927/10/L/21/{}/?17=2712#top",
        "(01)09312345551927(21){}",
        "]d20109312345551927 21{}\x1d10L\r\n",
        "urn:EPC:id:sgtin:9312345.055192.{}",
    ],
)
async def test_a_code_may_be_named_in_any_form(company, rows, form):
    """Of extended ids; what is stored as one comes first."""
    answer = await upload(company, {"extended_id": form.format("c4"), "case_number": "6"})
    assert answer["codes_affected"] == 1
    assert code(rows, "c4") == {"case_number": "6"}


@pytest.mark.parametrize(
    ("data_key", "items"),
    [
        ("extended_id", [{"extended_id": key, "case_number": "x" * 600} for key in KEYS[2:4]]),
        ("case_number", [{"case_number": "same", "old": "x" * 600}]),
    ],
)
async def test_what_is_said_once_of_many_codes_counts_for_each(
    company, rows, monkeypatch, data_key, items
):
    """The rule of `PATCH /items/unique_code`."""
    rows.execute("""UPDATE unique_code SET scm_data = '{"case_number": "same"}'""")
    monkeypatch.setattr(payloads, "MOST_WRITTEN", 1000)
    answer = await company.post(UPLOAD, json={"data_key": data_key, "items": items})
    assert answer.status_code == 400
    assert "more than 1000 characters: take parts" in answer.text
    assert code(rows, "c3") == code(rows, "c4") == {"case_number": "same"}


async def test_the_rule_holds_for_tasks_too(company, rows, work_on, monkeypatch):
    rows.execute("""UPDATE unique_code SET scm_data = '{"case_number": "same"}'""")
    monkeypatch.setattr(payloads, "MOST_WRITTEN", 1000)
    task = {"constraints": {"extended_id": KEYS[2:4]}, "scm_data": {"case_number": "x" * 600}}
    refused = await company.post(ASYNC, json=task)
    assert refused.status_code == 400
    assert "take parts" in refused.text
    # How many codes these are, the worker sees.
    task["constraints"] = {"case_number": ["same"]}
    asked = await company.post(ASYNC, json=task)
    await work_on(asked.json()["task_id"])
    state, sentence = rows.execute("SELECT state, error_message FROM scm_task").fetchone()
    assert (state, "take parts" in sentence) == ("failed", True)
    assert code(rows, "c3") == {"case_number": "same"}
