"""A harbour: the collections of a Directus snapshot that the query language is tried on.

`port` has many `berths`, in their order; `ship` has a `captain` and many `tags`, in their order.
"""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import MetaData
from starlette.applications import Starlette

from app import domains
from app.bootstrap import bootstrap
from app.database.migrate import upgrade
from app.main import create_app
from app.served import served
from app.settings import GivenSettings
from schema import Schema
from tests.installation import Client, client_of, own_database

PUBLIC = "abf8a154-5b1c-4a46-ac9c-7300570f4f17"
"""The policy of everybody."""

_TYPES = {
    "string": "character varying",
    "text": "text",
    "integer": "integer",
    "bigInteger": "bigint",
    "decimal": "numeric",
    "float": "double precision",
    "boolean": "boolean",
    "date": "date",
    "time": "time without time zone",
    "dateTime": "timestamp without time zone",
    "timestamp": "timestamp with time zone",
    "json": "json",
    "csv": "text",
}
_COLLECTIONS: dict[str, dict[str, str]] = {
    "port": {
        "name": "string",
        "opened": "dateTime",
        "founded": "date",
        "seen": "timestamp",
        "at": "time",
        "score": "decimal",
        "big": "bigInteger",
        "ratio": "float",
        "active": "boolean",
        "meta": "json",
        "words": "csv",
    },
    "berth": {"label": "string", "port": "integer", "sort": "integer"},
    "captain": {"name": "string"},
    "ship": {"name": "string", "captain": "integer", "qty": "integer"},
    "ship_tag": {"ship": "integer", "tag": "integer", "sort": "integer"},
    "tag": {"word": "string"},
    "office": {"motto": "string"},
    "class": {"from": "string", "in": "integer", "from_": "string", "None": "date"},
}
_TO_MANY = (("port", "berths", "o2m"), ("ship", "tags", "m2m"))
_RELATIONS = (
    ("berth", "port", "port", "berths", "sort", None),
    ("ship", "captain", "captain", None, None, None),
    ("ship_tag", "ship", "ship", "tags", "sort", "tag"),
    ("ship_tag", "tag", "tag", None, None, "ship"),
)


def _field(collection: str, name: str, kind: str) -> dict[str, Any]:
    is_key = name == "id"
    is_required = (collection, name) == ("ship", "qty")
    return {
        "collection": collection,
        "field": name,
        "type": kind,
        "meta": {
            "collection": collection,
            "field": name,
            "required": is_required,
            "special": [f"cast-{kind}"] if kind in {"json", "csv"} else None,
        },
        "schema": {
            "name": name,
            "table": collection,
            "data_type": _TYPES[kind],
            "is_primary_key": is_key,
            "has_auto_increment": is_key,
            "is_nullable": not is_key and not is_required,
            "max_length": 255 if kind == "string" else None,
            "numeric_precision": 20 if kind == "decimal" else None,
            "numeric_scale": 5 if kind == "decimal" else None,
        },
    }


def _relation(
    many: str, field: str, one: str, alias: str | None, sort: str | None, junction: str | None
) -> dict[str, Any]:
    return {
        "collection": many,
        "field": field,
        "related_collection": one,
        "meta": {
            "many_collection": many,
            "many_field": field,
            "one_collection": one,
            "one_field": alias,
            "sort_field": sort,
            "junction_field": junction,
            "one_deselect_action": "nullify",
        },
        "schema": {
            "table": many,
            "column": field,
            "foreign_key_table": one,
            "foreign_key_column": "id",
            "on_delete": "SET NULL",
        },
    }


SNAPSHOT: dict[str, Any] = {
    "version": 1,
    "directus": "11.17.4",
    "vendor": "postgres",
    "collections": [
        {
            "collection": name,
            "meta": {"collection": name, "accountability": "all", "singleton": name == "office"},
            "schema": {"name": name},
        }
        for name in _COLLECTIONS
    ],
    "fields": [
        *(
            _field(collection, name, kind)
            for collection, fields in _COLLECTIONS.items()
            for name, kind in ({"id": "integer"} | fields).items()
        ),
        *(
            {
                "collection": collection,
                "field": name,
                "type": "alias",
                "meta": {"collection": collection, "field": name, "special": [special]},
                "schema": None,
            }
            for collection, name, special in _TO_MANY
        ),
    ],
    "relations": [_relation(*relation) for relation in _RELATIONS],
}


class Harbour:
    """The collections as an admin and as everybody, and their rows."""

    def __init__(self, client: Client, public: Client, rows: psycopg.Connection[Any]) -> None:
        self.client = client
        self.public = public
        self.rows = rows

    async def data(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """What an admin is answered."""
        return await _data(self.client, method, path, body, params)

    async def seen(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """What everybody is."""
        return await _data(self.public, method, path, body, params)

    async def refused(self, method: str, path: str, body: Any = None, **params: Any) -> str:
        """The status and the sentence of a refusal, as an admin."""
        response = await self.client.request(method, path, json=body, params=params)
        [error] = response.json()["errors"]
        return f"{response.status_code} {error['message']}"

    async def allow(self, collection: str, action: str, **options: Any) -> None:
        """Let everybody do something."""
        rule = {"policy": PUBLIC, "collection": collection, "action": action, "fields": ["*"]}
        await self.data("POST", "/permissions", rule | options)


async def _data(client: Client, method: str, path: str, body: Any, params: Any) -> Any:
    response = await client.request(method, path, json=body, params=params)
    assert response.status_code in {200, 204}, response.text
    return response.json()["data"] if response.status_code == 200 else None


@pytest.fixture(scope="session")
def harbour_app(
    database_url: str, prepared: GivenSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Starlette, str, Schema, MetaData]]:
    """An application that serves the harbour, its database and its definitions."""
    path: Path = tmp_path_factory.mktemp("harbour") / "harbour.json"
    path.write_text(json.dumps(SNAPSHOT))
    with own_database(database_url) as url:
        current = prepared.model_copy(update={"database_url": url, "schema_": str(path)})
        what = served(current)
        upgrade(url, what.tables, builtin=False)
        bootstrap(current, url)
        yield create_app(current), url, what.schema, what.tables


@pytest.fixture
async def harbour(harbour_app: tuple[Starlette, str, Schema, MetaData]) -> AsyncIterator[Harbour]:
    """The harbour, empty."""
    app, url, schema, tables = harbour_app
    domains.register(schema, tables, builtin=False)
    with psycopg.connect(url, autocommit=True) as rows:
        names = ", ".join(f'"{name}"' for name in _COLLECTIONS)
        rows.execute(f"TRUNCATE {names} RESTART IDENTITY")
        rows.execute("TRUNCATE directus_revisions, directus_activity CASCADE")
        rows.execute("DELETE FROM directus_permissions WHERE policy = %s", [PUBLIC])
        async with client_of(app) as client, client_of(app, {}) as public:
            yield Harbour(client, public, rows)
    domains.register()  # rules belong to the process, and other tests need all of them
