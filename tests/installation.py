"""A fresh installation and clients of it: what the tests of the surfaces run on.

One database per xdist worker, migrated and given its first admin and demo rows once; before each
test its rows are put back to that. The conftests of the folders import the fixtures they need.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg import sql
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from app import domains, queue
from app.bootstrap import bootstrap
from app.database.migrate import upgrade
from app.database.tables import METADATA
from app.main import create_app
from app.settings import GivenSettings, settings

TOKEN = "the-token-of-the-first-admin"
SECRET = "a secret of at least sixteen characters"
ADMIN = {"Authorization": f"Bearer {TOKEN}"}
ACCOUNT = "f1b2c3d4-e5f6-7890-1234-567890abcdef"
PRODUCT = "/01/09312345551927"
NOBODY = "00000000-0000-4000-8000-000000000000"
"""A key that no row has."""


class Client(httpx.AsyncClient):
    """A client of the application, in this process; the admin unless told otherwise."""

    async def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        """The body of a GraphQL answer, which has to be HTTP 200."""
        response = await self.post("/graphql", json={"query": query, "variables": variables})
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a GraphQL answer without errors."""
        body = await self.graphql(query, **variables)
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data


_running: dict[Starlette, Mapping[str, Any]] = {}
"""Applications that have begun, and their state."""


async def until(ask: Callable[[], Awaitable[httpx.Response]], status: int) -> httpx.Response:
    """The first answer of that status. What PostgreSQL tells of a change comes a moment later."""
    for _ in range(100):
        response = await ask()
        if response.status_code == status:
            return response
        await asyncio.sleep(0.02)
    raise AssertionError(f"After two seconds still {response.status_code}: {response.text}")


@asynccontextmanager
async def client_of(
    app: Starlette,
    headers: dict[str, str] | None = None,
    address: str = "127.0.0.1",
    **changed: Any,
) -> AsyncIterator[Client]:
    """A client, and the application's lifespan around it; clients of one application share it.

    `changed`: what is otherwise in the state that this client's requests see.
    """
    async with AsyncExitStack() as stack:
        state = _running.get(app)
        if state is None:
            state = await stack.enter_async_context(app.router.lifespan_context(app)) or {}
            _running[app] = state
            stack.callback(_running.pop, app)

        async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "state": {**state, **changed}}, receive, send)

        transport = httpx.ASGITransport(with_state, client=(address, 123))
        own = ADMIN if headers is None else headers
        async with Client(transport=transport, base_url="http://test", headers=own) as client:
            yield client


@contextmanager
def own_database(server_url: str) -> Iterator[str]:
    """The URL of a new, empty database on the server of `server_url`, for the time of the block."""
    name = f"own_{uuid4().hex}"
    identifier = sql.Identifier(name)
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(identifier))
        yield url_of(server_url, name)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def url_of(server_url: str, name: str) -> str:
    """The URL of another database of the same server."""
    head, _, tail = server_url.partition("://")
    place, question, options = tail.partition("?")
    return f"{head}://{place.rpartition('/')[0]}/{name}{question}{options}"


def forget_settings() -> None:
    """Let the next call read the environment again, and connect to the Redis it names."""
    if queue.client.cache_info().currsize:
        queue.client().close()
    for cached in (settings, queue.client, queue._broker):
        cached.cache_clear()


def forget_counts() -> None:
    """Let every address be as if it had asked for nothing yet."""
    redis = queue.client()
    for kind in ("requests", "tries"):
        for key in redis.scan_iter(f"mintage:{kind}:*"):
            redis.delete(key)


def environment_of(current: GivenSettings) -> dict[str, str]:
    """The environment that names an installation to a process."""
    return {
        "DATABASE_URL": current.database_url or "",
        "REDIS_URL": current.redis_url or "",
        "S3_URL": current.s3_url or "",
        "SECRET": current.secret or "",
        "ADMIN_TOKEN": current.admin_token or "",
        "RATE_LIMITER_ENABLED": str(current.rate_limiter_enabled),
    }


@pytest.fixture(scope="session")
def prepared(database_url: str, redis_url: str, s3_url: str) -> Iterator[GivenSettings]:
    """A migrated and bootstrapped installation; its rows are kept in the schema `seeded`."""
    with own_database(database_url) as url:
        current = GivenSettings(
            _env_file=None,
            database_url=url,
            redis_url=redis_url,
            s3_url=s3_url,
            secret=SECRET,
            admin_token=TOKEN,
            rate_limiter_enabled=False,  # all tests come from one address
        )
        upgrade(url)
        bootstrap(current, url)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE SCHEMA seeded")
            for table in METADATA.tables:
                connection.execute(f"CREATE TABLE seeded.{table} AS TABLE {table}")
        yield current


@pytest.fixture(scope="session")
def reset(prepared: GivenSettings) -> str:
    """What puts the seeded rows back, whatever a test did."""
    statements = ["SET LOCAL session_replication_role = replica"]  # keys are checked by nobody
    for table in METADATA.tables:
        statements.append(f"DELETE FROM {table}")
        statements.append(
            f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM seeded.{table}"
        )
    return ";".join(statements)


@pytest.fixture
def installation(
    prepared: GivenSettings, reset: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GivenSettings]:
    """A fresh installation, which is also the one of this process's environment."""
    with psycopg.connect(prepared.database_url) as connection:
        connection.execute(reset)
    domains.register()  # a test before may have served something else in this process
    for name, value in environment_of(prepared).items():
        monkeypatch.setenv(name, value)
    forget_settings()
    forget_counts()
    yield prepared
    monkeypatch.undo()
    forget_settings()


@pytest.fixture(scope="session")
def app(prepared: GivenSettings) -> Starlette:
    """The application; its GraphQL schema is built once."""
    return create_app(prepared)


@pytest.fixture
async def client(app: Starlette, installation: GivenSettings) -> AsyncIterator[Client]:
    """The admin's client of a fresh installation."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
def rows(installation: GivenSettings) -> Iterator[psycopg.Connection[Any]]:
    """The database itself, to look behind the surfaces."""
    with psycopg.connect(installation.database_url, autocommit=True) as connection:
        yield connection
