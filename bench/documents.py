"""Documents: 1,000,000 codes with 12 SCM fields, from asking to complete, against psql and zip.

Peers: `psql` copies the very same SELECT into a file, then the command-line `zip` (without it:
`gzip`, at the same level) compresses that file. Both are other people's programs, in the same run.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from app.access.caller import Caller
from app.bootstrap import DEMO_ACCOUNT, DEMO_PRODUCT
from app.database.session import Database
from app.domains.code_search.service import CodeSearch, read_search
from app.domains.document.archive import LEVEL
from app.domains.document.narrowing import narrowed
from app.domains.document.service import ask
from app.domains.document.statement import selection
from app.embedded.binaries import postgres_package
from app.items.policy.readable_rows import ReadableRows
from app.served import served
from app.settings import settings
from bench.installation import benched
from bench.job_minting import peak_megabytes
from bench.rows import Row

MOST_TIMES, MOST_MEGABYTES, MOST_GROWTH = 2.5, 250.0, 1.5
"""The file of 100,000 codes is sent at once; a larger one in parts of 8 MB, some of them held."""

ROWS, FEW, ROUNDS = 1_000_000, 100_000, 3
TOKEN = "bench-token"
ADMIN = "SELECT id FROM directus_users WHERE account IS NULL LIMIT 1"
PACKER = "zip" if shutil.which("zip") else "gzip"
FIELDS = (
    *("farm_name", "organic", "harvest_date", "sent_to_plant", "plant", "sell_by_date"),
    *("temp_humid_in_ph", "shipped_from_plant", "arrived_in_dc", "dc_name", "temp_humid_in_dc"),
    "case_number",
)
# Codes as the seed's example has them; the last ones belong to a campaign of few.
FURNITURE = f"""
INSERT INTO campaign (id, account, name) VALUES (1, '{DEMO_ACCOUNT}', 'All'),
  (2, '{DEMO_ACCOUNT}', 'Few');
INSERT INTO scm_field (campaign, key, position)
SELECT campaign.id, key, place FROM campaign,
  unnest('{{{",".join(FIELDS)}}}'::text[]) WITH ORDINALITY AS f (key, place);
INSERT INTO brand (account, name) VALUES ('{DEMO_ACCOUNT}', 'Queen Victoria');
INSERT INTO product (id, product_name, sku, account, campaign)
VALUES ('few', 'Few', '1', '{DEMO_ACCOUNT}', 2);
UPDATE product SET campaign = 1, brand = (SELECT id FROM brand) WHERE id = '{DEMO_PRODUCT}';
INSERT INTO unique_code (id, account, code, type, product, activation_status, activated_at,
  activated_by, scm_data, company_prefix_length, scm_updated_at)
SELECT CASE WHEN few THEN 'few.example/' ELSE '{DEMO_PRODUCT}/21/' END || code, '{DEMO_ACCOUNT}',
  code, CASE WHEN few THEN 'short_code' ELSE 'sgtin' END,
  CASE WHEN few THEN 'few' ELSE '{DEMO_PRODUCT}' END, 1, now() - n * interval '1 s',
  (SELECT id FROM directus_users WHERE email IS NOT NULL LIMIT 1),
  jsonb_build_object('farm_name', 'Aliso Farms', 'organic', 'No', 'harvest_date', '2018-06-14',
    'sent_to_plant', '2018-06-14', 'plant', 'Packaging Plant ' || n % 9, 'sell_by_date',
    '2018-06-14', 'temp_humid_in_ph', '36°F 95%', 'shipped_from_plant', '2018-06-15',
    'arrived_in_dc', '2018-06-15', 'dc_name', 'UST', 'temp_humid_in_dc', '36° 95%',
    'case_number', upper(md5(n::text))), 7,
  now() - n * interval '2 s'
FROM generate_series(1, {ROWS + FEW}) AS n,
  LATERAL (SELECT n > {ROWS} AS few, left(md5('c' || n), 14) AS code) AS made
"""


def main() -> list[Row]:
    """Measure; the rows to print."""
    with benched(TOKEN, workers=1) as running:
        url = running.services.database_url
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in FURNITURE.split(";"):
                connection.execute(statement)
            connection.execute("VACUUM ANALYZE")
            with _queue_at(running.services.redis_url):
                return asyncio.run(_measured(url, connection))


@contextmanager
def _queue_at(url: str) -> Iterator[None]:
    """Let this process tell that installation's workers, as its web process does."""
    os.environ["REDIS_URL"] = url
    settings.cache_clear()
    yield
    del os.environ["REDIS_URL"]
    settings.cache_clear()


async def _measured(url: str, connection: psycopg.Connection[Any]) -> list[Row]:
    database = Database(url)
    await database.open()
    try:
        few_seconds = await _asked(database, connection, "2", FEW)
        few_peak = peak_megabytes()
        pairs = [
            (await _asked(database, connection, "1", ROWS), await _peer(database, url))
            for _ in range(ROUNDS)
        ]
        peak = peak_megabytes()
    finally:
        await database.close()
    return [
        Row("document of 100,000 codes, seconds", few_seconds),
        Row("document of 1,000,000 codes, seconds", median(ours for ours, _ in pairs)),
        Row("psql COPY of the same, seconds", median(peer[0] for _, peer in pairs)),
        Row(f"{PACKER} -{LEVEL} of its file, seconds", median(peer[1] for _, peer in pairs)),
        Row(
            f"document: times psql and {PACKER}",
            median(ours / sum(peer) for ours, peer in pairs),
            at_most=MOST_TIMES,
        ),
        Row("worker's peak after 100,000 codes, MB", few_peak, at_most=MOST_MEGABYTES),
        Row("worker's peak after 1,000,000 codes, MB", peak, at_most=MOST_MEGABYTES),
        Row("worker's peak: times that of a tenth", peak / few_peak, at_most=MOST_GROWTH),
    ]


async def _search(database: Database, campaign: str) -> CodeSearch:
    async with database.read() as session:
        params = {"campaign": campaign, "status": "active"}
        caller = Caller(user=await session.fetch_value(ADMIN), is_admin=True)
        readable = ReadableRows(served(settings()).compiler, caller)
        search = await read_search(session, readable, params, campaign_required=True)
        return await narrowed(session, search)


async def _asked(
    database: Database, connection: psycopg.Connection[Any], campaign: str, rows: int
) -> float:
    """Seconds from asking for a document until it is seen complete, with that many rows."""
    begun = time.perf_counter()
    search = await _search(database, campaign)
    async with database.write() as session:
        key = (await ask(session, search)).key
    while True:
        found = connection.execute(
            "SELECT status, row_count, error_message FROM document WHERE key = %s", (key,)
        ).fetchone()
        if found is not None and found[0] in {"complete", "failed"}:
            break
        await asyncio.sleep(0.02)
    if found[:2] != ("complete", rows):
        raise RuntimeError(f"The document is {found[0]} with {found[1]} rows: {found[2]}")
    return time.perf_counter() - begun


async def _peer(database: Database, url: str) -> tuple[float, float]:
    """Seconds of psql's copy of the same rows into a file, and of packing that file."""
    search = await _search(database, "1")
    statement, values = selection(search)
    async with database.read() as session:
        rows = psycopg.AsyncClientCursor(session.connection).mogrify(statement, values)
    with tempfile.TemporaryDirectory(prefix="mintage-bench-") as folder:
        file = Path(folder) / "codes.csv"
        copy = f"COPY ({rows}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)"
        psql = [postgres_package() / "pginstall" / "bin" / "psql", url, "--quiet"]
        copied = _run([*psql, "--output", file, "--command", copy])
        if PACKER == "zip":
            pack = ["zip", f"-{LEVEL}", "--quiet", "--junk-paths", file.with_suffix(".zip"), file]
        else:
            pack = ["gzip", f"-{LEVEL}", file]
        return copied, _run(pack)


def _run(command: list[str | Path]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    for row in main():
        print(row)
