"""What an installation serves: Mintage's own collections, and those of schema snapshots.

The setting SCHEMA lists `builtin` and paths of snapshot files; the system collections are always
there. Everything derived from definitions (tables, statements, GraphQL) is derived from this.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import MetaData

from app import domains
from app.access.caller import SYSTEM as SERVER
from app.database.tables import METADATA, build_tables
from app.errors import AppError, Forbidden, InvalidQuery, shown
from app.items.compile.compiler import Compiler
from app.items.policy.payload_rules import RuleReader
from app.items.query.filter import FilterReader
from app.items.write.values import stored
from app.json_text import exact
from app.settings import Settings
from schema import BUILTIN, OWN, SYSTEM, BadDefinition, Collection, Schema, with_accounts
from schema.snapshot_reading import collections_of

_BUILTIN = "builtin"
_DEEPEST = 100
"""Relations of a path: definitions are written by who runs the server."""


@dataclass(frozen=True, slots=True)
class Served:
    """A schema with its tables and its compiler. `builtin`: Mintage's own collections are in it."""

    schema: Schema
    tables: MetaData
    compiler: Compiler
    builtin: bool


def served(settings: Settings) -> Served:
    """What the settings say is served. Raises BadDefinition with a sentence that says why not."""
    found = _served(settings.schema_sources, settings.answer_max_bytes)
    domains.register(found.schema, found.tables, builtin=found.builtin)
    return found


@lru_cache(maxsize=4)
def _served(sources: tuple[str, ...], most: int) -> Served:
    builtin = _BUILTIN in sources
    if sources == (_BUILTIN,):
        schema, tables = BUILTIN, METADATA
    else:
        own = OWN if builtin else ()
        system = with_accounts() if builtin else SYSTEM
        others = tuple(
            collection for source in sources if source != _BUILTIN for collection in _read(source)
        )
        schema = Schema((*own, *system, *others))
        _require_validations(schema, others)
        tables = build_tables(schema)
    return Served(schema, tables, Compiler(schema, tables, most=most), builtin)


def _read(source: str) -> Iterator[Collection]:
    path = Path(source).expanduser()
    try:
        text = path.read_text()
    except OSError as error:
        raise BadDefinition(
            f"SCHEMA names {source}, which can't be read: {error.strerror}."
        ) from None
    try:
        for collection in collections_of(_parsed(path, text)):
            _require_defaults(collection)
            yield collection
    except (yaml.YAMLError, json.JSONDecodeError) as error:
        raise BadDefinition(
            f"{source} is neither valid YAML nor valid JSON: {str(error).splitlines()[0]}."
        ) from None
    except BadDefinition as error:
        raise BadDefinition(f"{source}: {error}") from None


def _require_defaults(collection: Collection) -> None:
    """Raises BadDefinition for a default that no row could have: its table would not be made."""
    for field in collection.fields:
        try:
            stored(collection.name, field, field.default)
        except AppError as error:
            where, default = f"{collection.name}.{field.name}", shown(repr(field.default))
            raise BadDefinition(
                f'"{where}" can\'t have the default {default}: {error.message}'
            ) from None


def _require_validations(schema: Schema, collections: Iterable[Collection]) -> None:
    """Raises BadDefinition for a validation that can't be understood: nothing would pass it."""
    filters = FilterReader(schema, SERVER, _DEEPEST)
    for collection in collections:
        for field in collection.fields:
            if not field.validation:
                continue
            try:
                RuleReader(filters, collection.name).read(field.validation)
            except (InvalidQuery, Forbidden) as error:
                where = f"{collection.name}.{field.name}"
                raise BadDefinition(f'The validation of "{where}": {error.message}') from None


def _parsed(path: Path, text: str) -> Mapping[str, Any]:
    """The document; `GET /schema/snapshot` wraps it in `data`."""
    loaded: Any = (
        json.loads(text, parse_float=exact)
        if path.suffix == ".json"
        else yaml.load(text, yaml.CSafeLoader)
    )
    inner = loaded.get("data") if isinstance(loaded, dict) else None
    return inner if isinstance(inner, dict) else loaded
