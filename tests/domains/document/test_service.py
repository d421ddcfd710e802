"""Documents of Scantrust's searches, and the links to them (systems.md 4.2 to 4.4, 6.7, 8.2)."""

import asyncio
import csv
import io
import random
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import orjson
import pytest
from sqlalchemy import select

from app.access.caller import SYSTEM, Caller
from app.access.secrets import token_hash
from app.database.tables import METADATA
from app.domains.code_search.service import read_search
from app.domains.document.archive import zipped
from app.domains.document.file import complete, fail, make_file
from app.domains.document.links import file_of, link, linked, place_of, use_up
from app.domains.document.narrowing import MOST_PRODUCTS, narrowed
from app.domains.document.service import ask, read_document
from app.domains.document.statement import BLACKLIST_REASONS, header, selection, statement
from app.errors import (
    DocumentExpired,
    DocumentFailed,
    DocumentNotReady,
    Forbidden,
    ServiceUnavailable,
    UnprocessableContent,
)
from app.items.hooks import expression_of
from app.storage import storage_at
from tests.domains.conftest import COMPILER, readable_of

SAMPLE = (Path(__file__).parents[2] / "data" / "scantrust_codes.csv").read_bytes()
"""The seed's own example: its header and five rows."""
FIXED = 12
"""Columns before the supply-chain fields."""
NOBODY = Caller()
STRANGER = Caller(account="00000000-0000-4000-8000-000000000000")

FURNITURE = """
INSERT INTO campaign (id, account, name) VALUES (2084, %(a)s, 'Pork');
INSERT INTO brand (account, name) VALUES (%(a)s, 'American Pork'), (%(a)s, 'Queen Victoria');
INSERT INTO product (id, product_name, sku, account, campaign, brand)
SELECT lower(name), name, sku, %(a)s::uuid, 2084,
  (SELECT id FROM brand WHERE brand.name = sold.brand AND account = %(a)s)
FROM (VALUES ('Pork', '259052703982', 'American Pork'), ('Lettuce', '060556200408',
  'Queen Victoria')) AS sold (name, sku, brand);
INSERT INTO workorder (id, account, reference, quantity, product, activate_on_complete)
VALUES (3413, %(a)s, 'A', 1, 'pork', true), (3414, %(a)s, 'B', 1, 'pork', true);
INSERT INTO directus_users (email, account)
VALUES ('jelle@test.com', %(a)s), ('j@test.com', %(a)s), ('scmuser@test.com', %(a)s)
"""
# A code that reads as a row of the sample does.
CODE = """
INSERT INTO unique_code (id, code, type, account, product, extended_id, activation_status,
  workorder, scm_updated_at, scm_updated_by, activated_at, activated_by, scm_data)
VALUES ('id.example.com/' || %(extended_id)s, 'x', 'short_code', %(account)s, lower(%(product)s),
  %(extended_id)s, 1, %(workorder_id)s::int, nullif(%(scm_updated_at)s, '')::timestamptz,
  (SELECT id FROM directus_users WHERE email = %(scm_updated_by)s),
  nullif(%(activated_at)s, '')::timestamptz,
  (SELECT id FROM directus_users WHERE email = %(activated_by)s), %(scm_data)s)
"""


@pytest.fixture
async def sample(session, account: str) -> list[dict[str, str]]:
    """The seed's rows, and codes that should read so."""
    for part in FURNITURE.split(";"):
        await session.execute(part, {"a": account})
    rows = list(csv.DictReader(io.StringIO(SAMPLE.decode())))
    fields = list(rows[0])[FIXED:]
    await session.execute(
        "INSERT INTO scm_field (campaign, key, position) "
        "SELECT 2084, key, place FROM unnest(%(keys)s::text[]) WITH ORDINALITY AS f (key, place)",
        {"keys": fields},
    )
    for row in rows:
        data = {key: row[key] for key in fields if row[key]}
        values = {**row, "account": account, "scm_data": orjson.dumps(data).decode()}
        await session.execute(CODE, values)
    return rows


@pytest.fixture
def caller(admin: Caller) -> Caller:
    return admin


@pytest.fixture
def lines(session, caller):
    """The bytes of the file of a search, as PostgreSQL makes them."""

    async def lines(**params: str) -> bytes:
        search = await read_search(session, readable_of(caller), params, campaign_required=True)
        found = await narrowed(session, search)
        rows = [bytes(block) async for block in session.copy_out(*statement(found))]
        return header(found) + b"".join(rows)

    return lines


@pytest.fixture
def asked(session, caller):
    async def asked(**params: str) -> str:
        search = await read_search(session, readable_of(caller), params, campaign_required=True)
        return (await ask(session, search)).key

    return asked


@pytest.fixture
async def made(session, asked, sample, s3_url):
    """The key of a complete document."""
    key = await asked(campaign="2084")
    await make_file(session, COMPILER, storage_at(s3_url), key)
    await session.execute("UPDATE document SET status = 'complete'")
    await complete(session, key)
    return key


async def test_the_bytes_are_the_seeds(lines, sample):
    """4.4: the columns in the S order, then SCM keys; all quoted; `36°F 95%`; +00:00 times."""
    found = await lines(campaign="2084")
    assert found.splitlines()[0] == SAMPLE.splitlines()[0]
    assert sorted(found.splitlines(keepends=True)) == sorted(SAMPLE.splitlines(keepends=True))
    assert '"36°F 95%"'.encode() in found


async def test_zero_rows_are_a_header(lines, sample):
    """4.3: row_count 0 is legal and gives a header-only CSV."""
    assert await lines(campaign="2084", activation_status="2") == SAMPLE.splitlines(True)[0]


async def test_a_work_order_alone_has_the_fields_of_its_products_campaign(lines, sample):
    found = await lines(workorder="3413")
    assert found.splitlines() == SAMPLE.splitlines()[:2]


async def test_quotes_commas_and_line_ends_stay_in_their_field(session, lines, sample):
    """4.4: CSV with every field quoted. 6.9: formulas are left as they are."""
    wild = '=1+1, "two"\nthree'
    data = orjson.dumps({"farm_name": wild, "organic": True, "case_number": 7}).decode()
    await session.execute("UPDATE unique_code SET scm_data = %(data)s", {"data": data})
    rows = list(csv.DictReader(io.StringIO((await lines(campaign="2084")).decode(), newline="")))
    assert {(row["farm_name"], row["organic"], row["case_number"]) for row in rows} == {
        (wild, "true", "7")
    }


async def test_a_small_campaign_is_found_without_looking_at_all_codes(
    session, account, caller, sample, lines
):
    """6.5: a code's campaign is its product's. Keys of SGTINs begin with their product's key."""
    await session.execute(
        "INSERT INTO product (id, product_name, account, campaign) VALUES "
        "('/01/09312345551927', 'x', %(a)s, 2084), ('/01/70614141123451', 'y', %(a)s, NULL)",
        {"a": account},
    )
    await session.execute(
        "INSERT INTO unique_code (id, code, account, product) "
        "SELECT product || '/21/' || n, n, %(a)s, product FROM generate_series(1, 20000) AS n, "
        "(VALUES ('/01/09312345551927', 100), ('/01/70614141123451', 20000)) AS p (product, most) "
        "WHERE n <= most",
        {"a": account},
    )
    await session.execute("ANALYZE unique_code")
    assert len((await lines(campaign="2084")).splitlines()) == 1 + 5 + 100
    number = await session.fetch_value("SELECT product_number FROM product WHERE id = 'pork'")
    assert len((await lines(campaign="2084", product=str(number))).splitlines()) == 1 + 3
    search = await read_search(
        session, readable_of(caller), {"campaign": "2084"}, campaign_required=True
    )
    rows, values = selection(await narrowed(session, search))
    plan = await session.fetch_all(f"EXPLAIN {rows}", values)
    assert "Seq Scan on unique_code" not in str(plan)
    await session.execute(
        "INSERT INTO product (id, product_name, account, campaign) "
        "SELECT 'p' || n, n, %(a)s, 2084 FROM generate_series(1, %(most)s) AS n",
        {"a": account, "most": MOST_PRODUCTS},
    )
    assert await narrowed(session, search) == search
    assert len((await lines(campaign="2084")).splitlines()) == 1 + 5 + 100


async def test_words_of_blacklisted_codes(session, lines, sample):
    """4.4: blacklist reasons 0 to 10 as words."""
    rows = []
    for number in range(11):
        await session.execute(
            "UPDATE unique_code SET activation_status = 2, blacklist_reason = %(number)s",
            {"number": number},
        )
        found = csv.DictReader(io.StringIO((await lines(campaign="2084")).decode()))
        rows.append(next(iter(found)))
    assert [row["blacklist_reason"] for row in rows] == list(BLACKLIST_REASONS)
    assert {row["status"] for row in rows} == {"blacklisted"}


async def test_computed_columns_are_the_computed_fields(session, account, caller, sample):
    """6.5: extended_id and serial_number as /items and GraphQL read them."""
    job = await session.fetch_value(
        "INSERT INTO identifier_job (type, sscc_company_prefix) VALUES ('sscc', '0614141') "
        "RETURNING id"
    )
    await session.execute("DELETE FROM unique_code")
    await session.execute(
        "INSERT INTO product (id, product_name, account, campaign) VALUES "
        "('/01/09312345551927', 'x', %(a)s, 2084), ('/01/70614141123451', 'y', %(a)s, 2084), "
        "('/8003/00614141123452', 'z', %(a)s, 2084)",
        {"a": account},
    )
    await session.execute(
        "INSERT INTO unique_code (id, code, type, account, product, serial_number, "
        "identifier_job) VALUES "
        "('/01/09312345551927/21/32ab', '32ab', 'sgtin', %(a)s, '/01/09312345551927', NULL, NULL), "
        "('/01/09312345551927/21/7', '7', 'sgtin', %(a)s, '/01/09312345551927', 'mine', NULL), "
        "('/01/70614141123451/21/7', '7', 'sgtin', %(a)s, '/01/70614141123451', NULL, NULL), "
        "('/8003/00614141123452400', '400', 'grai', %(a)s, '/8003/00614141123452', NULL, NULL), "
        "('/00/006141410000000005', '006141410000000005', 'sscc', %(a)s, 'pork', NULL, %(job)s), "
        "('id.example.com/q', 'q', 'short_code', %(a)s, 'pork', NULL, NULL)",
        {"a": account, "job": job},
    )
    await session.execute(
        "UPDATE unique_code SET company_prefix_length = 7 "
        "WHERE id NOT LIKE '/01/7%%' AND type <> 'short_code'"
    )
    code = METADATA.tables["unique_code"].alias("t")
    extended, serial = (expression_of("unique_code", n) for n in ("extended_id", "serial_number"))
    rows = await session.fetch_all(select(extended(code).label("e"), serial(code).label("s")))
    expected = {(row["e"], row["s"] or "") for row in rows}
    search = await read_search(
        session, readable_of(caller), {"campaign": "2084"}, campaign_required=True
    )
    search = await narrowed(session, search)
    blocks = [bytes(block) async for block in session.copy_out(*statement(search))]
    found = csv.reader(io.StringIO(b"".join(blocks).decode()))
    assert {(row[0], row[1]) for row in found} == expected
    assert len(expected) == 6
    assert sum(bool(re.fullmatch("[0-9A-F]{24,}", one)) for one, _ in expected) == 4


async def test_names_and_addresses_of_other_accounts_stay_away(session, lines, sample):
    """6.1: a row of another account is a missing row."""
    other = "INSERT INTO account (account_name) VALUES ('Other') RETURNING id"
    values = {"other": await session.fetch_value(other)}
    await session.execute("UPDATE brand SET account = %(other)s", values)
    await session.execute("UPDATE directus_users SET account = %(other)s", values)
    found = (await lines(campaign="2084")).decode()
    assert "Queen" not in found
    assert "@" not in found
    await session.execute("UPDATE product SET account = %(other)s", values)
    assert len((await lines(campaign="2084")).splitlines()) == 1
    own = csv.DictReader(io.StringIO((await lines(workorder="3414")).decode()))
    assert {(row["product"], row["sku"]) for row in own} == {("", "")}


async def test_a_document_waits_with_what_was_asked(session, account, caller, sample):
    """4.2, 4.3: 12 small letters and digits; rq:job:<uuid>; nothing known before completion."""
    user = await session.fetch_value("SELECT id FROM directus_users WHERE email = 'jelle@test.com'")
    someone = Caller(user=user, account=account, is_admin=True)
    params = {"campaign": "2084", "date_from": "2019-09-30T16:00:00Z", "flags": ""}
    search = await read_search(session, readable_of(someone), params, campaign_required=True)
    document = await ask(session, search)
    assert re.fullmatch("[a-z0-9]{12}", document.key)
    assert re.fullmatch("rq:job:[0-9a-f-]{36}", document.task)
    assert document.parameters == {"campaign": "2084", "activated_at": "2019-09-30T16:00:00.000Z,"}
    assert (document.status, document.category, document.doctype) == (
        "pending",
        "code",
        "search-result",
    )
    assert (document.file_size, document.row_count, document.expires_at) == (None, None, None)
    assert (document.is_expired, document.related_id, document.description) == (False, None, "")
    numbers = await session.fetch_one(
        "SELECT a.company_id, u.legacy_id FROM account AS a, directus_users AS u "
        "WHERE a.id = %(a)s AND u.id = %(u)s",
        {"a": account, "u": user},
    )
    assert (document.company, document.owner, document.created_by) == (
        numbers["company_id"],
        numbers["legacy_id"],
        numbers["legacy_id"],
    )
    assert await read_document(session, readable_of(SYSTEM), document.key) == document
    assert (await ask(session, search)).key != document.key


async def test_a_document_of_another_account_is_not_there(session, asked, sample):
    """4.3: visible to the same company only."""
    key = await asked(campaign="2084")
    for caller in (STRANGER, NOBODY):
        with pytest.raises(Forbidden):
            await read_document(session, readable_of(caller), key)
        with pytest.raises(Forbidden):
            await link(session, readable_of(caller), key)
    for wrong in ("", "unknown00000", "x\0", f"{key}x", key.upper()):
        with pytest.raises(Forbidden):
            await read_document(session, readable_of(SYSTEM), wrong)


async def test_nobody_can_not_ask(session, caller, sample):
    search = await read_search(
        session, readable_of(caller), {"campaign": "2084"}, campaign_required=True
    )
    with pytest.raises(Forbidden):
        await ask(session, replace(search, readable=readable_of(NOBODY)))


async def test_a_complete_document_has_a_zip_with_one_csv(session, caller, made, s3_url):
    """4.3, 4.4: file_size of the zip, row_count of the data; expires 48 h after completion."""
    document = await read_document(session, readable_of(caller), made)
    stored = await session.fetch_one("SELECT object_name, completed_at, expires_at FROM document")
    blocks = await storage_at(s3_url).open(stored["object_name"])
    content = b"".join([block async for block in blocks])
    assert (document.row_count, document.file_size) == (5, len(content))
    assert stored["expires_at"] - stored["completed_at"] == timedelta(hours=48)
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == [f"{made}.csv"]
        assert archive.testzip() is None
        assert sorted(archive.read(f"{made}.csv").splitlines()) == sorted(SAMPLE.splitlines())


async def test_a_document_whose_campaign_is_gone_says_so(session, asked, sample, s3_url):
    key = await asked(campaign="2084")
    await session.execute("UPDATE product SET campaign = NULL")
    await session.execute("DELETE FROM scm_field")
    await session.execute("DELETE FROM campaign")
    with pytest.raises(UnprocessableContent, match="no longer there"):
        await make_file(session, COMPILER, storage_at(s3_url), key)
    with pytest.raises(LookupError):
        await make_file(session, COMPILER, storage_at(s3_url), "unknown00000")


async def test_links_are_32_letters_of_which_only_the_hash_is_kept(session, caller, made):
    """4.4: each call gives a new token, good for 10 minutes."""
    first, second = (
        await link(session, readable_of(caller), made),
        await link(session, readable_of(caller), made),
    )
    assert first != second
    assert re.fullmatch("[A-Za-z]{32}", first)
    rows = await session.fetch_all(
        "SELECT token_hash, expires_at - date_created AS life, l.*::text AS whole "
        "FROM download_link AS l"
    )
    assert {row["token_hash"] for row in rows} == {token_hash(first), token_hash(second)}
    assert {row["life"] for row in rows} == {timedelta(minutes=10)}
    assert not any(first in row["whole"] for row in rows)


async def test_a_link_works_once(session, caller, made):
    """4.4: second use 404. To look where it leads uses nothing up."""
    token = await link(session, readable_of(caller), made)
    for _ in range(2):
        file = await linked(session, token)
    assert (file.document, file.object_name) == (made, f"documents/{made}.zip")
    await use_up(session, token)
    for again in (linked, use_up):
        with pytest.raises(Forbidden):
            await again(session, token)


async def test_the_address_is_the_storage_s_own_or_ours(session, caller, made, s3_url):
    file = await linked(session, await link(session, readable_of(caller), made))
    public = await place_of(storage_at(s3_url, "https://files.example"), file, str)
    assert public.startswith("https://files.example/")
    assert f"documents/{made}.zip?" in public
    own = await place_of(storage_at(s3_url), file, str)
    assert await file_of(session, own) == file
    with pytest.raises(Forbidden):
        await file_of(session, f"{own}x")
    with pytest.raises(DocumentExpired):
        await place_of(storage_at(s3_url), replace(file, object_name="documents/gone.zip"), str)


@pytest.mark.parametrize("token", ["", "x" * 31, "x" * 32, "x\0" * 16, "é" * 32])
async def test_unknown_links_are_not_there(session, made, token):
    with pytest.raises(Forbidden):
        await linked(session, token)


async def test_a_link_is_too_old_after_ten_minutes(session, caller, made):
    token = await link(session, readable_of(caller), made)
    await session.execute("UPDATE download_link SET expires_at = now()")
    with pytest.raises(Forbidden):
        await linked(session, token)


async def test_early_failed_and_expired_documents_have_no_link(session, caller, asked, made):
    """4.4: not complete 400, expired 410, failed 400 (R)."""
    waiting = await asked(campaign="2084")
    with pytest.raises(DocumentNotReady, match="is not ready"):
        await link(session, readable_of(caller), waiting)
    await session.execute("UPDATE document SET status = 'in-progress' WHERE status = 'pending'")
    with pytest.raises(DocumentNotReady):
        await link(session, readable_of(caller), waiting)
    await fail(session, waiting, "Chunk 0 failed.")
    with pytest.raises(DocumentFailed, match="Chunk 0 failed"):
        await link(session, readable_of(caller), waiting)
    token = await link(session, readable_of(caller), made)
    await session.execute("UPDATE document SET expires_at = now()")
    assert (await read_document(session, readable_of(caller), made)).is_expired
    with pytest.raises(DocumentExpired):
        await link(session, readable_of(caller), made)
    with pytest.raises(DocumentExpired):
        await linked(session, token)


async def test_the_zip_is_made_as_a_stream():
    """6.9: memory stays flat, so blocks come before the end is there."""
    begun: list[int] = []

    async def blocks():
        for number in range(400):
            begun.append(number)
            yield random.randbytes(20_000)
            await asyncio.sleep(0)

    whole, first = b"", None
    async for block in zipped("a.csv", blocks()):
        first = len(begun) if first is None else first
        whole += block
    assert first < 400
    with ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert len(archive.read("a.csv")) == 400 * 20_000


async def test_what_fails_in_the_middle_of_a_zip_is_raised():
    async def blocks():
        yield b"x" * 100_000
        raise ServiceUnavailable("storage", "It does not answer")

    with pytest.raises(ServiceUnavailable):
        _ = [block async for block in zipped("a.csv", blocks())]
