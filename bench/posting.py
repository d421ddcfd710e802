"""POST of 10,000 codes in one array, and as fast as PostgreSQL alone takes the same rows."""

import json
import time
import urllib.request
from statistics import median

import psycopg

from app.bootstrap import DEMO_ACCOUNT, DEMO_PRODUCT
from bench.installation import benched
from bench.rows import Row

LEAST = 20_000
"""Rows a second that are promised."""
ROWS, ROUNDS = 10_000, 7
TOKEN = "bench-token"
BARE = """
INSERT INTO unique_code (id, account, code, type, product)
SELECT id, account, code, type, product FROM json_populate_recordset(NULL::unique_code, %s::json)
"""


def main() -> list[Row]:
    """Measure; the rows to print."""
    with (
        benched(TOKEN) as running,
        psycopg.connect(running.services.database_url, autocommit=True) as connection,
    ):
        _posted(running.base_url, "warm")
        pairs = [
            (_posted(running.base_url, f"p{n}"), _inserted(connection, f"b{n}"))
            for n in range(ROUNDS)
        ]
    ours = median(mine for mine, _ in pairs)
    return [
        Row("POST of 10,000 codes, rows/s", ROWS / ours, at_least=LEAST),
        Row("INSERT of the same rows alone, rows/s", ROWS / median(bare for _, bare in pairs)),
        Row("POST: times the INSERT alone", median(mine / bare for mine, bare in pairs)),
    ]


def _codes(batch: str) -> list[dict[str, str]]:
    codes = (f"{batch}{n:06}" for n in range(ROWS))
    return [
        {"account": DEMO_ACCOUNT, "code": code, "type": "sgtin", "product": DEMO_PRODUCT}
        for code in codes
    ]


def _posted(base_url: str, batch: str) -> float:
    request = urllib.request.Request(
        f"{base_url}/items/unique_code?fields=id",
        data=json.dumps(_codes(batch)).encode(),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        rows = json.loads(answer.read())["data"]
    seconds = time.perf_counter() - start
    if len(rows) != ROWS:
        raise RuntimeError(f"{len(rows)} codes were answered.")
    return seconds


def _inserted(connection: psycopg.Connection[object], batch: str) -> float:
    rows = [{**row, "id": f"{DEMO_PRODUCT}/21/{row['code']}"} for row in _codes(batch)]
    text = json.dumps(rows)
    start = time.perf_counter()
    connection.execute(BARE, [text])
    return time.perf_counter() - start


if __name__ == "__main__":
    for row in main():
        print(row)
