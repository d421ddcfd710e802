"""The statements of the write path: sets of rows in, one statement each.

Rows travel as ONE JSON parameter that PostgreSQL unfolds (`json_populate_recordset`), so the text
depends on the columns only and 10,000 rows are one statement. All names come from definitions.
"""

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import literal_column

from app.database.session import DIALECT
from app.database.tables import column_type
from app.items.compile.render import rendered
from schema import Collection, Field


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept of writes: activity, and with `revisions` what rows were after them.

    `owner`: the account of a row, as SQL over the row `{row}`; None where nothing has an account.
    """

    revisions: bool
    owner: str | None

    def account(self, row: str) -> str:
        """The account of a row as one more value of a list; nothing where there are none."""
        return "" if self.owner is None else ", " + self.owner.format(row=row)

    def into(self, table: str, names: str) -> str:
        """The beginning of an INSERT into activity or revisions."""
        account = "" if self.owner is None else ", account"
        return f"INSERT INTO {table} ({names}{account})"


@lru_cache(maxsize=1000)
def insert(collection: Collection, columns: tuple[str, ...], kept: Keeping | None = None) -> str:
    """Insert `rows` (JSON); answers the keys in the order of the rows, as `key`."""
    names = ", ".join(_name(column) for column in columns)
    table = _name(collection.name)
    return _inserting(
        collection,
        f"INSERT INTO {table} ({names}) SELECT {names} "
        f"FROM json_populate_recordset(NULL::{table}, %(rows)s::json)",
        kept,
    )


@lru_cache(maxsize=1000)
def insert_defaults(collection: Collection, kept: Keeping | None = None) -> str:
    """Insert `count` rows of which nothing is said: keys that count up; answers as `insert`."""
    table, key = _name(collection.name), collection.primary_key
    counter = f"nextval({_counter(collection)})"
    return _inserting(
        collection,
        f"INSERT INTO {table} ({_name(key.name)}) SELECT {counter} "
        "FROM generate_series(1, %(count)s)",
        kept,
    )


def _inserting(collection: Collection, insert: str, kept: Keeping | None) -> str:
    """An insert that answers its keys, and what is kept of it, in one statement."""
    key = _name(collection.primary_key.name)
    if kept is None:
        return f"{insert} RETURNING {key} AS key"
    owner, account = ("", "") if kept.owner is None else (", account", kept.account("new"))
    named = "" if not account else f"{account} AS account"
    data = _shown(collection, "new")
    shown = f"SELECT {key}::text AS item, {data} AS data{named} FROM new"
    made = f"SELECT 'create', {_WHO}, '{collection.name}', item, now(){owner} FROM shown"
    parts = [
        f"new AS ({insert} RETURNING *)",
        f"shown AS MATERIALIZED ({shown})",
        f"made AS ({kept.into(*_ACTIVITY)} {made} RETURNING id, item)",
    ]
    if kept.revisions:
        account = "" if kept.owner is None else ", s.account"
        parts.append(
            f"kept AS ({kept.into(*_REVISIONS)} SELECT m.id, '{collection.name}', m.item, s.data, "
            f"s.data{account} FROM made AS m JOIN shown AS s ON s.item = m.item)"
        )
    return f"WITH {', '.join(parts)} SELECT {key} AS key FROM new"


@lru_cache(maxsize=1000)
def greatest(collection: Collection) -> str:
    """The greatest of the keys that count up, stored or only counted.

    Keys of the upper half of the range are no counts: after them there would soon be none left.
    """
    key = _name(collection.primary_key.name)
    half = 2**30 if collection.primary_key.type == "integer" else 2**62
    return (
        f"SELECT greatest(max({key}), pg_sequence_last_value({_counter(collection)}), 0) "
        f"FROM {_name(collection.name)} WHERE {key} < {half}"
    )


@lru_cache(maxsize=1000)
def move_on(collection: Collection) -> str:
    """Let keys that count up go on after the greatest one that was given (directus.md 1.4)."""
    sequence = _counter(collection)
    return (
        f"SELECT setval({sequence}, m.most) FROM ({greatest(collection)}) AS m (most) "
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


def lock(collection: Collection, columns: tuple[str, ...] = (), among: str | None = None) -> str:
    """Those of `keys` that rows have, which are locked until the transaction ends, as `key`.

    `among`: a statement of the keys that may be locked at all; None: every one. It is asked before
    anything is locked, so what it says of a row may be different once the row is.
    `weight`: how many bytes the row has in the columns, which are not loaded.
    """
    table, key = _name(collection.name), _name(collection.primary_key.name)
    weight = "".join(f" + coalesce(octet_length({_name(name)}::text), 0)" for name in columns)
    narrowed = "" if among is None else f" AND {key} IN ({among})"
    return (
        f"SELECT {key} AS key, 0{weight} AS weight FROM {table} "
        f"WHERE {key} = ANY(%(keys)s::{_array(collection.primary_key)}){narrowed} "
        f"ORDER BY {key} FOR UPDATE"
    )


@lru_cache(maxsize=1000)
def stored(collection: Collection, columns: tuple[str, ...]) -> str:
    """These columns of the rows of `keys`, as they are stored."""
    key, names = _name(collection.primary_key.name), ", ".join(map(_name, columns))
    return (
        f"SELECT {names} FROM {_name(collection.name)} "
        f"WHERE {key} = ANY(%(keys)s::{_array(collection.primary_key)})"
    )


@lru_cache(maxsize=1000)
def delete(collection: Collection, kept: Keeping | None = None) -> str:
    """Delete the rows of `keys`, and keep that it was done."""
    table, key = _name(collection.name), _name(collection.primary_key.name)
    array = _array(collection.primary_key)
    gone = f"DELETE FROM {table} AS t WHERE t.{key} = ANY(%(keys)s::{array})"
    if kept is None:
        return gone
    account = kept.account("t")
    named = "" if not account else f"{account} AS account"
    owner = "" if not account else ", g.account"
    return (
        f"WITH gone AS ({gone} RETURNING t.{key} AS key{named}) {kept.into(*_ACTIVITY)} "
        f"SELECT 'delete', {_WHO}, '{collection.name}', g.key::text, now(){owner} FROM gone AS g "
        f"JOIN unnest(%(keys)s::{array}) WITH ORDINALITY AS k (key, place) ON k.key = g.key "
        "ORDER BY k.place"
    )


@lru_cache(maxsize=1000)
def absent(target: Collection) -> str:
    """Those of `keys` that no row of the target has."""
    key = target.primary_key
    return (
        f"SELECT k.key FROM unnest(%(keys)s::{_array(key)}) AS k (key) "
        f"WHERE NOT EXISTS (SELECT FROM {_name(target.name)} t WHERE t.{_name(key.name)} = k.key)"
    )


@lru_cache(maxsize=1000)
def hold(target: Collection) -> str:
    """Those of `keys` that rows of the target have, held: they stay, and their accounts' own."""
    key = target.primary_key
    return (
        f"SELECT {_name(key.name)} AS key FROM {_name(target.name)} "
        f"WHERE {_name(key.name)} = ANY(%(keys)s::{_array(key)}) "
        f"ORDER BY {_name(key.name)} FOR KEY SHARE"
    )


@lru_cache(maxsize=1000)
def referenced(collection: Collection, field: Field) -> str:
    """One of `keys` that a row of the collection still points at."""
    return (
        f"SELECT {_name(field.name)} AS key FROM {_name(collection.name)} "
        f"WHERE {_name(field.name)} = ANY(%(keys)s::{_array(field)}) LIMIT 1"
    )


@lru_cache(maxsize=1000)
def crossing(links: tuple[tuple[Collection, Field, Collection], ...], of: str) -> str:
    """The field of one of the links that leads from a row of one account to one of another.

    `of`: which end, `source` or `target`, is a row of `keys`.
    """
    return " UNION ALL ".join(
        _crossing(source, field, target, of, (source if of == "source" else target).primary_key)
        for source, field, target in links
    )


def _crossing(source: Collection, field: Field, target: Collection, of: str, key: Field) -> str:
    return (
        f"(SELECT {_literal(field.name)} AS field FROM {_name(source.name)} AS source "
        f"JOIN {_name(target.name)} AS target "
        f"ON target.{_name(target.primary_key.name)} = source.{_name(field.name)} "
        f"WHERE {of}.{_name(key.name)} = ANY(%(keys)s::{_array(key)}) "
        "AND source.account <> target.account LIMIT 1)"
    )


@lru_cache(maxsize=1000)
def children(collection: Collection, field: Field) -> str:
    """The keys of the rows whose many-to-one `field` is one of `keys`, as `key` and `parent`."""
    name = _name(field.name)
    return (
        f"SELECT {_name(collection.primary_key.name)} AS key, {name} AS parent "
        f"FROM {_name(collection.name)} WHERE {name} = ANY(%(keys)s::{_array(field)})"
    )


@lru_cache(maxsize=1000)
def stands(collection: Collection, field: Field, sort: str | None) -> str:
    """Where the rows of `keys` stand, in the order that they are read in: their many-to-one `field`
    as `parent`, `sort` as `place`.
    """
    primary, place = collection.primary_key, "NULL" if sort is None else _name(sort)
    key = _name(primary.name)
    return (
        f"SELECT {key} AS key, {_name(field.name)} AS parent, {place} AS place "
        f"FROM {_name(collection.name)} WHERE {key} = ANY(%(keys)s::{_array(primary)}) "
        f"ORDER BY place, key"
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
def updated(collection: Collection, kept: Keeping) -> str:
    """Keep that the rows of `keys` were changed; with revisions, the rows as they are now.

    `deltas` are the changes by key.
    """
    table, key = _name(collection.name), _name(collection.primary_key.name)
    array = _array(collection.primary_key)
    done = (
        f"{kept.into(*_ACTIVITY)} SELECT 'update', {_WHO}, '{collection.name}', t.{key}::text, "
        f"now(){kept.account('t')} FROM {table} AS t "
        f"JOIN unnest(%(keys)s::{array}) WITH ORDINALITY AS k (key, place) "
        f"ON k.key = t.{key} ORDER BY k.place"
    )
    if not kept.revisions:
        return done
    delta = "SELECT jsonb_object_agg(d.key, d.value) FROM jsonb_each(s.data) AS d"
    return (
        f"WITH made AS ({done} RETURNING id, item) {kept.into(*_REVISIONS)} "
        f"SELECT m.id, '{collection.name}', m.item, s.data, coalesce(({delta} "
        f"WHERE (%(deltas)s::jsonb -> m.item) ? d.key), '{{}}'){kept.account('t')} "
        f"FROM made AS m JOIN {table} AS t ON t.{key} = m.item::{array.removesuffix('[]')} "
        f"CROSS JOIN LATERAL (SELECT {_shown(collection, 't')} AS data OFFSET 0) AS s"
    )


_ACTIVITY = (
    "directus_activity",
    'action, "user", ip, user_agent, origin, collection, item, "timestamp"',
)
_REVISIONS = ("directus_revisions", "activity, collection, item, data, delta")
_WHO = "%(user)s::uuid, %(ip)s, %(user_agent)s, %(origin)s"
"""Who did it, and from where."""


def _shown(collection: Collection, row: str) -> str:
    """A row as revisions keep it: each value as `/items` shows it, and no secret."""
    values = ", ".join(
        f"{_rendered(field, row)} AS {_name(field.name)}"
        for field in collection.fields
        if field.stored and not field.concealed
    )
    return f"(SELECT to_jsonb(s) FROM (SELECT {values}) AS s)"


def _rendered(field: Field, row: str) -> str:
    """How `/items` shows a value of a row."""
    column = literal_column(f"{row}.{_name(field.name)}", column_type(field))
    shown = rendered(field, column, "rest").compile(
        dialect=DIALECT, compile_kwargs={"literal_binds": True}
    )
    return str(shown)


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


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''").replace("%", "%%") + "'"


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""').replace("%", "%%") + '"'
