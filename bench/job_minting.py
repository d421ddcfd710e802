"""Minting by a real worker, held against a bare COPY of the same rows, in one run.

    python bench/job_minting.py [--quantity 1000000] [--jobs 10]

Services come from DATABASE_URL and REDIS_URL, or are started under DATA_DIR. It makes a database of
its own and drops it. Prints the ratios and their limits; exits with 1 when one is exceeded.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO, Any

import psycopg
from psycopg import sql

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.database.migrate import upgrade
from app.embedded import attach
from app.queue import nudge, worker_count
from app.settings import Settings, settings

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = "/01/09312345551927"
BLOCK = 1 << 20
COPY_TIMES = 3


@dataclass(frozen=True)
class Limit:
    """A figure, and what it may be at most."""

    name: str
    figure: float
    limit: float

    def __str__(self) -> str:
        verdict = "ok" if self.figure <= self.limit else "EXCEEDED"
        return f"{self.name:<58}{self.figure:>8.2f}   limit {self.limit:>6.2f}   {verdict}"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quantity", type=int, default=1_000_000)
    arguments.add_argument("--jobs", type=int, default=10)
    options = arguments.parse_args()
    with attach(Settings()) as services:
        redis_url = services.redis_url.replace("?db=0", "?db=9")
        with database(services.database_url) as url:
            os.environ |= {"DATABASE_URL": url, "REDIS_URL": redis_url, "SECRET": services.secret}
            settings.cache_clear()
            with psycopg.connect(url, autocommit=True) as connection, worker() as process:
                limits = measure(connection, process.pid, options.quantity, options.jobs)
    print()
    for limit in limits:
        print(limit)
    return int(any(limit.figure > limit.limit for limit in limits))


def measure(
    connection: psycopg.Connection[Any], worker_pid: int, quantity: int, jobs: int
) -> list[Limit]:
    account = connection.execute(
        "INSERT INTO account (account_name) VALUES ('Bench') RETURNING id"
    ).fetchone()
    row = {"account": account[0] if account else None, "product": PRODUCT, "quantity": quantity}
    connection.execute(
        "INSERT INTO product (id, product_name, account) VALUES (%(product)s, 'x', %(account)s)",
        row,
    )
    connection.execute("CHECKPOINT")
    seconds = [run_job(connection, row)]
    print(f"job 1: {seconds[0]:.2f} s, {quantity / seconds[0]:,.0f} codes/s")
    copies = copy_again(connection)
    print(f"bare COPY of its rows, {COPY_TIMES} times: {', '.join(f'{s:.2f}' for s in copies)} s")
    for number in range(2, jobs + 1):
        seconds.append(run_job(connection, row))
        print(f"job {number}: {seconds[-1]:.2f} s")
    (distinct,) = connection.execute("SELECT count(*) FROM unique_code").fetchone() or (0,)
    if distinct != quantity * jobs:
        raise SystemExit(f"Expected {quantity * jobs} codes, found {distinct}.")
    return [
        Limit("job / bare COPY (one backend) of the same rows", seconds[0] / median(copies), 1.5),
        Limit(f"job {jobs} / job 1, same product", seconds[-1] / seconds[0], 1.3),
        # A single job may meet a checkpoint, or another user of the machine.
        Limit(
            f"jobs {jobs - 2} to {jobs} / jobs 1 to 3, medians",
            median(seconds[-3:]) / median(seconds[:3]),
            1.3,
        ),
        Limit("largest resident size of the worker, MB", peak_megabytes(worker_pid), 400),
    ]


def run_job(connection: psycopg.Connection[Any], row: dict[str, Any]) -> float:
    """Seconds from the insert of the job's row until it is complete."""
    begun = time.perf_counter()
    made = connection.execute(
        "INSERT INTO identifier_job (account, product, quantity, length) "
        "VALUES (%(account)s, %(product)s, %(quantity)s, 10) RETURNING id::text",
        row,
    ).fetchone()
    job = made[0] if made else ""
    asyncio.run(nudge("identifier_job", job))
    while True:
        status, error = connection.execute(
            "SELECT status, error_message FROM identifier_job WHERE id = %s", [job]
        ).fetchone() or ("gone", "")
        if status == "complete":
            return time.perf_counter() - begun
        if status in {"error", "gone"}:
            raise SystemExit(f"The job ended in {status}: {error}")
        time.sleep(0.01)


def copy_again(connection: psycopg.Connection[Any]) -> list[float]:
    """Seconds of COPY FROM, for what COPY TO gives, into an empty table with the same indexes."""
    seconds = []
    with tempfile.TemporaryFile() as file:
        with connection.cursor().copy("COPY unique_code TO STDOUT") as rows:
            file.writelines(rows)
        for _ in range(COPY_TIMES):
            connection.execute("CREATE TABLE bare (LIKE unique_code INCLUDING ALL)")
            connection.execute("CHECKPOINT")
            seconds.append(copy_file(connection, file))
            connection.execute("DROP TABLE bare")
    return seconds


def copy_file(connection: psycopg.Connection[Any], file: IO[bytes]) -> float:
    file.seek(0)
    begun = time.perf_counter()
    with connection.cursor().copy("COPY bare FROM STDIN") as copy:
        while block := file.read(BLOCK):
            copy.write(block)
    return time.perf_counter() - begun


@contextmanager
def database(server: str) -> Iterator[str]:
    """The URL of a new, migrated database."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    head, _, options = server.partition("?")
    url = f"{head.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            upgrade(url)
            yield url
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A worker process that is ready."""
    command = [sys.executable, "-m", "dramatiq", "workers.main", "--processes", "1"]
    command += ["--threads", str(settings().worker_threads), "--path", str(ROOT)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        while not asyncio.run(worker_count()):
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait()


def peak_megabytes(pid: int) -> float:
    """The most memory the worker (Dramatiq's child process) ever held."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    sizes = [
        int(line.split()[1]) / 1024
        for child in children
        for line in Path(f"/proc/{child}/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    ]
    return max(sizes)


if __name__ == "__main__":
    sys.exit(main())
