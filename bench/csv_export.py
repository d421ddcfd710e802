"""CSV of 1,000,000 codes over HTTP against psql's copy of the same columns, in one run."""

import os
import subprocess
import tempfile
import time
import urllib.request
from statistics import median
from urllib.parse import urlsplit

import psutil
import psycopg

from app.bootstrap import DEMO_ACCOUNT, DEMO_PRODUCT
from app.embedded.binaries import postgres_package
from bench.installation import benched
from bench.rows import Row

MOST_TIMES, MOST_MEGABYTES = 2.0, 250.0
ROWS, FEW, ROUNDS = 1_000_000, 100_000, 3
TOKEN = "bench-token"
COLUMNS = ("id", "account", "code", "type", "product", "status", "activation_status")
CODES = """
INSERT INTO unique_code (id, account, code, type, product)
SELECT '/01/09312345551927/21/' || lpad(n::text, 10, '0'), %s, lpad(n::text, 10, '0'), 'sgtin', %s
FROM generate_series(1, %s) AS n
"""


def main() -> list[Row]:
    """Measure; the rows to print."""
    with benched(TOKEN) as running:
        with psycopg.connect(running.services.database_url) as connection:
            connection.execute(CODES, (DEMO_ACCOUNT, DEMO_PRODUCT, ROWS))
            connection.execute("ANALYZE")
        return _measured(running.base_url, running.services.database_url)


def _measured(base_url: str, database_url: str) -> list[Row]:
    url = f"{base_url}/items/unique_code?export=csv&sort=id&fields={','.join(COLUMNS)}"
    few_seconds, few_peak = _exported(f"{url}&limit={FEW}")
    pairs = [(_exported(f"{url}&limit=-1"), _copied(database_url)) for _ in range(ROUNDS)]
    ratio = median(ours[0] / theirs for ours, theirs in pairs)
    peak = max(ours[1] for ours, _ in pairs)
    return [
        Row("CSV of 100,000 codes, seconds", few_seconds),
        Row("CSV of 1,000,000 codes, seconds", median(ours[0] for ours, _ in pairs)),
        Row("psql \\copy of the same, seconds", median(theirs for _, theirs in pairs)),
        Row("CSV export: times psql \\copy", ratio, at_most=MOST_TIMES),
        Row("web process at 100,000 codes, MB", few_peak, at_most=MOST_MEGABYTES),
        Row("web process at 1,000,000 codes, MB", peak, at_most=MOST_MEGABYTES),
    ]


def _exported(url: str) -> tuple[float, float]:
    """Seconds of one export, and the web process's largest size in MB while it ran."""
    web = _web_process(url)
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
    start, peak = time.perf_counter(), 0
    with urllib.request.urlopen(request, timeout=120) as answer:
        while answer.read(1 << 20):
            peak = max(peak, web.memory_info().rss)
    return time.perf_counter() - start, peak / 1e6


def _web_process(url: str) -> psutil.Process:
    port = urlsplit(url).port
    for connection in psutil.net_connections("tcp"):
        if connection.laddr and connection.laddr.port == port and connection.status == "LISTEN":
            return psutil.Process(connection.pid)
    raise RuntimeError(f"Nobody listens on {port}.")


def _copied(database_url: str) -> float:
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        query = f"SELECT {', '.join(COLUMNS)} FROM unique_code ORDER BY id"
        copy = f"\\copy ({query}) TO '{file.name}' CSV"
        start = time.perf_counter()
        subprocess.run(
            [
                postgres_package() / "pginstall" / "bin" / "psql",
                database_url,
                "--quiet",
                "--command",
                copy,
            ],
            check=True,
            env={**os.environ},
        )
        return time.perf_counter() - start


if __name__ == "__main__":
    for row in main():
        print(row)
