"""What a caller may send, drawn by Hypothesis: names that exist, values that seldom fit.

The OpenAPI document calls filters, fields and keys a text. Texts drawn at random get no further
than the first check; these go through it, into the compiler and PostgreSQL.
"""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from app.items.query.functions import functions_of
from app.items.query.operators import KNOWN
from schema import Field, Schema

Drawn = st.SearchStrategy[Any]

_WORDS = (
    "$NOW $NOW(-1_day) $NOW(+99999999_years) $CURRENT_USER $CURRENT_ROLE $CURRENT_ROLES "
    "$CURRENT_POLICIES $CURRENT_USER.role $CURRENT_USER.policies $CURRENT_USER.last_access "
    "$CURRENT_ROLES.name $CURRENT_ROLE.users true false null NaN -1 1e400 0x1f 1.50 "
    "9007199254740993 99999999999999999999 2024-02-29 2024-02-30 0000-01-01 12345-01-01 25:61 "
    "2024-02-29T10:00:00.000Z 2024-02-29T24:00:00+99:99 infinity % _ \\ ' \" a,b {} [] "
    "00000000-0000-4000-8000-000000000000 /01/09312345551927 /01/ // . .. admin@example.com"
)
WORDS = (*(word.replace("_", " ") for word in _WORDS.split()), "", "_", "\0", "x" * 300)
_TEXTS = st.one_of(st.sampled_from(WORDS), st.text(max_size=8))
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**66), 2**66),
    st.integers(-3, 3000),
    st.floats(allow_nan=False, allow_infinity=False),
    _TEXTS,
)
_VALUES = st.one_of(
    _SCALARS, st.lists(_SCALARS, max_size=3), st.dictionaries(_TEXTS, _SCALARS, max_size=2)
)
_WORD = st.text("abcxyz019 -", min_size=1, max_size=9)
_MOMENT = st.datetimes().map(lambda moment: moment.isoformat())
_FITTING: dict[str, Drawn] = {
    **dict.fromkeys(("string", "text", "hash"), _WORD),
    **dict.fromkeys(("integer", "bigInteger", "float", "decimal"), st.integers(0, 2000)),
    **dict.fromkeys(("timestamp", "dateTime", "date"), _MOMENT),
    "boolean": st.booleans(),
    "uuid": st.uuids().map(str),
    "csv": st.lists(_WORD, max_size=2),
}
_OPERATORS = st.sampled_from(sorted(KNOWN | {"_some", "_none", "_regex", "x"}))
_WHOLES = st.sampled_from((0, 1, 2, 3, 5, 100, "0", "1", 2**31 - 1, -1, "x", 2**63))
_SECRETS = frozenset({"token", "status"})
"""Fields that are not written: they would lock the caller out."""
_OF_THE_CALLER = frozenset(
    {"directus_users", "directus_roles", "directus_policies", "directus_access"}
)
"""Collections with rows the caller's rights hang on: no query may pick them for a write."""


class Drawing:
    """Strategies for one schema. `keys` are keys that rows have, by collection."""

    def __init__(self, schema: Schema, keys: dict[str, list[Any]]) -> None:
        self.schema = schema
        self.keys = keys

    def parameter(self, name: str, collection: str) -> Drawn | None:
        """The texts of a query parameter; None for one the document describes well enough."""
        of: dict[str, Callable[[str], Drawn]] = {
            "fields": self._list_of(self._shown),
            "sort": self._list_of(self._sorted),
            "groupBy": self._list_of(self._grouped),
            "filter": lambda name: self.filters(name).map(json.dumps),
            "aggregate": lambda name: self._aggregates(name).map(json.dumps),
            "deep": lambda name: self._deep(name).map(json.dumps),
            "alias": lambda name: self._aliases(name).map(json.dumps),
            "search": lambda _name: _TEXTS,
            **dict.fromkeys(("limit", "offset", "page"), lambda _name: _WHOLES),
            "meta": lambda _name: st.sampled_from(("*", "total_count", "filter_count", "x", "")),
        }
        return of[name](collection) if name in of else None

    def key(self, collection: str) -> Drawn:
        """A key of a row, as a path holds it, or what is none."""
        known = st.sampled_from([str(key) for key in self.keys.get(collection) or ["x"]])
        return st.one_of(known, known, _TEXTS.filter(lambda text: text not in {"", ".", ".."}))

    def body(self, method: str, collection: str, *, one: bool) -> Drawn:
        """What to write: an item, several, or those a list of keys or a query picks."""
        item = self.item(collection)
        if one or self.schema[collection].singleton:
            return item
        if method == "post":
            return st.one_of(item, st.lists(item, max_size=3))
        keys = st.lists(self._known(collection), max_size=3)
        picked: Drawn = keys.map(lambda keys: {"keys": keys})
        if collection not in _OF_THE_CALLER:
            query = st.fixed_dictionaries({"filter": self.filters(collection), "limit": _WHOLES})
            picked = st.one_of(picked, query.map(lambda query: {"query": query}))
        if method == "delete":
            return st.one_of(keys, picked)
        return st.one_of(
            st.builds(lambda chosen, data: {**chosen, "data": data}, picked, item),
            st.lists(item, max_size=3),
        )

    def item(self, collection: str) -> Drawn:
        """An item of which every field may be there."""
        kept = [field for field in self._fields(collection) if field.name not in _SECRETS]
        return st.lists(st.sampled_from(kept), max_size=6, unique=True).flatmap(
            lambda fields: st.fixed_dictionaries(
                {field.name: self.value(field) for field in fields}
            )
        )

    def value(self, field: Field) -> Drawn:
        """A value to write to a field: a key or an item for a relation."""
        if field.relation is not None:
            return st.one_of(st.none(), self._row(field.relation.to))
        if field.many is not None:
            return self._changes(field.many.collection)
        fitting = st.sampled_from(field.choices) if field.choices else _FITTING.get(field.type)
        return _VALUES if fitting is None else st.one_of(*[fitting] * 6, _VALUES)

    def filters(self, collection: str, deepest: int = 3) -> Drawn:
        """A filter of a collection."""
        leaf = st.deferred(lambda: self._condition(collection, deepest))
        lists = st.lists(leaf, max_size=3)
        logic = st.builds(lambda key, parts: {key: parts}, st.sampled_from(("_and", "_or")), lists)
        return st.one_of(leaf, leaf, logic, _VALUES) if deepest else leaf

    def _condition(self, collection: str, deepest: int) -> Drawn:
        return st.sampled_from(self._fields(collection)).flatmap(
            lambda field: self._on(field, deepest)
        )

    def _on(self, field: Field, deepest: int) -> Drawn:
        operations = st.dictionaries(_OPERATORS, _VALUES, min_size=1, max_size=2)
        found = [st.just(field.name), *(st.just(f"{f}({field.name})") for f in functions_of(field))]
        compared = st.builds(lambda key, below: {key: below}, st.one_of(*found), operations)
        target = _target(field)
        if target is None or deepest == 0:
            return compared
        below = self.filters(target, deepest - 1)
        quantified = st.builds(
            lambda key, part: {key: part}, st.sampled_from(("_some", "_none")), below
        )
        inner = st.one_of(below, quantified).map(lambda part: {field.name: part})
        return st.one_of(compared, inner, inner)

    def _list_of(self, one: Callable[[str], Drawn]) -> Callable[[str], Drawn]:
        return lambda name: st.lists(one(name), min_size=1, max_size=4).map(",".join)

    def _shown(self, collection: str, deepest: int = 3) -> Drawn:
        """A path of fields, a wildcard or a function."""
        names = [field.name for field in self._fields(collection)]
        calls = [f"{f}({field.name})" for field in self._fields(collection) for f in _calls(field)]
        here = st.sampled_from([*names, *names, *names, *calls, "*", "*.*", "json(x", "count(id)"])
        related = [field for field in self._fields(collection) if _target(field)]
        if not related or deepest == 0:
            return here
        further = st.sampled_from(related).flatmap(
            lambda field: self._shown(_target(field) or "", deepest - 1).map(
                lambda rest: f"{field.name}.{rest}"
            )
        )
        return st.one_of(here, further)

    def _sorted(self, collection: str) -> Drawn:
        return st.builds(str.__add__, st.sampled_from(("", "-", "--")), self._shown(collection))

    def _grouped(self, collection: str) -> Drawn:
        return self._shown(collection, 0)

    def _aggregates(self, collection: str) -> Drawn:
        names = [field.name for field in self._fields(collection)]
        functions = "count countDistinct countAll sum sumDistinct avg avgDistinct min max x".split()
        over = st.one_of(
            st.sampled_from([*names, "*"]), st.lists(st.sampled_from(names), max_size=3), _VALUES
        )
        return st.dictionaries(st.sampled_from(functions), over, max_size=3)

    def _deep(self, collection: str, deepest: int = 2) -> Drawn:
        related = [field for field in self._fields(collection) if _target(field)]
        if not related:
            return st.dictionaries(_TEXTS, _VALUES, max_size=2)
        return st.sampled_from(related).flatmap(
            lambda field: self._level(_target(field) or "", deepest).map(
                lambda below: {field.name: below}
            )
        )

    def _level(self, collection: str, deepest: int) -> Drawn:
        own = {
            "_filter": self.filters(collection, 1),
            "_sort": st.lists(self._sorted(collection), max_size=2),
            "_limit": _WHOLES,
            "_offset": _WHOLES,
            "_page": _WHOLES,
            "_search": _TEXTS,
            "_alias": self._aliases(collection),
        }
        level = st.fixed_dictionaries({}, optional=own)
        if deepest == 0:
            return level
        return st.builds(lambda a, b: {**a, **b}, level, self._deep(collection, deepest - 1))

    def _aliases(self, collection: str) -> Drawn:
        names = [field.name for field in self._fields(collection)]
        return st.dictionaries(
            st.sampled_from(["a", "id", "$b"]), st.sampled_from(names), max_size=2
        )

    def _changes(self, collection: str) -> Drawn:
        """What becomes of the rows of a to-many."""
        rows = st.lists(self._row(collection), max_size=2)
        kinds = st.sampled_from(("create", "update", "delete"))
        return st.one_of(rows, st.dictionaries(kinds, rows, max_size=3), _VALUES)

    def _row(self, collection: str) -> Drawn:
        """A row inside an item: its key, or a small item with or without one."""
        kept = [f.name for f in self._fields(collection) if not _target(f)]
        small = st.dictionaries(
            st.sampled_from([name for name in kept if name not in _SECRETS]), _SCALARS, max_size=3
        )
        name = self.schema[collection].primary_key.name
        known = self._known(collection)
        keyed = st.builds(lambda item, key: {**item, name: key}, small, known)
        return st.one_of(known, small, keyed)

    def _known(self, collection: str) -> Drawn:
        keys = self.keys.get(collection)
        return st.one_of(st.sampled_from(keys), _SCALARS) if keys else _SCALARS

    def _fields(self, collection: str) -> list[Field]:
        return list(self.schema.fields(collection).values())


def _target(field: Field) -> str | None:
    if field.relation is not None:
        return field.relation.to
    return None if field.many is None else field.many.collection


def _calls(field: Field) -> tuple[str, ...]:
    return tuple(name for name in functions_of(field) if name != "json")
