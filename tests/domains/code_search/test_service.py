"""Searches for codes, parameter by parameter (systems.md 4.2), and whose codes they find."""

import doctest
from datetime import UTC, datetime

import pytest

from app.access.caller import SYSTEM, Caller
from app.domains.code_search import readings
from app.domains.code_search.readings import span, timeframe
from app.domains.code_search.service import CodeSearch, read_search
from app.errors import ErrorList, FailedValidation, Forbidden
from tests.domains.conftest import readable_of

GTIN = "/01/09312345551927"
SGTIN = f"{GTIN}/21/a1"

# Two products of campaign 101, one of 102; campaign 201 belongs to somebody else. The last code is
# a stranger's, on a product of ours.
FURNITURE = f"""
INSERT INTO campaign (id, account, name)
VALUES (101, %(a)s, 'Pork'), (102, %(a)s, 'Fish'), (201, %(b)s, 'Theirs');
INSERT INTO scm_field (campaign, key, position, is_active)
VALUES (101, 'market', 2, true), (101, 'lot_no', 1, true), (101, 'old', 0, false),
  (102, 'boat', 1, true), (201, 'secret', 1, true);
INSERT INTO brand (id, number, account, name)
VALUES ('11111111-0000-4000-8000-000000000000', 71, %(a)s, 'Brand');
INSERT INTO product (id, product_number, product_name, account, campaign, brand)
VALUES ('{GTIN}', 331, 'Pork', %(a)s, 101, '11111111-0000-4000-8000-000000000000'),
  ('own', 332, 'Ham', %(a)s, 101, NULL), ('fish', 333, 'Fish', %(a)s, 102, NULL),
  ('theirs', 334, 'Theirs', %(b)s, 201, NULL);
INSERT INTO workorder (id, account, reference, quantity, product, activate_on_complete)
VALUES (3413, %(a)s, 'W', 1, 'fish', false), (3414, %(b)s, 'W', 1, 'theirs', false);
INSERT INTO directus_users (id, email, legacy_id, account)
VALUES ('22222222-0000-4000-8000-000000000000', 'jelle@test.com', 391, %(a)s);
INSERT INTO unique_code (id, code, type, account, product, activation_status, activated_at,
  activated_by)
VALUES ('{SGTIN}', 'a1', 'sgtin', %(a)s, '{GTIN}', 1, '2021-01-31T12:00:00.5Z',
  '22222222-0000-4000-8000-000000000000');
UPDATE unique_code SET company_prefix_length = 7;
INSERT INTO unique_code (id, code, type, account, product, activation_status, extended_id,
  serial_number, scm_data, scm_updated_at)
VALUES ('id.example.com/b2', 'b2', 'short_code', %(a)s, 'own', 2, 'EXT-B2', 'S-2',
  '{{"market": "zh", "lot_no": 7}}', '2019-06-14T09:35:08Z');
INSERT INTO unique_code (id, code, type, account, product, workorder)
VALUES ('id.example.com/c3', 'c3', 'short_code', %(a)s, 'fish', 3413),
  ('id.example.com/d4', 'd4', 'short_code', %(b)s, 'theirs', 3414),
  ('id.example.com/e5', 'e5', 'short_code', %(b)s, 'own', NULL);
UPDATE unique_code SET company_prefix_length = 7 WHERE type = 'sgtin';
INSERT INTO scan (account, code, flags)
VALUES (%(a)s, 'id.example.com/b2', 'counterfeit,inactive'), (%(b)s, '{SGTIN}', 'inactive')
"""


@pytest.fixture
async def other(session) -> Caller:
    made = "INSERT INTO account (account_name) VALUES ('Other') RETURNING id"
    return Caller(account=await session.fetch_value(made), is_admin=True)


@pytest.fixture
def caller(admin: Caller) -> Caller:
    return admin


@pytest.fixture(autouse=True)
async def furnished(session, account: str, other: Caller) -> None:
    for statement in FURNITURE.split(";"):
        await session.execute(statement, {"a": account, "b": other.account})


@pytest.fixture
def read(session, caller):
    async def read(caller: Caller = caller, *, required: bool = True, **params) -> CodeSearch:
        return await read_search(session, readable_of(caller), params, campaign_required=required)

    return read


@pytest.fixture
def found(session, read):
    async def found(*, by: Caller | None = None, required: bool = True, **params) -> set[str]:
        own = {} if by is None else {"caller": by}
        search = await read(**own, required=required, **params)
        statement = f"SELECT c.code FROM {search.source} WHERE {search.where}"
        rows = await session.fetch_all(statement, search.bound())
        return {row["code"] for row in rows}

    return found


@pytest.mark.parametrize(
    ("params", "codes"),
    [
        ({}, "a1 b2"),
        ({"activation_status": "2"}, "b2"),
        ({"status": "active,blacklisted"}, "a1 b2"),
        ({"activation_status": "0"}, ""),
        ({"blacklisted": "false"}, "a1"),
        ({"blacklisted": "True"}, "b2"),
        ({"product": "331"}, "a1"),
        ({"products": "331,332,999"}, "a1 b2"),
        ({"product": "334"}, ""),
        ({"brands": "71"}, "a1"),
        ({"activated_by": "Jelle@test.com"}, "a1"),
        ({"activated_by": "391"}, "a1"),
        ({"serial_number": "a1"}, "a1"),
        ({"serial_number": "S-2"}, "b2"),
        ({"serial_number": "b2"}, ""),
        ({"extended_id": "EXT-B2"}, "b2"),
        ({"extended_id": "id.example.com/b2"}, ""),
        ({"extended_id": SGTIN}, "a1"),
        ({"date_from": "2021-01-31T12:00:00.5Z"}, "a1"),
        ({"date_from": "2021-02-01"}, ""),
        ({"date_to": "2021-01-31"}, "a1"),
        ({"timeframe": "-99y"}, "a1"),
        ({"timeframe": "1d"}, ""),
        ({"timeframe": "1d", "date_to": "2021-01-31"}, "a1"),
        ({"activated_at": "2021-01-31"}, "a1"),
        ({"activated_at": "2021-01-31T14:00:00+02:00,2021-02-01"}, "a1"),
        ({"activated_at": ",2021-01-30"}, ""),
        ({"updated_at": "2019-06-14T09:35:08Z"}, "b2"),
        ({"scm_market": "zh"}, "b2"),
        ({"market": "zh", "lot_no": "7"}, "b2"),
        ({"market": "us"}, ""),
        ({"flags": "genuine,counterfeit"}, "b2"),
        ({"flags": "inactive"}, "b2"),
        ({"flags": "", "product": " "}, "a1 b2"),
        ({"workorder": "3413"}, ""),
    ],
)
async def test_every_parameter_of_4_2(found, params, codes):
    assert await found(campaign="101", **params) == set(codes.split())


async def test_an_epc_finds_its_code(session, found):
    """systems.md 6.5: look-ups by extended_id resolve both the stored and the computed."""
    hexadecimal = await session.fetch_value(f"SELECT gs1_epc_hex('{SGTIN}', 7, 0)")
    assert await found(campaign="101", extended_id=hexadecimal) == {"a1"}
    for form in (
        hexadecimal.lower(),
        "https://ID.example.com:443/01/9312345551927/21/a1/?2026=1",
        "(01)09312345551927(21)a1",
        "]d20109312345551927 21a1\r\n",
    ):
        assert await found(campaign="101", extended_id=form) == {"a1"}, form


async def test_a_work_order_needs_no_campaign(found, read):
    """4.2: campaign is required unless workorder is given; its product's campaign names fields."""
    assert await found(workorder="3413") == {"c3"}
    assert (await read(workorder="3413")).scm_fields == ("boat",)
    with pytest.raises(FailedValidation) as caught:
        await read(timeframe="-1y")
    assert caught.value.extensions["field"] == "campaign"
    assert caught.value.detail == "This field is required."
    assert await found(required=False) == {"a1", "b2", "c3"}
    assert (await read(required=False)).scm_fields == ("lot_no", "market", "boat")


async def test_fields_are_the_active_ones_in_their_order(read):
    search = await read(campaign_id="101")
    assert search.scm_fields == ("lot_no", "market")
    assert search.campaign.id == 101


@pytest.mark.parametrize("params", [{"campaign": "201"}, {"campaign": "9"}, {"workorder": "3414"}])
async def test_what_is_of_another_account_is_not_there(read, params):
    with pytest.raises(Forbidden):
        await read(**params)


async def test_accounts_are_never_mixed(found, other):
    assert await found(by=other, campaign="201") == {"d4"}
    assert await found(by=other, required=False) == {"d4", "e5"}, "the codes of /items/unique_code"
    assert await found(by=Caller(), required=False) == set(), "nobody has no account"
    assert await found(by=SYSTEM, campaign="101") == {"a1", "b2", "e5"}
    with pytest.raises(FailedValidation, match="Unknown filter"):
        await found(campaign="101", secret="x")


@pytest.mark.parametrize(
    ("params", "field", "detail"),
    [
        ({"limit": "20"}, "limit", "Unknown filter."),
        ({"scm_boat": "x"}, "scm_boat", "Unknown filter."),
        ({"timeframe": "1h"}, "timeframe", "Enter a valid value."),
        ({"timeframe": "9999y"}, "timeframe", "Enter a valid value."),
        ({"timeframe": "999999d"}, "timeframe", "Enter a valid value."),
        ({"date_from": "soon"}, "date_from", "Enter a valid value."),
        ({"date_to": "0001-01-01T00:00:00+14:00"}, "date_to", "Enter a valid value."),
        ({"activated_at": ","}, "activated_at", "Enter a valid value."),
        ({"status": "3"}, "activation_status", "Enter a valid value."),
        ({"blacklisted": "maybe"}, "blacklisted", "Enter a valid value."),
        ({"product": "ABC"}, "product", "Enter a valid value."),
        ({"brands": "9" * 19}, "brands", "Enter a valid value."),
        ({"workorder": ","}, "workorder", "Enter a valid value."),
        ({"campaign": "x"}, "campaign", "Enter a valid value."),
        ({"serial_number": "a\0"}, "serial_number", "Enter a valid value."),
        ({"market": "\ud800"}, "market", "Enter a valid value."),
        ({"campaign_id": "102"}, "campaign_id", 'It contradicts "campaign": give one of them.'),
        (
            {"activated_at": "2021-01-31", "timeframe": "1y"},
            "activated_at",
            "Give either activated_at or timeframe.",
        ),
        (
            {"market": "a", "scm_market": "b"},
            "scm_market",
            'It contradicts "scm_market": give one of them.',
        ),
    ],
)
async def test_what_can_not_be_read_is_refused_by_its_name(read, params, field, detail):
    with pytest.raises(FailedValidation) as caught:
        await read(**{"campaign": "101", **params})
    assert (caught.value.extensions["field"], caught.value.detail) == (field, detail)


async def test_all_that_is_wrong_is_told_at_once(read):
    with pytest.raises(ErrorList) as caught:
        await read(campaign="101", timeframe="x", product="x", nonsense="x")
    fields = [error.extensions["field"] for error in caught.value.errors]
    assert fields == ["timeframe", "product", "nonsense"]


async def test_parameters_are_echoed_as_texts_that_read_the_same_again(read):
    """4.3: campaign "2084", activated_at "from,to"; 0.3 10: time filters become activated_at."""
    search = await read(
        campaign_id="101",
        date_from="2019-09-30T16:00:00.000Z",
        date_to="2021-01-31T16:00:00.000Z",
        status="active",
        products="331, 332",
        lot_no="7",
    )
    assert search.parameters == {
        "campaign": "101",
        "activated_at": "2019-09-30T16:00:00.000Z,2021-01-31T16:00:00.000Z",
        "activation_status": "1",
        "product": "331,332",
        "scm_lot_no": "7",
    }
    again = await read(**search.parameters)
    assert again.parameters == search.parameters
    assert sorted(map(str, again.values.values())) == sorted(map(str, search.values.values()))


def test_spans_of_time():
    now = datetime(2024, 2, 29, 12, tzinfo=UTC)
    assert timeframe("-1y", now).first == datetime(2023, 2, 28, 12, tzinfo=UTC)
    assert timeframe("3m", now).first == datetime(2023, 11, 29, 12, tzinfo=UTC)
    assert timeframe("2w", now).first == datetime(2024, 2, 15, 12, tzinfo=UTC)
    assert str(span("2024-02-29")) == "2024-02-29T00:00:00.000Z,2024-02-29T23:59:59.999999Z"


def test_the_examples_in_the_docs():
    assert doctest.testmod(readings).failed == 0
