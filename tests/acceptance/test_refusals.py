"""A refusal names rows that are there to who may read them, whatever is asked (DESIGN.md 9).

Users with drawn rights to read, who may write everything, are refused by every surface: no answer
says what `/items` would not show them. Each value stands nowhere else.
"""

import json
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.access.secrets import token_hash
from tests.acceptance.two_accounts import GTIN_A, A, a, two_accounts
from tests.installation import client_of

__all__ = ["a", "two_accounts"]

PRODUCT, OTHER = f"/01/{GTIN_A}", "/01/04012345000016"
KEY = f"{PRODUCT}/21/SECRETSERIAL"
PENDING = "dddddddd-0000-4000-8000-00000000000a"
USED = "dddddddd-0000-4000-8000-00000000000b"
FARM, LOT = "ffffffff-0000-4000-8000-00000000000a", "ffffffff-0000-4000-8000-00000000000b"
COLLECTIONS = ("product", "unique_code", "campaign", "scm_field", "domain", "company_prefix",
               "identifier_job", "scan")  # fmt: skip

FURNITURE = f"""
INSERT INTO campaign (id, account, name) VALUES (424242, '{A}', 'One'), (434343, '{A}', 'Two');
INSERT INTO scm_field (id, campaign, key) VALUES ('{FARM}', 424242, 'secretfarm'),
  ('{LOT}', 424242, 'secretlot'), (gen_random_uuid(), 434343, 'secretfarm');
INSERT INTO product (id, account, product_name, campaign) VALUES
  ('{PRODUCT}', '{A}', 'One', 424242), ('{OTHER}', '{A}', 'Two', 424242);
INSERT INTO company_prefix (account, digits) VALUES ('{A}', '7777123');
INSERT INTO domain (id, account, domain_name, type, state, verification_code) VALUES
  ('{PENDING}', '{A}', 'pending.secret.example', 'short', 'pending', 'SECRETVERIFY'),
  ('{USED}', '{A}', 'used.secret.example', 'short', 'verified', 'SECRETOTHER');
INSERT INTO unique_code (id, account, code, type, product, extended_id, status) VALUES
  ('{KEY}', '{A}', 'SECRETSERIAL', 'sgtin', '{PRODUCT}', 'SECRETEXTENDED', 'encoded'),
  ('used.secret.example/HIDDENCODE', '{A}', 'HIDDENCODE', 'short_code', '{PRODUCT}', NULL,
   'encoded')
"""

SECRETS = {
    "SECRETSERIAL": (("unique_code", "id"), ("unique_code", "code")),
    "HIDDENCODE": (("unique_code", "id"), ("unique_code", "code")),
    "SECRETEXTENDED": (("unique_code", "extended_id"),),
    "secretfarm": (("scm_field", "key"),),
    "secretlot": (("scm_field", "key"),),
    "424242": (("product", "campaign"), ("campaign", "id"), ("scm_field", "campaign")),
    "7777123": (("company_prefix", "digits"),),
    "pending.secret.example": (("domain", "domain_name"),),
    "used.secret.example": (("domain", "domain_name"), ("unique_code", "id")),
    "SECRETVERIFY": (("domain", "verification_code"),),
}  # fmt: skip
"""Values, and the fields that they may be read in."""


def every(data):
    return {"query": {"limit": -1}, "data": data}


SSCC = {"type": "sscc", "quantity": 5}
SHORT = {"type": "short_code", "domain": PENDING}
LENGTH = f'update_product_items(ids: ["{PRODUCT}"], data: {{company_prefix_length: 6}})'
MUTATIONS = (
    f'delete_product_item(id: "{PRODUCT}") {{ id }}',
    f'update_scm_field_item(id: "{FARM}", data: {{campaign: 434343}}) {{ id }}',
    f"{LENGTH} {{ product_name }}",
)
WRITES = [
    ("PATCH", f"/items/product/{PRODUCT}", {"company_prefix_length": 6}),
    ("PATCH", "/items/product", every({"company_prefix_length": 6})),
    ("DELETE", f"/items/product/{PRODUCT}", None),
    ("DELETE", "/items/product", {"query": {"limit": -1}}),
    ("PATCH", "/items/unique_code", every({"scm_data": {"nokey": 1}})),
    ("PATCH", "/items/unique_code", every({"product": OTHER})),
    ("PATCH", "/items/unique_code", every({"code": "other"})),
    ("PATCH", "/items/unique_code", every({"status": "unassigned"})),
    ("PATCH", "/items/unique_code", every({"blacklist_reason": 3})),
    ("PATCH", f"/items/unique_code/{KEY}", {"scm_data": {"nokey": 1}}),
    ("PATCH", "/items/scm_field", every({"campaign": 434343})),
    ("PATCH", f"/items/scm_field/{FARM}", {"campaign": 434343}),
    ("PATCH", "/items/domain", every({"state": "verified"})),
    ("PATCH", f"/items/domain/{PENDING}", {"state": "verified"}),
    ("PATCH", f"/items/domain/{USED}", {"domain_name": "x.example"}),
    ("PATCH", f"/items/domain/{USED}", {"state": "pending"}),
    ("DELETE", f"/items/domain/{USED}", None),
    ("POST", "/items/identifier_job", {**SSCC, "sscc_company_prefix": "777712"}),
    ("POST", "/items/identifier_job", {**SSCC, "sscc_company_prefix": "77771"}),
    ("POST", "/items/identifier_job", {**SHORT, "quantity": 5}),
    ("POST", "/items/unique_code", {**SHORT, "code": "abc"}),
    ("POST", "/items/unique_code", {**SHORT, "code": "a c"}),
    ("POST", "/items/unique_code", [{"id": f"{OTHER}/21/A", "scm_data": {"nokey": 1}}]),
    ("POST", "/items/scan", {"code": {"id": KEY, "scm_data": {"nokey": 1}}}),
    ("POST", "/api/v2/scm/upload/", {"data_key": "extended_id", "items": [
        {"extended_id": "SECRETEXTENDED", "product": OTHER}]}),
    *(("POST", "/graphql", {"query": f"mutation {{ {mutation} }}"}) for mutation in MUTATIONS),
    ("IMPORT", "/utils/import/unique_code", [{"id": KEY, "scm_data": {"nokey": 1}}]),
    ("IMPORT", "/utils/import/scm_field", [{"id": FARM, "campaign": 434343}]),
    ("IMPORT", "/utils/import/product", [{"id": PRODUCT, "company_prefix_length": 6}]),
]  # fmt: skip
"""What is refused whoever asks."""

TOLD = ("SECRETSERIAL", "HIDDENCODE", "secretfarm", "secretlot", "424242", "pending.secret.example")
"""What some refusal names to who may read everything."""


@pytest.fixture
def furniture(rows, two_accounts):
    for statement in FURNITURE.split(";"):
        rows.execute(statement)


@pytest.fixture
def few(app, rows, furniture):
    """A client of a user of A who may write everything, and read what is said."""

    def made(reads, account=A):
        user, policy, token = str(uuid4()), str(uuid4()), uuid4().hex
        rows.execute(
            "INSERT INTO directus_users (id, email, account, status, token) "
            "VALUES (%s, %s, %s, 'active', %s)",
            [user, f"{user}@a.com", account, token_hash(token)],
        )
        rows.execute("INSERT INTO directus_policies (id, name) VALUES (%s, 'Few')", [policy])
        rows.execute(
            'INSERT INTO directus_access (id, policy, "user") VALUES (gen_random_uuid(), %s, %s)',
            [policy, user],
        )
        written = [(c, x, "*", None) for c in COLLECTIONS for x in ("create", "update", "delete")]
        for collection, action, fields, rule in [*written, *reads]:
            rows.execute(
                "INSERT INTO directus_permissions (policy, collection, action, fields, permissions)"
                " VALUES (%s, %s, %s, %s, %s)",
                [policy, collection, action, fields, rule and json.dumps(rule)],
            )
        return client_of(app, headers={"Authorization": f"Bearer {token}"})

    return made


async def ask(client, method, path, body):
    if method == "IMPORT":
        file = {"file": ("rows.json", json.dumps(body), "application/json")}
        return await client.post(path, files=file)
    return await client.request(method, path, json=body)


async def readable(client):
    found = set()
    for value, places in SECRETS.items():
        for collection, field in places:
            answer = await client.get(f"/items/{collection}?fields={field}&limit=-1")
            if answer.status_code == 200 and value in answer.text:
                found.add(value)
    return found


def _names(collection):
    own = [field for places in SECRETS.values() for name, field in places if name == collection]
    return st.lists(st.sampled_from([*own, "id", "date_created"]), min_size=1).map(",".join)


@st.composite
def _rights(draw):
    """To read nothing of a collection, some fields, some rows, or fields that depend on the row."""
    found = []
    for collection in COLLECTIONS:
        kind = draw(st.sampled_from(["nothing", "fields", "all", "rows", "by row"]))
        nowhere = {"date_created": {"_lt": "1990-01-01"}}
        if kind in {"fields", "by row"}:
            found.append((collection, "read", draw(_names(collection)), None))
        if kind == "all":
            found.append((collection, "read", "*", None))
        if kind in {"rows", "by row"}:
            found.append((collection, "read", "*", nowhere))
    return found


@given(rights=_rights())
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_no_refusal_names_what_its_caller_may_not_read(client, few, rights):
    async with few(rights) as asked:
        hidden = SECRETS.keys() - await readable(asked)
        for method, path, body in WRITES:
            answer = await ask(asked, method, path, body)
            assert answer.status_code < 500, (method, path, body, answer.text)
            said = path + json.dumps(body)
            told = {value for value in hidden if value in answer.text and value not in said}
            assert not told, (method, path, body, answer.text)


async def test_who_may_read_it_is_told(client, few):
    """Or the test above would hold for refusals that help nobody."""
    async with few([(name, "read", "*", None) for name in COLLECTIONS]) as asked:
        told = ""
        for method, path, body in WRITES:
            answer = await ask(asked, method, path, body)
            assert 400 <= answer.status_code < 500 or path == "/graphql", (path, body, answer.text)
            told += answer.text
        assert {value for value in TOLD if value not in told} == set()


async def test_domains_name_no_codes_to_who_may_not_read_these(client, few):
    """Users of no account write domains: what is under these, they may not see."""
    used = f"/items/domain/{USED}"
    writes = [
        ("PATCH", used, {"domain_name": "x.example"}),
        ("DELETE", used, None),
    ]
    named = {"HIDDENCODE"}
    for reads, expected in (([], set()), ([(n, "read", "*", None) for n in COLLECTIONS], named)):
        async with few(reads, account=None) as asked:
            told = set()
            for method, path, body in writes:
                answer = await ask(asked, method, path, body)
                assert answer.status_code in {400, 422}, (path, body, answer.text)
                said = path + json.dumps(body)
                told |= {value for value in named if value in answer.text and value not in said}
            assert told == expected
