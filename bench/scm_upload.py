"""SCM upload of 100,000 codes in one request: each with data of its own, found by its EPC.

Next to it, as fast as PostgreSQL alone merges such data into the same rows, found by their keys.
"""

import json
import time
import urllib.request
from statistics import median

import psycopg

from app.bootstrap import DEMO_ACCOUNT, DEMO_PRODUCT
from app.codes.epc_binary import encode
from app.codes.epc_uri import Epc
from bench.installation import benched
from bench.rows import Row

LEAST = 20_000
"""Codes a second that are promised."""
CODES, OTHERS, ROUNDS = 100_000, 400_000, 3
TOKEN = "bench-token"
MINTED = """
INSERT INTO unique_code (id, account, code, type, product)
SELECT %(product)s || '/21/' || lpad(n::text, 8, 'x'), %(account)s, lpad(n::text, 8, 'x'), 'sgtin',
  %(product)s FROM generate_series(1, %(count)s) AS n
"""
CAMPAIGN = """
INSERT INTO campaign (id, account, name) VALUES (1, %(account)s, 'Pork')
"""
FIELDS = """
INSERT INTO scm_field (campaign, key, type)
VALUES (1, 'case_number', 'string'), (1, 'farm_name', 'string'), (1, 'harvest_date', 'date')
"""
JOINED = "UPDATE product SET campaign = 1 WHERE id = %(product)s"
BARE = """
UPDATE unique_code AS c
SET scm_data = coalesce(c.scm_data, '{}') || (i.item - 'id'), scm_updated_at = now()
FROM jsonb_array_elements(%s::jsonb) AS i (item) WHERE c.id = i.item ->> 'id'
"""


def main() -> list[Row]:
    """Measure; the rows to print."""
    with (
        benched(TOKEN) as running,
        psycopg.connect(running.services.database_url, autocommit=True) as connection,
    ):
        values = {"account": DEMO_ACCOUNT, "product": DEMO_PRODUCT, "count": CODES + OTHERS}
        for statement in (CAMPAIGN, FIELDS, JOINED, MINTED):
            connection.execute(statement, values if "%(" in statement else None)
        connection.execute("VACUUM ANALYZE unique_code")
        pairs = [(_uploaded(running.base_url, n), _merged(connection, n)) for n in range(ROUNDS)]
    ours = median(mine for mine, _ in pairs)
    return [
        Row("SCM upload of 100,000 codes, codes/s", CODES / ours, at_least=LEAST),
        Row("The UPDATE alone, codes/s", CODES / median(bare for _, bare in pairs)),
        Row("SCM upload: times the UPDATE alone", median(mine / bare for mine, bare in pairs)),
    ]


def _data(n: int, batch: int) -> dict[str, str]:
    return {"case_number": f"{batch}-{n}", "farm_name": "Aliso", "harvest_date": "2018-06-14"}


def _serial(n: int) -> str:
    return str(n).rjust(8, "x")


def _uploaded(base_url: str, batch: int) -> float:
    item = f"urn:epc:id:sgtin:{DEMO_PRODUCT[5:12]}.{DEMO_PRODUCT[4]}{DEMO_PRODUCT[12:17]}"
    items = [
        {"extended_id": encode(Epc.parse(f"{item}.{_serial(n)}")), **_data(n, batch)}
        for n in range(1, CODES + 1)
    ]
    request = urllib.request.Request(
        f"{base_url}/api/v2/scm/upload/",
        data=json.dumps(
            {"data_key": "extended_id", "items": items}, separators=(",", ":")
        ).encode(),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=120) as answer:
        affected = json.loads(answer.read())["codes_affected"]
    seconds = time.perf_counter() - start
    if affected != CODES:
        raise RuntimeError(f"{affected} codes were changed.")
    return seconds


def _merged(connection: psycopg.Connection[object], batch: int) -> float:
    rows = [
        {"id": f"{DEMO_PRODUCT}/21/{_serial(n)}", **_data(n, batch + ROUNDS)}
        for n in range(1, CODES + 1)
    ]
    text = json.dumps(rows)
    start = time.perf_counter()
    connection.execute(BARE, [text])
    return time.perf_counter() - start


if __name__ == "__main__":
    for row in main():
        print(row)
