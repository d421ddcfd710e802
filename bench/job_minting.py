"""A 1,000,000-code SGTIN job over HTTP, from POST to `complete`, against a bare COPY of its rows.

The bare COPY is one backend writing the same rows (in the order the job left them) into an empty
table with the same indexes and constraints. Both begin right after a checkpoint.
"""

import json
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import IO, Any

import psutil
import psycopg

from app.bootstrap import DEMO_ACCOUNT, DEMO_PRODUCT
from app.demo import free_port
from app.settings import GivenSettings
from app.supervisor import stack
from bench.rows import Row

QUANTITY = 1_000_000
JOBS = 10
COPIES = 3
BLOCK = 1 << 20
TOKEN = "bench-token"

AGAINST_COPY = 1.5
TENTH_AGAINST_FIRST = 1.3
MEGABYTES = 400


def main() -> list[Row]:
    """Measure; the rows to print."""
    with tempfile.TemporaryDirectory(prefix="mintage-bench-") as folder:
        Path(folder).chmod(0o755)
        settings = GivenSettings(
            _env_file=None,
            data_dir=Path(folder) / "var",
            port=free_port(),
            admin_token=TOKEN,
            database_url=None,
            redis_url=None,
            s3_url=None,
        )
        with (
            stack(settings) as running,
            psycopg.connect(running.services.database_url, autocommit=True) as connection,
        ):
            return _measured(Http(running.base_url), connection)


class Http:
    """A plain HTTP client of the running installation."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """POST the body, or GET without one; the `data` of the answer."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base_url + path, data=data, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            content: dict[str, Any] = json.loads(answer.read())["data"]
        return content


def _measured(http: Http, connection: psycopg.Connection[Any]) -> list[Row]:
    connection.execute("CHECKPOINT")
    seconds = [run_job(http) for _ in range(JOBS)]
    (distinct,) = connection.execute("SELECT count(*) FROM unique_code").fetchone() or (0,)
    if distinct != QUANTITY * JOBS:
        raise RuntimeError(f"Expected {QUANTITY * JOBS} codes, found {distinct}.")
    copies = copy_again(connection)
    return [
        *(Row(f"job {n}, seconds", value) for n, value in enumerate(seconds, 1)),
        Row("bare COPY of the first job's rows, seconds", median(copies)),
        Row("job: times the bare COPY", seconds[0] / median(copies), at_most=AGAINST_COPY),
        Row("tenth job: times the first", seconds[-1] / seconds[0], at_most=TENTH_AGAINST_FIRST),
        Row("worker, largest resident size in MB", peak_megabytes(), at_most=MEGABYTES),
    ]


def run_job(http: Http) -> float:
    """Seconds from the POST of a job until it is seen complete."""
    begun = time.perf_counter()
    body = {"quantity": QUANTITY, "product": DEMO_PRODUCT, "account": DEMO_ACCOUNT}
    key = http.call("/items/identifier_job", body)["id"]
    while True:
        job = http.call(f"/items/identifier_job/{key}?fields=status,error_message")
        if job["status"] == "complete":
            return time.perf_counter() - begun
        if job["status"] == "error":
            raise RuntimeError(job["error_message"])
        time.sleep(0.02)


FIRST_JOB = """
COPY (SELECT * FROM unique_code WHERE identifier_job = (
  SELECT id FROM identifier_job ORDER BY date_created LIMIT 1)) TO STDOUT
"""


def copy_again(connection: psycopg.Connection[Any]) -> list[float]:
    """Seconds of COPY FROM of the first job's rows, into an empty copy of the table, each time."""
    seconds = []
    with tempfile.TemporaryFile() as file:
        with connection.cursor().copy(FIRST_JOB) as rows:
            file.writelines(rows)
        for _ in range(COPIES):
            connection.execute("CREATE TABLE bare (LIKE unique_code INCLUDING ALL)")
            connection.execute("CHECKPOINT")
            seconds.append(_timed(lambda: _copy_file(connection, file)))
            connection.execute("DROP TABLE bare")
    return seconds


def _timed(action: Callable[[], None]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def _copy_file(connection: psycopg.Connection[Any], file: IO[bytes]) -> None:
    file.seek(0)
    with connection.cursor().copy("COPY bare FROM STDIN") as copy:
        while block := file.read(BLOCK):
            copy.write(block)


def peak_megabytes() -> float:
    """The most memory any worker process of this stack ever held (Linux: VmHWM)."""
    return max(
        int(line.split()[1]) / 1024
        for process in psutil.Process().children(recursive=True)
        if "workers.main" in process.cmdline()
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    )


if __name__ == "__main__":
    for row in main():
        print(row)
