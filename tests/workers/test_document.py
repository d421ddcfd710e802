"""Documents by real workers: from asking to the file, killed in the middle, at one moment, purged.

Contract: systems.md 4.3, 4.4, 6.8, 6.9 and the Scantrust lines of 8.2.
"""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from zipfile import ZipFile

import pytest

from app import domains
from app.access.caller import Caller
from app.database.session import Database
from app.database.tables import METADATA
from app.domains.code_search.service import read_search
from app.domains.document import links
from app.domains.document.links import link
from app.domains.document.purge import purge
from app.domains.document.service import Document, ask, read_document
from app.errors import DocumentExpired, Forbidden
from app.items.compile.compiler import Compiler
from app.items.policy.readable_rows import ReadableRows
from app.queue import nudge
from app.settings import settings
from app.storage import NoSuchObject, storage, storage_at
from schema import BUILTIN
from workers.chunks import MAX_ATTEMPTS, advance
from workers.document import Documents, purge_expired_documents
from workers.kinds import register_kind
from workers.sweep import sweep

CAMPAIGN = 2084
COMPILER = Compiler(BUILTIN, METADATA)
KIND = Documents(COMPILER)
CODES = """
INSERT INTO unique_code (id, code, account, product, activation_status)
SELECT product.id || '/21/' || n, n, account, product.id, 1
FROM generate_series(1, %s) AS n, product WHERE campaign = 2084
"""


@pytest.fixture(autouse=True)
def furnished(plant, s3_url, monkeypatch) -> None:
    """A campaign whose only product is the plant's."""
    domains.register()  # as `served` does in a worker
    monkeypatch.setenv("S3_URL", s3_url)
    plant.environment["S3_URL"] = s3_url
    settings.cache_clear()
    made = "INSERT INTO campaign (id, account, name) VALUES (%s, %s, 'Pork') RETURNING id"
    plant.value(made, CAMPAIGN, plant.account)
    moved = "UPDATE product SET campaign = %s WHERE id = %s RETURNING id"
    plant.value(moved, CAMPAIGN, plant.product)


@pytest.fixture
def caller(plant) -> Caller:
    """An admin of the account."""
    return Caller(user=plant.user, account=plant.account, is_admin=True)


@pytest.fixture
def asked(plant, database: Database, caller):
    async def asked(**params: str) -> str:
        given = {"campaign": str(CAMPAIGN), **params}
        async with database.write() as session:
            search = await read_search(
                session, ReadableRows(COMPILER, caller), given, campaign_required=True
            )
            return (await ask(session, search)).key

    return asked


@pytest.fixture
def read(database: Database, caller):
    async def read(key: str) -> Document:
        async with database.read() as session:
            return await read_document(session, ReadableRows(COMPILER, caller), key)

    return read


@pytest.fixture
def linked(database: Database, caller):
    async def linked(key: str) -> str:
        async with database.write() as session:
            return await link(session, ReadableRows(COMPILER, caller), key)

    return linked


@pytest.fixture
def redeemed(database: Database):
    """Follows a link as the surface does; gives the bytes it leads to."""

    async def redeemed(token: str) -> bytes:
        async with database.read() as session:
            file = await links.linked(session, token)
        signed = await links.place_of(storage(), file, str)
        async with database.write() as session:
            await links.use_up(session, token)
        async with database.read() as session:
            found = await links.file_of(session, signed)
        return b"".join([block async for block in await storage().open(found.object_name)])

    return redeemed


def codes_in(content: bytes, key: str) -> list[str]:
    """The serial numbers in the file of a document."""
    with ZipFile(io.BytesIO(content)) as archive:
        text = archive.read(f"{key}.csv").decode()
    return [row["serial_number"] for row in csv.DictReader(io.StringIO(text))]


def status(plant, key: str) -> str:
    return str(plant.value("SELECT status FROM document WHERE key = %s", key))


async def stored(key: str) -> bool:
    try:
        blocks: AsyncIterator[bytes] = await storage().open(f"documents/{key}.zip")
    except NoSuchObject:
        return False
    await blocks.aclose()
    return True


async def test_from_asking_to_the_bytes(plant, asked, read, linked, redeemed):
    """8.2: flow key, complete, link, redirect, zip; also with a code its job minted."""
    plant.connection.execute(CODES, (100,))
    plant.worker(SWEEP_SECONDS=600)
    job = plant.job(quantity=50)
    await nudge("identifier_job", job)
    plant.wait_for(job)
    key = await asked()
    await asyncio.to_thread(plant.wait_until, lambda: status(plant, key) == "complete")
    document = await read(key)
    assert document.row_count == 150
    content = await redeemed(await linked(key))
    assert len(content) == document.file_size
    minted = plant.column("SELECT code FROM unique_code WHERE identifier_job = %s", job)
    assert sorted(codes_in(content, key)) == sorted([*minted, *map(str, range(1, 101))])


async def test_zero_rows(plant, database, asked, read, linked, redeemed):
    """4.3: row_count 0 is legal and still gives a zip with a header-only CSV."""
    key = await asked(activation_status="2")
    await advance(database, KIND, key)
    document = await read(key)
    assert (document.status, document.row_count) == ("complete", 0)
    content = await redeemed(await linked(key))
    assert codes_in(content, key) == []
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.read(f"{key}.csv").startswith(b'"extended_id","serial_number",')


async def test_of_two_uses_at_one_moment_exactly_one_wins(plant, database, asked, linked, redeemed):
    """8.2: two concurrent uses: exactly one 302."""
    key = await asked()
    await advance(database, KIND, key)
    for _ in range(10):
        token = await linked(key)
        uses = await asyncio.gather(*[redeemed(token) for _ in range(4)], return_exceptions=True)
        assert sorted(isinstance(use, bytes) for use in uses) == [False, False, False, True]
        assert sum(isinstance(use, Forbidden) for use in uses) == 3


async def test_a_storage_that_is_away_uses_no_link_up(plant, database, asked, linked, redeemed):
    key = await asked()
    await advance(database, KIND, key)
    token = await linked(key)
    async with database.read() as session:
        file = await links.linked(session, token)
    with pytest.raises(Exception, match="unavailable"):
        await links.place_of(storage_at("http://a:b@127.0.0.1:9/away"), file, str)
    assert await redeemed(token)


async def test_a_worker_killed_in_the_middle_has_lost_nothing(plant, asked, read):
    """6.9: safe to run twice; no half a file, and no file without its document."""
    plant.connection.execute(CODES, (400_000,))
    worker = plant.worker()
    key = await asked()
    running = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND query LIKE 'COPY (SELECT coalesce(c.extended_id%%' AND state = 'active'"
    )
    await asyncio.to_thread(plant.wait_until, lambda: plant.value(running))
    await asyncio.sleep(0.3)
    worker.kill()
    assert status(plant, key) == "in-progress"
    assert not await stored(key)
    assert (await read(key)).row_count is None
    plant.worker()
    await asyncio.to_thread(plant.wait_until, lambda: status(plant, key) == "complete", 60)
    blocks = await storage().open(f"documents/{key}.zip")
    content = b"".join([block async for block in blocks])
    codes = codes_in(content, key)
    assert (len(codes), len(set(codes))) == (400_000, 400_000)
    assert (await read(key)).file_size == len(content)


async def test_a_lost_message_is_sent_again(plant, database, asked):
    """6.9: the row is the truth; the sweep finds it."""
    register_kind(KIND)
    key = await asked()
    plant.connection.execute("UPDATE document SET date_created = now() - interval '1 min'")
    plant.valkey.stop()
    plant.valkey.start()
    assert await sweep(database, patience=5) == 1
    await advance(database, KIND, key)
    assert status(plant, key) == "complete"


async def test_a_search_that_has_lost_its_sense_fails_with_a_sentence(plant, database, asked, read):
    plant.value(
        "INSERT INTO scm_field (campaign, key) VALUES (%s, 'market') RETURNING id", CAMPAIGN
    )
    key = await asked(market="zh")
    plant.connection.execute("DELETE FROM scm_field")
    await advance(database, KIND, key)
    document = await read(key)
    assert (document.status, document.row_count, document.expires_at) == ("failed", None, None)
    assert document.error_message == ('Validation failed for field "scm_market". Unknown filter.')


async def test_a_storage_that_is_away_is_tried_again_and_then_the_document_fails(
    plant, database, asked, read, monkeypatch, s3_url
):
    key = await asked()
    monkeypatch.setenv("S3_URL", "http://a:b@127.0.0.1:9/away")
    settings.cache_clear()
    await advance(database, KIND, key)
    assert (await read(key)).status == "in-progress"
    monkeypatch.setenv("S3_URL", s3_url)
    settings.cache_clear()
    plant.connection.execute("UPDATE job_chunk SET not_before = now()")
    await advance(database, KIND, key)
    assert (await read(key)).status == "complete"
    other = await asked()
    monkeypatch.setenv("S3_URL", "http://a:b@127.0.0.1:9/away")
    settings.cache_clear()
    for _ in range(MAX_ATTEMPTS):
        await advance(database, KIND, other)
        plant.connection.execute("UPDATE job_chunk SET not_before = now()")
    document = await read(other)
    assert document.status == "failed"
    assert "storage" in str(document.error_message)


async def test_expired_files_and_old_links_are_purged(plant, database, asked, read, linked):
    """6.8: expired is computed; a periodic actor removes the bytes; the document stays readable."""
    gone, kept = await asked(), await asked()
    for key in (gone, kept):
        await advance(database, KIND, key)
    await linked(kept)
    await linked(gone)
    plant.connection.execute(
        "UPDATE download_link SET expires_at = now() WHERE document = %s", [gone]
    )
    plant.connection.execute("UPDATE document SET expires_at = now() WHERE key = %s", [gone])
    await purge_expired_documents(database)
    assert await stored(gone), "whoever followed a link a moment ago gets the file"
    assert plant.column("SELECT document FROM download_link") == [kept]
    plant.connection.execute(
        "UPDATE document SET expires_at = now() - interval '11 min' WHERE key = %s", [gone]
    )
    assert await purge(database, storage()) == 1
    assert await purge(database, storage()) == 0
    assert not await stored(gone)
    assert await stored(kept)
    document = await read(gone)
    assert (document.status, document.is_expired) == ("complete", True)
    assert document.row_count == 0
    with pytest.raises(DocumentExpired):
        await linked(gone)
    assert await linked(kept)


async def test_a_running_worker_purges(plant, database, asked):
    key = await asked()
    await advance(database, KIND, key)
    plant.connection.execute("UPDATE document SET expires_at = now() - interval '1 day'")
    plant.worker(PURGE_SECONDS=0.2)
    left = "SELECT count(*) FROM document WHERE object_name IS NOT NULL"
    await asyncio.to_thread(plant.wait_until, lambda: plant.value(left) == 0)
    assert not await stored(key)
