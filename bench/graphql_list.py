"""The seed's GraphQL list query (100 jobs, nested account) against a bare Starlette route.

Both servers run as one process each, on the same database, asked in turn by the same client.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psycopg

from app.bootstrap import DEMO_ACCOUNT, DEMO_PRODUCT
from app.demo import free_port
from app.settings import Settings
from app.supervisor import stack
from bench.load import requests_per_second
from bench.rows import Row

LEAST = 0.4
ROUNDS = 5
CONNECTIONS = 8
SECONDS = 2.0
TOKEN = "bench-token"

QUERY = """query { identifier_job { id reference_id type product quantity status quantity_created
character_set length account { id account_name } date_created date_updated } }"""

JOBS = """
INSERT INTO identifier_job (reference_id, quantity, quantity_created, account, product, status)
SELECT 'BATCH-' || n, 100, 100, %s, %s, 'complete' FROM generate_series(1, 1000) AS n
"""
BARE = """
SELECT '{"data":{"identifier_job":' || json_agg(row_to_json(r)) || '}}' FROM (
  SELECT t.id, t.reference_id, t.type, t.product, t.quantity, t.status, t.quantity_created,
    t.character_set, t.length, l.j AS account,
    to_char(t.date_created, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS date_created,
    to_char(t.date_updated, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS date_updated
  FROM identifier_job t LEFT JOIN LATERAL (
    SELECT row_to_json(n) AS j FROM (
      SELECT a.id, a.account_name FROM account a WHERE a.id = t.account) n) l ON true
  ORDER BY t.id LIMIT 100) r
"""


def main() -> list[Row]:
    """Measure; the rows to print."""
    with tempfile.TemporaryDirectory(prefix="mintage-bench-") as folder:
        settings = Settings(
            _env_file=None,
            data_dir=Path(folder),
            port=free_port(),
            admin_token=TOKEN,
            workers=0,
            database_url=None,
            redis_url=None,
            s3_url=None,
        )
        Path(folder).chmod(0o755)
        with stack(settings) as running, _bare(running.services.database_url) as bare:
            with psycopg.connect(running.services.database_url) as connection:
                connection.execute(JOBS, (DEMO_ACCOUNT, DEMO_PRODUCT))
                connection.execute("ANALYZE")
            return _measured(f"{running.base_url}/graphql", bare)


def _measured(ours: str, bare: str) -> list[Row]:
    body = json.dumps({"query": QUERY}).encode()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    if _json(ours, body, headers) != _json(bare, None, {}):
        raise RuntimeError("The two servers do not answer the same.")
    targets = ((ours, body, headers), (bare, None, {}))
    # In turn, so that a slow moment of the machine hits both.
    rates = [[_rate(*target) for target in targets] for _ in range(ROUNDS)]
    pairs = [(mine, limit) for mine, limit in rates]
    ratio = median(mine / limit for mine, limit in pairs)
    return [
        Row("GraphQL list of 100, requests/s", median(mine for mine, _ in pairs)),
        Row("bare Starlette + psycopg, requests/s", median(limit for _, limit in pairs)),
        Row("GraphQL list: share of the bare route", ratio, at_least=LEAST),
    ]


def _rate(url: str, body: bytes | None, headers: dict[str, str]) -> float:
    return requests_per_second(url, body, headers, connections=CONNECTIONS, seconds=SECONDS)


def _json(url: str, body: bytes | None, headers: dict[str, str]) -> object:
    request = urllib.request.Request(
        url, data=body, headers={"Content-Type": "application/json", **headers}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


@contextmanager
def _bare(database_url: str) -> Iterator[str]:
    port = free_port()
    command = f"{sys.executable} -m uvicorn bench.bare:app --port {port} --no-access-log"
    command += " --log-level warning --loop uvloop --http httptools"
    environment = {**os.environ, "DATABASE_URL": database_url, "BARE_SQL": BARE}
    process = subprocess.Popen(command.split(), env=environment)
    url = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    for row in main():
        print(row)
