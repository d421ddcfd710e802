"""The statements of the write path: sets of rows in, one statement each.

Rows travel as ONE JSON parameter that PostgreSQL unfolds (`json_populate_recordset`), so the text
depends on the columns only and 10,000 rows are one statement. All names come from definitions.
"""

from functools import lru_cache

from schema import Collection, Field


@lru_cache(maxsize=1000)
def insert(collection: Collection, columns: tuple[str, ...], kept: str | None = None) -> str:
    """Insert `rows` (JSON); answers the keys in the order of the rows, as `key`.

    `kept`: what is kept of it: "all" (activity and revisions), "activity", or nothing.
    """
    names = ", ".join(_name(column) for column in columns)
    table = _name(collection.name)
    return _inserting(
        collection,
        f"INSERT INTO {table} ({names}) SELECT {names} "
        f"FROM json_populate_recordset(NULL::{table}, %(rows)s::json)",
        kept,
    )


@lru_cache(maxsize=1000)
def insert_defaults(collection: Collection, kept: str | None = None) -> str:
    """Insert `count` rows of which nothing is said: keys that count up; answers as `insert`."""
    table, key = _name(collection.name), collection.primary_key
    counter = f"nextval({_counter(collection)})"
    return _inserting(
        collection,
        f"INSERT INTO {table} ({_name(key.name)}) SELECT {counter} "
        "FROM generate_series(1, %(count)s)",
        kept,
    )


def _inserting(collection: Collection, insert: str, kept: str | None) -> str:
    """An insert that answers its keys, and what is kept of it, in one statement."""
    key = _name(collection.primary_key.name)
    if kept is None:
        return f"{insert} RETURNING {key} AS key"
    data = _shown(collection, "new")
    shown = f"SELECT {key}::text AS item, {data} AS data FROM new"
    made = f"SELECT 'create', {_WHO}, '{collection.name}', item, now() FROM shown"
    parts = [
        f"new AS ({insert} RETURNING *)",
        f"shown AS MATERIALIZED ({shown})",
        f"made AS ({_ACTIVITY} {made} RETURNING id, item)",
    ]
    if kept == "all":
        parts.append(
            f"kept AS ({_REVISIONS} SELECT m.id, '{collection.name}', m.item, s.data, s.data "
            "FROM made AS m JOIN shown AS s ON s.item = m.item)"
        )
    return f"WITH {', '.join(parts)} SELECT {key} AS key FROM new"


@lru_cache(maxsize=1000)
def draw(collection: Collection) -> str:
    """The next key of a collection whose keys count up."""
    return f"SELECT nextval({_counter(collection)})"


@lru_cache(maxsize=1000)
def move_on(collection: Collection) -> str:
    """Let keys that count up go on after the greatest one that was given (directus.md 1.4).

    Keys of the upper half of the range are no counts: after them there would soon be none left.
    """
    table, key = _name(collection.name), collection.primary_key.name
    bits = 30 if collection.primary_key.type == "integer" else 62
    sequence = _counter(collection)
    return (
        f"SELECT setval({sequence}, m.most) "
        f"FROM (SELECT max({_name(key)}) AS most FROM {table} WHERE {_name(key)} < {2**bits}) AS m "
        f"WHERE m.most > coalesce(pg_sequence_last_value({sequence}), 0)"
    )


@lru_cache(maxsize=1000)
def update(collection: Collection, columns: tuple[str, ...]) -> str:
    """Set `columns` of every row in `rows` (JSON), found by its key."""
    table, key = _name(collection.name), _name(collection.primary_key.name)
    sets = ", ".join(f"{_name(column)} = s.{_name(column)}" for column in columns)
    return (
        f"UPDATE {table} AS t SET {sets} "
        f"FROM json_populate_recordset(NULL::{table}, %(rows)s::json) AS s "
        f"WHERE t.{key} = s.{key}"
    )


@lru_cache(maxsize=1000)
def lock(collection: Collection) -> str:
    """The stored rows of `keys`, locked until the transaction ends."""
    table, key = _name(collection.name), _name(collection.primary_key.name)
    return (
        f"SELECT * FROM {table} WHERE {key} = ANY(%(keys)s::{_array(collection.primary_key)}) "
        f"ORDER BY {key} FOR UPDATE"
    )


@lru_cache(maxsize=1000)
def delete(collection: Collection) -> str:
    """Delete the rows of `keys`."""
    table, key = _name(collection.name), _name(collection.primary_key.name)
    array = _array(collection.primary_key)
    return f"DELETE FROM {table} WHERE {key} = ANY(%(keys)s::{array})"


@lru_cache(maxsize=1000)
def absent(target: Collection) -> str:
    """Those of `keys` that no row of the target has."""
    key = target.primary_key
    return (
        f"SELECT k.key FROM unnest(%(keys)s::{_array(key)}) AS k (key) "
        f"WHERE NOT EXISTS (SELECT FROM {_name(target.name)} t WHERE t.{_name(key.name)} = k.key)"
    )


@lru_cache(maxsize=1000)
def referenced(collection: Collection, field: Field) -> str:
    """One of `keys` that a row of the collection still points at."""
    return (
        f"SELECT {_name(field.name)} AS key FROM {_name(collection.name)} "
        f"WHERE {_name(field.name)} = ANY(%(keys)s::{_array(field)}) LIMIT 1"
    )


@lru_cache(maxsize=1000)
def children(collection: Collection, field: Field) -> str:
    """The keys of the rows whose many-to-one `field` is one of `keys`, as `key` and `parent`."""
    name = _name(field.name)
    return (
        f"SELECT {_name(collection.primary_key.name)} AS key, {name} AS parent "
        f"FROM {_name(collection.name)} WHERE {name} = ANY(%(keys)s::{_array(field)}) FOR UPDATE"
    )


@lru_cache(maxsize=1000)
def last_places(collection: Collection, field: Field, sort: str) -> str:
    """The greatest `sort` of the rows whose many-to-one `field` is one of `keys`, by `parent`."""
    name = _name(field.name)
    return (
        f"SELECT {name} AS parent, max({_name(sort)}) AS last FROM {_name(collection.name)} "
        f"WHERE {name} = ANY(%(keys)s::{_array(field)}) GROUP BY {name}"
    )


@lru_cache(maxsize=1000)
def unlink(collection: Collection, field: Field) -> str:
    """Set the field null wherever it points at one of `keys`."""
    name = _name(field.name)
    return (
        f"UPDATE {_name(collection.name)} SET {name} = NULL "
        f"WHERE {name} = ANY(%(keys)s::{_array(field)})"
    )


@lru_cache(maxsize=1000)
def activity(collection: Collection) -> str:
    """Keep that `action` was done to the rows of the keys `items`."""
    return (
        f"{_ACTIVITY} SELECT %(action)s, {_WHO}, '{collection.name}', k.item, now() "
        "FROM unnest(%(items)s::text[]) WITH ORDINALITY AS k (item, place) ORDER BY k.place"
    )


@lru_cache(maxsize=1000)
def activity_and_revisions(collection: Collection) -> str:
    """As `activity`, and the rows as they are now; `deltas` are the changes by key."""
    table, key = _name(collection.name), collection.primary_key
    return (
        f"WITH made AS ({activity(collection)} RETURNING id, item) "
        f"{_REVISIONS} SELECT m.id, '{collection.name}', m.item, {_shown(collection, 't')}, "
        f"{_without_secrets(collection, '(%(deltas)s::jsonb -> m.item)')} "
        f"FROM made AS m JOIN {table} AS t ON t.{_name(key.name)} = "
        f"m.item::{_ARRAYS[key.type][:-2]}"
    )


_ACTIVITY = """INSERT INTO directus_activity
  (action, "user", ip, user_agent, origin, collection, item, "timestamp")"""
_REVISIONS = "INSERT INTO directus_revisions (activity, collection, item, data, delta)"
_WHO = "%(user)s::uuid, %(ip)s, %(user_agent)s, %(origin)s"
"""Who did it, and from where."""


def _shown(collection: Collection, row: str) -> str:
    """A row as revisions keep it."""
    return _without_secrets(collection, f"to_jsonb({row})")


def _without_secrets(collection: Collection, json: str) -> str:
    hidden = [field.name for field in collection.fields if field.concealed]
    secrets = ", ".join("'" + name.replace("'", "''") + "'" for name in hidden)
    return f"{json} - ARRAY[{secrets}]::text[]" if hidden else json


_ARRAYS = {
    "uuid": "uuid[]",
    "string": "text[]",
    "text": "text[]",
    "integer": "bigint[]",
    "bigInteger": "bigint[]",
}


def _counter(collection: Collection) -> str:
    """The sequence of keys that count up."""
    return f"pg_get_serial_sequence('{_name(collection.name)}', '{collection.primary_key.name}')"


def _array(field: Field) -> str:
    return _ARRAYS[field.type]


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""').replace("%", "%%") + '"'
