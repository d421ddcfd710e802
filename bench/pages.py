"""Pages of 1,000,000 codes of one job: a page with all fields against the same one of keys alone.

What lies before a page costs no more than its keys: only what is shown is made.
"""

import json
import time
import urllib.parse
import urllib.request
from statistics import median
from typing import Any

import psycopg

from app.bootstrap import DEMO_ACCOUNT, DEMO_PRODUCT
from bench.installation import benched
from bench.rows import Row

AGAINST_KEYS = 1.5
ROUNDS = 5
TOKEN = "bench-token"
JOB = "6d6cb08a-f9da-4331-adf9-039e350eef1e"
SEED = f"""
INSERT INTO identifier_job (id, quantity, quantity_created, account, product, status)
  VALUES ('{JOB}', 1000000, 1000000, '{DEMO_ACCOUNT}', '{DEMO_PRODUCT}', 'complete');
INSERT INTO unique_code (id, account, code, type, product, identifier_job)
  SELECT '{DEMO_PRODUCT}/21/' || n, '{DEMO_ACCOUNT}', n::text, 'sgtin', '{DEMO_PRODUCT}', '{JOB}'
  FROM generate_series(10000000, 10999999) AS n;
"""
OF_JOB = {"filter[identifier_job][_eq]": JOB, "limit": "100"}
PAGES = {
    "first page of a job": OF_JOB,
    "page of a job at 500,000": {**OF_JOB, "offset": "500000"},
    "newest codes": {"sort": "-date_created", "limit": "100"},
}


def main() -> list[Row]:
    """Measure; the rows to print."""
    with benched(TOKEN) as running:
        with psycopg.connect(running.services.database_url, autocommit=True) as connection:
            connection.execute(SEED)
            connection.execute("VACUUM ANALYZE unique_code")
        return [row for what in PAGES for row in _measured(running.base_url, what)]


def _measured(base_url: str, what: str) -> list[Row]:
    asked = PAGES[what]
    keys, whole = [], []
    for _ in range(ROUNDS + 1):
        keys.append(_seconds(base_url, {**asked, "fields": "id"}))
        whole.append(_seconds(base_url, {**asked, "fields": "*,product.product_name"}))
    # Both have a part that no page is without: the request itself, and 100 rows that are shown.
    shown = _shown(base_url)
    ratio = median(
        max(mine - shown, 0) / bare for mine, bare in zip(whole[1:], keys[1:], strict=True)
    )
    return [
        Row(f"{what}, ms", median(whole[1:]) * 1000),
        Row(f"{what}: times its keys alone", ratio, at_most=AGAINST_KEYS),
    ]


def _shown(base_url: str) -> float:
    """The seconds that it takes to show 100 rows of which none has to be looked for."""
    first = {"limit": "100", "fields": "*,product.product_name"}
    only = {"limit": "100", "fields": "id"}
    rounds = range(ROUNDS)
    return median(_seconds(base_url, first) for _ in rounds) - median(
        _seconds(base_url, only) for _ in rounds
    )


def _seconds(base_url: str, params: dict[str, Any]) -> float:
    url = f"{base_url}/items/unique_code?{urllib.parse.urlencode(params)}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        rows = json.loads(answer.read())["data"]
    seconds = time.perf_counter() - start
    if len(rows) != 100:
        raise RuntimeError(f"{len(rows)} codes were answered.")
    return seconds


if __name__ == "__main__":
    for row in main():
        print(row)
