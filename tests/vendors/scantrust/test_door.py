"""Every route shows what `/items` would show its caller, and changes what `/items` would change.

DESIGN.md section 9, one door. The routes are those of the route table; users have few rights, and
each field of each row has a value that stands nowhere else.
"""

import csv
import io
import json
import zipfile
from uuid import uuid4

import pytest
from starlette.routing import Route

from app.access.caller import ANONYMOUS
from app.access.secrets import token_hash
from app.domains.api_credential.scopes import NEEDED, is_permitted
from app.storage import storage_at
from app.vendors import scantrust
from tests.installation import ACCOUNT, PRODUCT

KEY = f"{PRODUCT}/21/SECRETSERIAL"
COLLEAGUE = "44444444-0000-4000-8000-000000000000"
FULL: dict[str, dict] = {"fields": "*"}

FURNITURE = f"""
UPDATE account SET account_name = 'SECRETCOMPANY' WHERE id = '{ACCOUNT}';
INSERT INTO directus_users (id, email, first_name, account, status)
  VALUES ('{COLLEAGUE}', 'secret@example.com', 'Colleague', '{ACCOUNT}', 'active');
INSERT INTO brand (account, name) VALUES ('{ACCOUNT}', 'SECRETBRAND');
INSERT INTO campaign (id, account, name, description)
  VALUES (11, '{ACCOUNT}', 'SECRETCAMPAIGN', 'SECRETWORDS');
INSERT INTO scm_field (campaign, key) VALUES (11, 'farm'), (11, 'lot_no');
UPDATE product SET campaign = 11, sku = 'SECRETSKU', product_name = 'SECRETNAME',
  brand = (SELECT id FROM brand WHERE name = 'SECRETBRAND') WHERE id = '{PRODUCT}';
INSERT INTO unique_code (id, account, code, type, product, extended_id, serial_number, scm_data,
    activation_status, activated_by, activated_at, scm_updated_by, company_prefix_length)
  VALUES ('{KEY}', '{ACCOUNT}', 'SECRETSERIAL', 'sgtin', '{PRODUCT}', 'SECRETEXTENDED',
    'SECRETNUMBER', '{{"farm": "SECRETFARM"}}', 1, '{COLLEAGUE}', '2020-02-02', '{COLLEAGUE}', 7),
    ('go.example.com/other', '{ACCOUNT}', 'other', 'short_code', '{PRODUCT}', 'OTHEREXTENDED',
    'OTHERNUMBER', '{{"farm": "OTHERFARM"}}', 0, NULL, NULL, NULL, NULL);
INSERT INTO scan (account, code, scanned_key, product, flags, user_email, install_id, country)
  VALUES ('{ACCOUNT}', '{KEY}', '{KEY}', '{PRODUCT}', 'SECRETFLAG', 'scanner@example.com',
    'SECRETINSTALL', 'zz');
INSERT INTO workorder (id, account, reference, remarks, quantity, product, activate_on_complete,
    state) VALUES (7, '{ACCOUNT}', 'SECRETREFERENCE', 'SECRETREMARKS', 1, '{PRODUCT}', false,
    'processing');
INSERT INTO scm_task (id, account, user_created, reference, constraints, scm_data, state)
  VALUES ('55555555-0000-4000-8000-000000000000', '{ACCOUNT}', '{COLLEAGUE}', 'SECRETTASK', '{{}}',
    '{{}}', 'complete');
INSERT INTO document (key, account, owner, parameters, status)
  VALUES ('secret00000a', '{ACCOUNT}', '{COLLEAGUE}', '{{"campaign": "11"}}', 'pending')
"""

VALUES = {
    ("unique_code", "extended_id"): "SECRETEXTENDED",
    ("unique_code", "serial_number"): "SECRETNUMBER",
    ("unique_code", "scm_data"): "SECRETFARM",
    ("unique_code", "activated_at"): "2020-02-02",
    ("scan", "flags"): "SECRETFLAG",
    ("scan", "user_email"): "scanner@example.com",
    ("scan", "install_id"): "SECRETINSTALL",
    ("scan", "country"): "zz",
    ("product", "sku"): "SECRETSKU",
    ("product", "product_name"): "SECRETNAME",
    ("brand", "name"): "SECRETBRAND",
    ("campaign", "name"): "SECRETCAMPAIGN",
    ("campaign", "description"): "SECRETWORDS",
    ("workorder", "reference"): "SECRETREFERENCE",
    ("workorder", "remarks"): "SECRETREMARKS",
    ("scm_task", "reference"): "SECRETTASK",
    ("directus_users", "email"): "secret@example.com",
    ("account", "account_name"): "SECRETCOMPANY",
}
"""What would give away that a field was read."""

PLACES = {
    "{id:digits}": ["11", "7", "1"],
    "{key}": ["secret00000a", "55555555-0000-4000-8000-000000000000"],
    "{token}": ["x" * 32],
}
QUERIES = ("", "?campaign=11", "?extended_id=SECRETEXTENDED", "?farm=SECRETFARM&campaign=11",
           "?flags=SECRETFLAG", "?activated_by=secret@example.com&campaign=11", "?search=SECRET",
           "?sku__exact=SECRETSKU", "?ordering=-sku", "?page_mode=cursor")  # fmt: skip


@pytest.fixture(autouse=True)
def furniture(rows):
    for statement in FURNITURE.split(";"):
        rows.execute(statement)


@pytest.fixture
def allowed(rows, as_company):
    """Makes a client of a user with permissions: (collection, action, what of it)."""

    async def allowed(*permissions, account=ACCOUNT):
        user, policy, token = str(uuid4()), str(uuid4()), uuid4().hex
        rows.execute(
            "INSERT INTO directus_users (id, email, account, status, token) "
            "VALUES (%s, %s, %s, 'active', %s)",
            [user, f"{user}@own.example.com", account, token_hash(token)],
        )
        rows.execute("INSERT INTO directus_policies (id, name) VALUES (%s, 'Few')", [policy])
        rows.execute(
            'INSERT INTO directus_access (id, policy, "user") VALUES (gen_random_uuid(), %s, %s)',
            [policy, user],
        )
        for collection, action, said in permissions:
            rows.execute(
                "INSERT INTO directus_permissions (policy, collection, action, fields, "
                "permissions, validation, presets) VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [
                    policy,
                    collection,
                    action,
                    said.get("fields", "*"),
                    *(json.dumps(said[n]) if n in said else None
                      for n in ("permissions", "validation", "presets")),
                ],
            )  # fmt: skip
        client = await as_company({"Authorization": f"Bearer {token}"})
        client.user = user
        return client

    return allowed


def reads(*collections, **fields):
    """Permissions to read collections whole, and fields of others."""
    whole = [(name, "read", FULL) for name in collections]
    return [*whole, *((name, "read", {"fields": own}) for name, own in fields.items())]


SETS = {
    "nothing": [],
    "codes": reads("unique_code"),
    "products": reads("product"),
    "scans": reads("scan"),
    "keys of everything": reads(
        unique_code="id,product,type",
        scan="id,code,product",
        product="id,campaign",
        campaign="id",
        workorder="id",
        scm_task="id",
    ),
    "codes and campaigns by few fields": reads(
        "scan",
        unique_code="id,product,extended_id",
        product="id,campaign,product_name",
        campaign="id,name",
    ),
    "everything but codes": reads(
        "scan", "product", "brand", "campaign", "scm_field", "workorder", "scm_task", "account"
    ),
    "rows of others": [
        ("unique_code", "read", {"permissions": {"code": {"_eq": "other"}}}),
        *reads("product", "campaign", "scm_field", "scan", "workorder"),
    ],
    "some fields of some rows": [
        ("unique_code", "read", {"permissions": {"code": {"_eq": "other"}}}),
        ("unique_code", "read", {"fields": "id,product,type,activation_status"}),
        *reads("product", "campaign", "scm_field", "scan"),
    ],
}


async def shown_by_items(client) -> set:
    """The values that `/items` (and `/users`) shows the caller of a client."""
    found = set()
    for (collection, field), value in VALUES.items():
        system = collection.startswith("directus_")
        place = f"/{collection.removeprefix('directus_')}" if system else f"/items/{collection}"
        answer = await client.get(f"{place}?fields={field}&limit=-1")
        if answer.status_code == 200 and value in answer.text:
            found.add(value)
    return found


def paths():
    """Every GET route of the surface, its places filled in."""
    for route in scantrust.SCANTRUST.routes:
        if not isinstance(route, Route) or "path:path" in route.path:
            continue
        filled = [route.path]
        for place, values in PLACES.items():
            filled = [
                path.replace(place, value) for path in filled
                for value in (values if place in path else [""])
            ]  # fmt: skip
        assert all("{" not in path for path in filled), f"Say what {route.path} may be asked with."
        yield from (path for path in filled if not path.endswith("/"))


@pytest.mark.parametrize("name", SETS)
async def test_no_route_shows_what_items_would_not(allowed, rows, name, work, installation):
    client = await allowed(*SETS[name])
    own = await shown_by_items(client)
    secrets = set(VALUES.values()) - own
    before = rows.execute("SELECT count(*) FROM document").fetchone()[0]
    for path in paths():
        for query in QUERIES:
            answer = await client.get(path + query)
            assert answer.status_code < 500, (path + query, answer.text)
            echoed = {"SECRETEXTENDED", "SECRETFARM", "SECRETFLAG", "SECRETSKU"}
            asked = {value for value in echoed if value in query} | (
                {"secret@example.com"} if "secret@" in query else set()
            )
            told = {value for value in secrets - asked if value in answer.text}
            assert not told, (path + query, answer.text)
    await work()
    made = rows.execute("SELECT object_name FROM document WHERE object_name IS NOT NULL").fetchall()
    for (stored,) in made:
        blocks = await storage_at(installation.s3_url).open(stored)
        content = b"".join([block async for block in blocks])
        archive = zipfile.ZipFile(io.BytesIO(content))
        text = archive.read(archive.namelist()[0]).decode()
        assert not {value for value in secrets if value in text}, text
    asked = rows.execute("SELECT count(*) FROM document").fetchone()[0] - before
    if "unique_code" not in {collection for collection, _, _ in SETS[name]}:
        assert asked == 0


async def test_the_routes_do_show_it_to_who_may_see_it(uat, as_company):
    """Or the test above would see nothing whatever they showed."""
    client = await as_company(uat())
    told = ""
    for path in paths():
        told += (await client.get(path)).text
    hidden = {value for value in VALUES.values() if value not in told}
    assert hidden <= {"2020-02-02", "secret@example.com"}, "these are in files only"


async def test_who_may_read_no_codes_is_refused(allowed):
    """The reproduction: 403 at `/items/unique_code`, so 403 here, in the shape of the product."""
    client = await allowed(*SETS["everything but codes"])
    assert (await client.get("/items/unique_code")).status_code == 403
    refused = await client.get("/api/v2/codes/download/?campaign=11")
    denied = {"detail": "You do not have permission to perform this action."}
    assert (refused.status_code, refused.json()) == (403, denied)


async def test_a_file_has_the_rows_and_fields_of_who_asked(allowed, work, rows, installation):
    client = await allowed(*SETS["some fields of some rows"])
    assert (await client.get("/api/v2/codes/download/?campaign=11")).status_code == 200
    await work()
    [found] = await files(rows, installation)
    shown = {row["status"]: row for row in found}
    assert set(shown) == {"active", "inactive"}
    assert shown["active"]["extended_id"] == shown["active"]["farm"] == ""
    assert (shown["inactive"]["extended_id"], shown["inactive"]["farm"]) == (
        "OTHEREXTENDED",
        "OTHERFARM",
    )
    assert {row["activated_by"] for row in found} == {""}


async def files(rows, installation):
    found = []
    stored = "SELECT object_name FROM document WHERE object_name IS NOT NULL"
    for (name,) in rows.execute(stored).fetchall():
        blocks = await storage_at(installation.s3_url).open(name)
        archive = zipfile.ZipFile(io.BytesIO(b"".join([block async for block in blocks])))
        text = archive.read(archive.namelist()[0]).decode()
        found.append(list(csv.DictReader(io.StringIO(text))))
    return found


@pytest.mark.parametrize(
    "query", ["extended_id=SECRETEXTENDED", "farm=SECRETFARM", "scm_farm=x", "serial_number=x",
              "activation_status=1", "updated_at=2020-01-01,", "flags=SECRETFLAG", "brands=1",
              "activated_by=secret@example.com", "timeframe=-1y"]
)  # fmt: skip
async def test_nobody_searches_by_what_it_may_not_read(allowed, query):
    """As `/items` refuses the filter: how many are found would tell the value."""
    client = await allowed(*SETS["keys of everything"])
    refused = await client.get(f"/api/v2/codes/download/?campaign=11&{query}")
    assert refused.status_code in {400, 403}, refused.text


@pytest.mark.parametrize(
    ("route", "rights"),
    [
        ("products", reads(product="id,product_name")),
        ("campaigns", reads("unique_code", campaign="name")),
        ("workorders", reads(workorder="reference")),
        ("dashboard/scans", reads(scan="id,result")),
    ],
)
async def test_an_order_that_nobody_asked_for_needs_no_rights(allowed, route, rights):
    client = await allowed(*rights)
    shown = await client.get(f"/api/v2/{route}/")
    assert (shown.status_code, shown.json()["count"]) == (200, len(shown.json()["results"]))
    assert shown.json()["count"] >= 1


async def test_a_product_without_its_key_is_shown(allowed):
    client = await allowed(*reads(product="product_number,product_name"))
    shown = (await client.get("/api/v2/products/")).json()["results"]
    [listed] = [one for one in shown if one["name"] == "SECRETNAME"]
    shown = (await client.get(f"/api/v2/products/{listed['id']}/")).json()
    assert shown == listed
    assert (shown["uuid"], shown["code_count"]) == (None, None)


async def test_what_is_computed_is_computed_of_the_row_as_it_is(allowed, rows):
    """What it comes of may be hidden in a row: its EPC is that of the chip all the same."""
    rows.execute("UPDATE unique_code SET extended_id = NULL")
    shown = "id,extended_id,epc_hex,epc_uri,digital_link,serial_number,activation_status"
    path = f"/items/unique_code?fields={shown}&sort=id"
    one = await allowed(*reads(unique_code=shown))
    expected = (await one.get(path)).json()["data"]
    assert [row["epc_hex"] is None for row in expected] == [False, True]
    active = {"permissions": {"activation_status": {"_eq": 0}}}
    two = await allowed(*reads(unique_code=shown), ("unique_code", "read", active))
    assert (await two.get(path)).json()["data"] == expected
    by_epc = f"{path}&filter[extended_id][_eq]={expected[0]['extended_id']}"
    assert (await two.get(by_epc)).json()["data"] == expected[:1]


async def test_a_refusal_tells_nothing_of_a_row_that_may_not_be_read(allowed, rows):
    rows.execute(
        "INSERT INTO domain (account, domain_name, state) "
        "VALUES (%s, 'go.example.com', 'verified') ON CONFLICT DO NOTHING",
        [ACCOUNT],
    )
    client = await allowed(*reads(domain="id"), ("domain", "update", FULL))
    for patch in ({"domain_name": "x.example.com"}, {"state": "pending"}):
        body = {"query": {"filter": {}}, "data": patch}
        refused = await client.patch("/items/domain", json=body)
        assert refused.status_code == 400
        assert "go.example.com" not in refused.text


async def test_documents_are_those_of_who_asked(allowed, uat, as_company, rows):
    """And of the account's admins; a colleague with the same rights has none of them."""
    rights = reads("unique_code", "product", "campaign", "scm_field")
    one, two = await allowed(*rights), await allowed(*rights)
    asked = await one.get("/api/v2/codes/download/?campaign=11")
    key = asked.json()["document"]["key"]
    admin = await as_company(uat("codes_view"))
    for path in (f"/api/v2/documents/{key}", f"/api/v2/documents/{key}/get-download-link"):
        assert (await two.get(path)).status_code == 404
        assert (await one.get(path)).status_code != 404
        assert (await admin.get(path)).status_code != 404


@pytest.mark.parametrize("change", ["status = 'suspended'", "account = NULL"])
async def test_a_file_is_made_for_who_may_have_it_still(allowed, work, rows, change):
    client = await allowed(*reads("unique_code", "product", "campaign", "scm_field"))
    assert (await client.get("/api/v2/codes/download/?campaign=11")).status_code == 200
    rows.execute(f"UPDATE directus_users SET {change} WHERE id = %s", [client.user])
    rows.execute("DELETE FROM document WHERE key = 'secret00000a'")
    await work()
    [(status, sentence)] = rows.execute("SELECT status, error_message FROM document").fetchall()
    assert status == "failed"
    assert "ask for it again" in sentence


UPLOADS = reads("unique_code", "product", "scm_field")


async def upload(client, *items):
    body = {"data_key": "extended_id", "items": list(items)}
    return await client.post("/api/v2/scm/upload/", json=body)


async def test_an_upload_is_judged_as_a_patch_is(allowed, rows):
    """A permission's validation and presets, for every changed code."""
    said = {
        "fields": "scm_data,activation_status,custom_id",
        "validation": {"activation_status": {"_neq": 2}},
        "presets": {"custom_id": "BY PRESET"},
    }
    client = await allowed(*UPLOADS, ("unique_code", "update", said))
    refused = await upload(client, {"extended_id": "OTHEREXTENDED", "activation_status": "2"})
    patched = await client.patch(f"/items/unique_code/{KEY}", json={"activation_status": 2})
    assert (refused.status_code, patched.status_code) == (400, 400)
    done = await upload(client, {"extended_id": "OTHEREXTENDED", "farm": "new"})
    assert done.json()["codes_affected"] == 1, done.text
    assert rows.execute(
        "SELECT scm_data ->> 'farm', custom_id FROM unique_code WHERE code = 'other'"
    ).fetchone() == ("new", "BY PRESET")


async def test_rows_of_one_permission_never_have_the_fields_of_another(allowed, rows):
    mine = {"permissions": {"code": {"_eq": "other"}}, "fields": "scm_data,activation_status"}
    client = await allowed(
        *UPLOADS, ("unique_code", "update", mine), ("unique_code", "update", {"fields": "scm_data"})
    )
    both = [{"extended_id": key, "activation_status": "1", "farm": "x"}
            for key in ("OTHEREXTENDED", "SECRETEXTENDED")]  # fmt: skip
    assert (await upload(client, both[1])).status_code == 403
    assert (await upload(client, both[0])).json()["codes_affected"] == 1
    data = [{"extended_id": key, "farm": "y"} for key in ("OTHEREXTENDED", "SECRETEXTENDED")]
    assert (await upload(client, *data)).json()["codes_affected"] == 2
    found = rows.execute(
        "SELECT activation_status, scm_data ->> 'farm' FROM unique_code"
    ).fetchall()
    assert sorted(found) == [(1, "y"), (1, "y")]


@pytest.mark.parametrize("word", sorted(NEEDED["scantrust_uat"]))
async def test_tokens_have_the_words_that_permissions_imply(allowed, word):
    """Directus's own tokens, too: each word asks for one permission, and that is enough."""
    needed = NEEDED["scantrust_uat"][word]
    without = await allowed()
    having = await allowed(
        (needed.collection, needed.action, {"fields": needed.field or "id"}), *reads("account")
    )
    words = (await without.get("/api/v2/me/")).json()["permissions"]
    assert words == []
    assert word in (await having.get("/api/v2/me/")).json()["permissions"]
    assert not is_permitted(ANONYMOUS, "scantrust_uat", word)
