"""Work orders as Scantrust's clients give them (systems.md 4.6, D N7)."""

import io
import zipfile

import pytest

from tests.installation import ACCOUNT, PRODUCT
from tests.vendors.scantrust.conftest import OTHER

ORDERS = "/api/v2/workorders/"
CREATE = "/api/v2/workorders/create-sid/"
ORDER = {
    "activate_on_complete": True,
    "reference": "PO-1",
    "remarks": "first",
    "quantity": 12,
    "use_serial_number": False,
}


@pytest.fixture
def number(rows):
    """The number of the demo's product."""
    found = rows.execute("SELECT product_number FROM product WHERE id = %s", [PRODUCT]).fetchone()
    return found[0]


@pytest.fixture
async def company(as_company, uat):
    return await as_company(uat())


async def test_an_order_is_made_followed_and_downloaded(company, work, number, rows):
    """systems.md 4.6: finished when state `completed` and `codegen_file` present; a zip."""
    made = await company.post(CREATE, json={**ORDER, "product": number})
    assert made.status_code == 201, made.text
    order = made.json()
    assert order["state"] == "new"
    assert order["product"]["id"] == number
    assert {name: order[name] for name in ORDER} == ORDER
    url = f"{ORDERS}{order['id']}/"
    early = await company.get(f"{url}download/")
    assert early.status_code == 400
    assert "not completed" in early.json()["detail"]
    await work()
    done = (await company.get(url)).json()
    assert done["state"] == "completed"
    assert done["codegen_file"] == f"http://test{url}download/"
    assert rows.execute(
        "SELECT count(*), min(activation_status) FROM unique_code WHERE workorder = %s",
        [order["id"]],
    ).fetchone() == (12, 1)
    for place in (done["codegen_file"], f"{url}download"):
        file = await company.get(place)
        assert file.headers["content-type"] == "application/zip"
        [name] = zipfile.ZipFile(io.BytesIO(file.content)).namelist()
        assert name == f"workorder-{order['id']}.csv"
    assert (await company.head(f"{url}download/")).status_code == 200
    owner = rows.execute("SELECT DISTINCT account::text FROM directus_files").fetchall()
    assert owner == [(ACCOUNT,)]


async def test_orders_are_listed(company, number):
    """systems.md 4.6: is_archived, limit, offset, search."""
    for place in range(3):
        await company.post(CREATE, json={**ORDER, "reference": f"R{place}"})
    listed = (await company.get(f"{ORDERS}?is_archived=false&limit=2&search=R")).json()
    assert (listed["count"], [row["reference"] for row in listed["results"]]) == (3, ["R0", "R1"])
    assert listed["next"].endswith("?is_archived=false&search=R&limit=2&offset=2")
    refused = await company.get(f"{ORDERS}?state=new")
    assert (refused.status_code, refused.json()) == (400, {"state": ["Unknown filter."]})


@pytest.mark.parametrize("state", ["minted", "packing"])
async def test_clients_are_told_their_own_words(company, rows, state):
    made = (await company.post(CREATE, json=ORDER)).json()
    rows.execute("UPDATE workorder SET state = %s", [state])
    assert (await company.get(f"{ORDERS}{made['id']}")).json()["state"] == "processing"


@pytest.mark.parametrize("name", ["activate_on_complete", "reference", "quantity"])
async def test_what_is_required_is_asked_for(company, name):
    given = {key: value for key, value in ORDER.items() if key != name}
    refused = await company.post(CREATE, json=given)
    assert (refused.status_code, refused.json()) == (400, {name: ["This field is required."]})


async def test_a_reference_is_unique_in_a_company(company, as_company, uat, rows):
    """systems.md 4.6."""
    assert (await company.post(CREATE, json=ORDER)).status_code == 201
    again = await company.post(CREATE, json=ORDER)
    assert (again.status_code, again.json()) == (400, {"reference": ["This field must be unique."]})
    other = await as_company(uat(account=OTHER))
    rows.execute(
        "INSERT INTO domain (state, account, domain_name, type, is_default) "
        "VALUES ('verified', %s, 's.other.example', 'short', true)",
        [OTHER],
    )
    assert (await other.post(CREATE, json=ORDER)).status_code == 201


async def test_without_a_domain_a_company_is_told_what_to_do(as_company, uat):
    other = await as_company(uat(account=OTHER))
    refused = await other.post(CREATE, json=ORDER)
    assert refused.status_code == 400
    assert "default domain" in refused.json()["product"][0]


async def test_orders_and_products_of_others_are_not_there(company, as_company, uat, number, work):
    """systems.md 6.1.5."""
    other = await as_company(uat(account=OTHER))
    refused = await other.post(CREATE, json={**ORDER, "product": number})
    assert refused.json() == {"product": [f'Invalid pk "{number}" - object does not exist.']}
    made = (await company.post(CREATE, json=ORDER)).json()
    await work()
    for path in ("", "download/"):
        missing = await other.get(f"{ORDERS}{made['id']}/{path}")
        assert (missing.status_code, missing.json()) == (404, {"detail": "Not found."})
    assert (await other.post(f"{ORDERS}{made['id']}/cancel/")).status_code == 404
    assert (await other.get(ORDERS)).json()["count"] == 0


async def test_an_order_is_canceled_before_it_is_complete(company, work):
    """systems.md 6.8."""
    made = (await company.post(CREATE, json=ORDER)).json()
    gone = await company.post(f"{ORDERS}{made['id']}/cancel/")
    assert (gone.status_code, gone.json()["state"]) == (200, "canceled")
    done = (await company.post(CREATE, json={**ORDER, "reference": "2"})).json()
    await work()
    refused = await company.post(f"{ORDERS}{done['id']}/cancel/")
    assert refused.status_code == 400
    assert list(refused.json()) == ["state"]


async def test_words_are_asked_for(as_company, uat):
    seeing = await as_company(uat("workorder_view"))
    assert (await seeing.get(ORDERS)).status_code == 200
    assert (await seeing.post(CREATE, json=ORDER)).status_code == 403
    making = await as_company(uat("workorder_create", "workorder_sid_download"))
    made = (await making.post(CREATE, json=ORDER)).json()
    assert (await making.get(f"{ORDERS}{made['id']}/")).status_code == 403
    assert (await making.post(f"{ORDERS}{made['id']}/cancel/")).status_code == 403
    assert (await making.get(f"{ORDERS}{made['id']}/download/")).status_code == 400
    assert (await seeing.get(f"{ORDERS}{made['id']}/download/")).status_code == 403


async def test_of_a_user_that_is_deleted_no_list_is_made(company, client, work, number, rows):
    """A deleted user leaves null, as nobody does: the list says nothing to whoever reads it."""
    made = (await company.post(CREATE, json={**ORDER, "product": number})).json()
    (user,) = rows.execute("SELECT user_created::text FROM workorder").fetchone()
    assert (await client.delete(f"/users/{user}")).status_code == 204
    await work()
    state, file, sentence = rows.execute(
        "SELECT state, codegen_file, error_message FROM workorder WHERE id = %s", [made["id"]]
    ).fetchone()
    assert (state, file) == ("processing", None)  # it can be tried again, as after any failure
    assert "no longer an active user" in sentence
