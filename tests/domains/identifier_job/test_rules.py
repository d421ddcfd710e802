"""What a new identifier job must say, and what may still change (systems.md 1.2, 1.4, 1.5)."""

import pytest

from app.access.caller import SYSTEM, Caller
from app.database.session import WriteSession
from app.domains.identifier_job.rules import IdentifierJobRules
from app.errors import ErrorList
from app.items.hooks import Update
from app.settings import settings

RULES = IdentifierJobRules()
PRODUCT = "/01/09312345551927"
ASSET = "/8003/00614141123452"
SSCC = {"type": "sscc", "sscc_company_prefix": "0614141"}


@pytest.fixture(autouse=True)
async def furnished(session: WriteSession, account: str) -> None:
    for key in (PRODUCT, ASSET):
        await session.execute(
            "INSERT INTO product (id, product_name, account) VALUES (%(key)s, 'x', %(account)s)",
            {"key": key, "account": account},
        )


async def create(session: WriteSession, caller: Caller, **fields) -> dict:
    row = {"quantity": 100, "product": PRODUCT, "account": caller.account, **fields}
    await RULES.before_create(session, caller, [row])
    return row


async def refusals(session: WriteSession, caller: Caller, **fields) -> dict[str, str]:
    """The message by field of everything that is wrong."""
    with pytest.raises(ErrorList) as refused:
        await create(session, caller, **fields)
    return {error.extensions["field"]: error.message for error in refused.value.errors}


async def test_what_is_absent_is_filled_in(session, caller, account):
    row = await create(session, caller)
    assert row == {
        "quantity": 100,
        "product": PRODUCT,
        "type": "sgtin",
        "length": 8,
        "character_set": "alphanumeric",
        "status": "new",
        "sscc_start_serial": 0,
        "sscc_extension_digit": 0,
        "quantity_created": 0,
        "account": account,
    }


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"quantity": None}, "quantity", "Value is required."),
        (
            {"quantity": 1_000_001},
            "quantity",
            'Value has to be less than or equal to "1000000".',
        ),
        ({"length": 21}, "length", 'Value has to be less than or equal to "20".'),
        (
            {"type": "grai", "product": ASSET, "length": 17},
            "length",
            'Value has to be less than or equal to "16".',
        ),
        ({"product": None}, "product", "Value is required."),
        ({"type": "grai", "product": None}, "product", "Value is required."),
        (
            {"product": ASSET},
            "product",
            (
                "Value doesn't have the correct format: codes of type sgtin need a product whose "
                f'key is /01/<14 digits>, got "{ASSET}".'
            ),
        ),
        (
            {"type": "grai"},
            "product",
            (
                "Value doesn't have the correct format: codes of type grai need a product whose "
                f'key is /8003/0<13 digits>, got "{PRODUCT}".'
            ),
        ),
        ({"type": "sscc"}, "sscc_company_prefix", "Value is required."),
        (
            {**SSCC, "sscc_start_serial": 999_999_901},
            "sscc_start_serial",
            (
                'Value has to be less than or equal to "999999900". '
                "Company prefix 0614141 has 1000000000 serial references."
            ),
        ),
        (
            {"type": "sscc", "sscc_company_prefix": "952123456789", "quantity": 10_001},
            "quantity",
            (
                'Value has to be less than or equal to "10000". '
                "Company prefix 952123456789 has 10000 serial references."
            ),
        ),
        ({"type": "short_code"}, "domain", "Value is required."),
        (
            {"length": 6, "character_set": "numeric", "quantity": 500_001},
            "length",
            (
                "keyspace too small: 500000 codes of length 6 may still be issued "
                "(at most a share of 0.5), 500001 are asked for; "
                "length 7 would do."
            ),
        ),
    ],
)
async def test_a_job_that_could_not_succeed_is_refused(session, caller, fields, field, message):
    assert await refusals(session, caller, **fields) == {
        field: f'Validation failed for field "{field}". {message}'
    }


async def test_every_reason_is_reported(session, caller):
    found = await refusals(session, caller, quantity=None, product=None, length=99)
    assert sorted(found) == ["length", "product", "quantity"]


@pytest.mark.parametrize("field", ["account", "domain"])
async def test_what_does_not_exist_is_an_invalid_foreign_key(session, caller, field):
    missing = {
        "account": "6d6cb08a-0000-4000-8000-039e350eef1e",
        "domain": "6d6cb08a-0000-4000-8000-039e350eef1e",
    }
    with pytest.raises(ErrorList) as refused:
        await create(session, SYSTEM, **{field: missing[field]})
    codes = {(error.code, error.extensions["field"]) for error in refused.value.errors}
    assert ("INVALID_FOREIGN_KEY", field) in codes


async def test_things_of_another_account_do_not_exist(session, caller):
    other = await session.fetch_value(
        "INSERT INTO account (account_name) VALUES ('Other') RETURNING id"
    )
    domain = await session.fetch_value(
        "INSERT INTO domain (state, account, domain_name) "
        "VALUES ('verified', %(other)s, 'other.example') RETURNING id",
        {"other": other},
    )
    await session.execute(
        "INSERT INTO product (id, product_name, account) "
        "VALUES ('/01/09312345552016', 'x', %(other)s)",
        {"other": other},
    )
    found = await refusals(session, caller, product="/01/09312345552016", domain=domain)
    assert sorted(found) == ["domain", "product"]
    assert "Invalid foreign key" in found["domain"]
    assert "There is no product" in found["product"]


async def test_a_short_code_uses_the_default_domain(session, caller, account):
    await session.execute(
        "INSERT INTO domain (state, account, domain_name, type, is_default) "
        "VALUES ('verified', %(account)s, 'brand.example', 'short', true)",
        {"account": account},
    )
    await create(session, caller, type="short_code", product=None)


async def test_what_was_issued_and_the_same_request_count(session, caller):
    await session.execute(
        "INSERT INTO code_space (key_prefix, alphabet, length, next_position) "
        "VALUES ('/01/09312345551927/21/', '0123456789', 6, 499990), "
        "('/01/09312345551927/21/', '0123456789', 7, 4999995)"
    )
    numeric = {"product": PRODUCT, "character_set": "numeric", "length": 6}
    found = await refusals(session, caller, **numeric, quantity=11)
    assert found["length"].endswith(
        "10 codes of length 6 may still be issued "
        "(at most a share of 0.5), 11 are asked for; length 8 would do."
    )
    rows = [{**numeric, "quantity": 6}, {**numeric, "quantity": 5}]
    with pytest.raises(ErrorList, match="4 codes of length 6 may still be issued"):
        await RULES.before_create(session, caller, rows)


async def test_an_account_may_be_stricter(session, caller, account):
    await session.execute("UPDATE account SET max_keyspace_fill = 0.0001")
    found = await refusals(session, caller, character_set="numeric", length=6, quantity=101)
    assert "(at most a share of 0.0001)" in found["length"]
    assert found["length"].endswith("length 7 would do.")
    await create(session, caller, character_set="numeric", length=6, quantity=100)


async def test_no_length_may_do(session, caller, monkeypatch):
    monkeypatch.setenv("MAX_KEYSPACE_FILL", "1e-18")
    settings.cache_clear()
    found = await refusals(session, caller, character_set="numeric", quantity=101)
    assert found["length"].endswith("a larger character set is needed.")


@pytest.mark.parametrize("status", ["in_progress", "complete", "error"])
async def test_history_is_taken_as_it_is(session, caller, status):
    row = await create(session, caller, status=status, quantity=None, product=None)
    await RULES.after_create(session, caller, [{**row, "id": "x"}])
    assert session._after_commit == []


async def test_new_jobs_are_announced_after_the_commit(session, caller):
    await RULES.after_create(session, caller, [{"id": "x", "status": "new"}])
    assert len(session._after_commit) == 1


def stored(status: str, account: str, **fields) -> dict:
    return {
        "id": "6d6cb08a-0000-4000-8000-039e350eef1e",
        "type": "sgtin",
        "length": 8,
        "quantity": 100,
        "character_set": "alphanumeric",
        "status": status,
        "account": account,
        "product": PRODUCT,
        "domain": None,
        "reference_id": None,
        "sscc_start_serial": 0,
        "sscc_extension_digit": 0,
        "sscc_company_prefix": None,
        "error_message": None,
        "quantity_created": 0,
        **fields,
    }


async def change(session, caller, before: dict, **patch) -> Update:
    update = Update(before["id"], before, patch)
    await RULES.before_update(session, caller, [update])
    await RULES.after_update(session, caller, [update])
    return update


@pytest.mark.parametrize("status", ["in_progress", "complete"])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", 101),
        ("type", "sscc"),
        ("product", ASSET),
        ("character_set", "hex"),
        ("sscc_start_serial", 1),
        ("sscc_extension_digit", 1),
        ("sscc_company_prefix", "0614141"),
        ("domain", "6d6cb08a-0000-4000-8000-039e350eef1e"),
        ("account", "6d6cb08a-0000-4000-8000-039e350eef1e"),
    ],
)
async def test_what_was_begun_is_fixed(session, caller, account, status, field, value):
    before = stored(status, account)
    with pytest.raises(ErrorList) as refused:
        await change(session, caller, before, **{field: value})
    [error] = refused.value.errors
    assert (error.code, error.extensions["field"]) == ("FAILED_VALIDATION", field)
    assert f'it can only change before anything is minted, and the status is "{status}"' in str(
        error
    )
    await change(session, caller, before, **{field: before[field]})


@pytest.mark.parametrize("status", ["new", "error", "complete"])
async def test_what_has_codes_is_fixed_whatever_its_status(session, caller, account, status):
    before = stored(status, account)
    await session.execute(
        "INSERT INTO job_chunk (kind, job, number, amount, created, done_at) "
        "VALUES ('identifier_job', %(job)s, 0, 10, 10, now())",
        {"job": before["id"]},
    )
    with pytest.raises(ErrorList, match="codes of it have been minted"):
        await change(session, caller, before, quantity=5)


async def test_a_job_that_failed_before_its_first_code_can_be_mended(session, caller, account):
    await change(session, caller, stored("error", account), quantity=101)


@pytest.mark.parametrize("field", ["status", "length", "quantity_created", "type"])
async def test_what_has_a_default_is_never_null(session, caller, account, field):
    with pytest.raises(ErrorList, match="Value can't be null"):
        await change(session, caller, stored("new", account), **{field: None})


async def test_what_is_free_stays_free(session, caller, account):
    before = stored("in_progress", account)
    await change(
        session, caller, before, reference_id="x", quantity_created=5, length=9, status="complete"
    )
    assert session._after_commit == []


async def test_a_length_is_judged_at_any_time(session, caller, account):
    with pytest.raises(ErrorList, match='field "length"'):
        await change(session, caller, stored("complete", account), length=21)


async def test_a_new_job_may_change_and_is_judged_again(session, caller, account):
    await change(session, caller, stored("new", account), quantity=5, product=PRODUCT)
    with pytest.raises(ErrorList, match='field "quantity"'):
        await change(session, caller, stored("new", account), quantity=2_000_000)
    with pytest.raises(ErrorList, match='field "sscc_company_prefix"'):
        await change(session, caller, stored("new", account), type="sscc")


@pytest.mark.parametrize("status", ["complete", "error"])
async def test_a_job_set_to_new_is_tried_again(session, caller, account, status):
    before = stored(status, account, error_message="It failed.")
    update = await change(session, caller, before, status="new")
    assert update.patch == {"status": "new", "error_message": None}
    assert len(session._after_commit) == 1


@pytest.mark.parametrize("status", ["new", "in_progress"])
async def test_other_changes_of_status_tell_nobody(session, caller, account, status):
    for changed in ("new", "in_progress", "complete", "error"):
        if (status, changed) != ("complete", "new"):
            await change(session, caller, stored(status, account), status=changed)
    assert session._after_commit == []


async def test_a_deleted_job_gives_up_what_it_did_not_mint(session, caller, account):
    job = "6d6cb08a-0000-4000-8000-039e350eef1e"
    space = await session.fetch_value(
        "INSERT INTO code_space (key_prefix, alphabet, length) "
        "VALUES ('/x/', '01', 20) RETURNING id"
    )
    await session.execute(
        "INSERT INTO code_range (code_space, first_position, quantity, identifier_job, minted_at) "
        "VALUES (%(space)s, 0, 10, %(job)s, now()), (%(space)s, 10, 10, %(job)s, NULL)",
        {"space": space, "job": job},
    )
    await session.execute(
        "INSERT INTO job_chunk (kind, job, number, amount) "
        "VALUES ('identifier_job', %(job)s, 0, 10), ('export', %(job)s, 0, 10)",
        {"job": job},
    )
    await RULES.after_delete(session, caller, [job])
    ranges = await session.fetch_all("SELECT first_position FROM code_range")
    chunks = await session.fetch_all("SELECT kind FROM job_chunk")
    assert (ranges, chunks) == ([{"first_position": 0}], [{"kind": "export"}])


async def test_numbers_for_tags_have_12_digits_at_most(session, caller):
    """Below 2^38, or there is no SGTIN-96."""
    tags = {"character_set": "rfid_numeric"}
    assert (await create(session, caller, **tags, length=12))["length"] == 12
    for length in (13, 20):
        found = await refusals(session, caller, **tags, length=length)
        assert (
            'less than or equal to "12". Longer numbers do not fit the 96 bits' in found["length"]
        )
    found = await refusals(session, caller, **tags, length=6, quantity=450_001)
    assert "450000 codes of length 6 may still be issued" in found["length"]
    assert "length 7 would do" in found["length"]
