"""Directus `fields`, `deep`, `alias`: from dot paths and wildcards to a query (directus.md 2)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.errors import Forbidden, InvalidQuery, shown
from app.items.query.filter import FilterReader
from app.items.query.functions import functions_of, result_key
from app.items.query.relations import Readable, step
from app.items.query.search import search_condition
from app.items.query.size import Size
from app.items.query.sort import OrderReader
from app.items.query.tree import Leaf, Nested, Node, Query, Surface, Value, comparisons
from schema import Field

_CALL = re.compile(r"((?:\w+\.)*)(\w+)\(([\w.]+)\)")
_JSON = re.compile(r"json\(\s*(\w+(?:\.\w+)*)\s*,([^()]+)\)")

_LONGEST_WILDCARD = 1_000
"""Characters of a path with a wildcard, which is written out for every relation."""

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """What a query says of one level beside its fields; `below` of its relations, by key.

    `limit` None: the default; -1: all. `alias`: other keys for relations.
    """

    filter: Any = None
    search: Any = None
    sort: tuple[str, ...] = ()
    limit: int | None = None
    offset: int | None = None
    page: int | None = None
    alias: Mapping[str, str] = field(default_factory=dict)
    below: Mapping[str, "Options"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many rows a list has when it does not say, and at most; how deep paths may go.

    `mutations`: how many rows one request may write; `repeated`: how many rows the relations of
    one read may show more than once (app.items.query.cost).
    """

    default: int = 100
    most: int | None = None
    depth: int = 10
    mutations: int | None = None
    repeated: int | None = None


LIMITS = Limits()


class QueryReader:
    """Reads one query of a surface, against what one caller may read."""

    def __init__(
        self, schema: Readable, filters: FilterReader, limits: Limits, surface: Surface = "rest"
    ) -> None:
        self.schema = schema
        self.filters = filters
        self.limits = limits
        self.surface = surface
        self.order = OrderReader(schema, limits.depth)
        self.size = Size()

    def query(
        self,
        collection: str,
        fields: list[str],
        options: Options,
        path: Path = (),
        *,
        backlinks: bool = True,
    ) -> Query:
        """The query of a list: which items, in what order, and what of each.

        Raises InvalidQuery, and Forbidden for what is not there.
        """
        level = _Level(self, collection, path, options, backlinks=backlinks)
        listed = self.listed(collection, level.nodes(fields), options)
        return replace(listed, order=tuple(level.order))

    def listed(
        self,
        collection: str,
        selection: tuple[Node, ...],
        options: Options,
        *,
        sort_by: str | None = None,
    ) -> Query:
        """The query of a list with a selection of its own. `sort_by`: the order when none is."""
        limit, offset = self.page(options)
        chosen = self.filters.read(collection, options.filter)
        searched = search_condition(self.schema, collection, options.search)
        self.size.add(comparisons(chosen) + comparisons(searched) + len(options.sort))
        return Query(
            collection,
            selection,
            filter=chosen,
            search=searched,
            sort=self.order.sort(collection, list(options.sort), own=sort_by),
            limit=None if limit is None else Value(limit),
            offset=None if offset is None else Value(offset),
            surface=self.surface,
        )

    def page(self, options: Options) -> tuple[int | None, int | None]:
        """Limit and offset; `page` counts in limits from 1 and overrides `offset` (2.5)."""
        most, offset = self.limits.most, options.offset
        usual = self.limits.default if most is None else min(self.limits.default, most)
        rows = usual if options.limit is None else options.limit
        if most is not None and rows > most:
            raise InvalidQuery(f'"limit" must be less than or equal to {most}')
        if options.page and rows != -1:
            offset = rows * (options.page - 1)
        if rows == -1:
            return most, offset
        return rows, offset

    def selection(
        self,
        collection: str,
        fields: list[str],
        path: Path = (),
        options: Options | None = None,
        *,
        backlinks: bool = True,
    ) -> tuple[Node, ...]:
        """The nodes of a field list, in the order asked."""
        level = _Level(self, collection, path, options or Options(), backlinks=backlinks)
        return level.nodes(fields)

    def related(self, key: str, name: str, target: str, fields: list[str], level: "_Level") -> Node:
        """The node of a relation: an object, or of a to-many a list under its own options."""
        options = level.options.below.get(key, Options())
        path = (*level.path, key)
        nested = self.query(target, fields, options, path, backlinks=level.backlinks)
        leads = step(self.schema, level.collection, name)
        if leads is not None and leads.many:
            many = level.fields[name].many
            if not options.sort and many is not None and many.sort_field:
                by = self.order.sort(target, [], own=many.sort_field)
                nested = replace(nested, sort=by)
            return Nested(key, name, nested)
        return Nested(key, name, replace(nested, limit=None, offset=None, sort=()))

    def keys_of(self, key: str, name: str, level: "_Level") -> Node:
        """The node of a to-many without fields: the keys of its rows."""
        many = level.fields[name].many
        if many is None:
            raise LookupError(f'"{name}" is no to-many.')
        options = level.options.below.get(key, Options())
        primary = self.schema[many.collection].primary_key.name
        if not self.schema.fields(many.collection):
            raise Forbidden.collection(many.collection, (*level.path, key))
        nested = self.listed(
            many.collection, (Leaf("key", primary),), options, sort_by=many.sort_field
        )
        return Nested(key, name, nested, bare=True)


class _Level:
    """The fields of one level being read."""

    def __init__(
        self, reader: QueryReader, collection: str, path: Path, options: Options, *, backlinks: bool
    ) -> None:
        if len(path) > reader.limits.depth:
            raise InvalidQuery("Max relational depth exceeded")
        self.reader = reader
        self.schema = reader.schema
        self.collection = collection
        self.path = path
        self.options = options
        self.backlinks = backlinks
        self.order: dict[str, None] = {}
        self.fields = reader.schema.fields(collection)
        if not self.fields:
            raise Forbidden.collection(collection, path)

    def nodes(self, fields: list[str]) -> tuple[Node, ...]:
        """The nodes in the order asked; objects and lists of relations after the level's own."""
        plain: dict[str, Node] = {}
        below: dict[str, list[str]] = {}
        missing: list[str] = []
        for item in self._expanded(dict.fromkeys(fields)):
            function, name, argument = _call(item)
            head, _, rest = name.partition(".")
            asked = head if rest or function is None else result_key(head, function, argument)
            self.order.setdefault(asked)
            real = self.options.alias.get(head, head)
            if "(" in real and item == head:
                plain[head] = self._alias_of_call(head, real, missing)
            elif real not in self.fields:
                missing.append(head)
            elif rest:
                call = rest if function is None else _written(function, rest, argument)
                below.setdefault(head, []).append(call)
            elif function is not None:
                node = self._function(function, head, self.fields[real], argument)
                plain[node.key] = node
            else:
                plain.setdefault(head, self._leaf(head, real))
        if missing:
            raise Forbidden.fields(list(dict.fromkeys(missing)), self.collection, self.path)
        for key, names in below.items():
            plain.pop(key, None)
            plain[key] = self._nested(key, names)
        return tuple(plain.values())

    def _expanded(self, fields: Iterable[str]) -> Iterable[str]:
        """Every name once, wildcards replaced by names; each is counted before the next is read."""
        expanded: dict[str, None] = {}
        for item in fields:
            names = self._names(item)
            self.reader.size.add(len(names))
            expanded |= dict.fromkeys(names)
        return expanded

    def _names(self, item: str) -> list[str]:
        """What a wildcard stands for: `*` for every field, `*.x` for every relation's x."""
        head, dot, rest = item.partition(".")
        if head != "*" or "(" in item:
            return [item]
        if not dot:
            return [name for name in self.fields if self._shows(name)]
        if len(item) > _LONGEST_WILDCARD:
            raise InvalidQuery("Max relational depth exceeded")
        related = {name for name in self.fields if self._expands(name, rest)}
        shown = [name for name in self.fields if name not in related and self._shows(name)]
        return [*shown, *(f"{name}.{rest}" for name in self.fields if name in related)]

    def _shows(self, name: str) -> bool:
        """Whether a wildcard shows a field: not a to-many of what the caller may not read."""
        many = self.fields[name].many
        return many is None or bool(self.schema.fields(many.collection))

    def _expands(self, name: str, rest: str) -> bool:
        """Whether `*.rest` goes into a field."""
        leads = step(self.schema, self.collection, name)
        if leads is None or not self.schema.fields(leads.collection):
            return False
        if not self.backlinks and self._is_backlink(self.fields[name]):
            return False
        head = rest.partition(".")[0].partition("(")[0]
        return head == "*" or "(" in rest or head in self.schema.fields(leads.collection)

    def _is_backlink(self, item: Field) -> bool:
        """Whether a to-many leads back to where the path came from."""
        return bool(self.path) and item.many is not None

    def _leaf(self, key: str, name: str) -> Node:
        if self.fields[name].many is not None:
            return self.reader.keys_of(key, name, self)
        return Leaf(key, name)

    def _function(self, function: str, key: str, item: Field, argument: str | None) -> Leaf:
        if function not in functions_of(item) or (function == "json") == (argument is None):
            raise InvalidQuery(f'Invalid function specified "{shown(function)}"')
        if item.many is not None and not self.schema.fields(item.many.collection):
            raise Forbidden.collection(item.many.collection, (*self.path, key))
        return Leaf(result_key(key, function, argument), item.name, function, argument)

    def _alias_of_call(self, key: str, call: str, missing: list[str]) -> Leaf:
        """A function of a field under a key of the caller's: `alias[y]=year(opened)` (2.8)."""
        function, name, argument = _call(call)
        if function is None or name not in self.fields:
            missing.append(key)
            return Leaf(key, name)
        return replace(self._function(function, name, self.fields[name], argument), key=key)

    def _nested(self, key: str, names: list[str]) -> Node:
        real = self.options.alias.get(key, key)
        leads = step(self.schema, self.collection, real)
        if leads is None:
            raise Forbidden.fields([names[0].partition(".")[0]], self.collection, (*self.path, key))
        return self.reader.related(key, real, leads.collection, names, self)


def _written(function: str, rest: str, argument: str | None) -> str:
    return f"{function}({rest})" if argument is None else f"{function}({rest}, {argument})"


def _call(text: str) -> tuple[str | None, str, str | None]:
    """Function, path and argument of a field: `year(a.date)`, `json(meta, a.b)`, or none."""
    if "(" not in text:
        return None, text, None
    match = _JSON.fullmatch(text)
    if match is not None and match[2].strip():
        return "json", match[1], match[2].strip()
    function, path = call_of(text)
    return function, path, None


def call_of(text: str) -> tuple[str, str]:
    """The function and path of `year(a.date)` or `a.year(date)`; InvalidQuery for anything else."""
    match = _CALL.fullmatch(text)
    if match is None:
        raise InvalidQuery(f'Invalid function specified "{shown(text)}"')
    return match[2], match[1] + match[3]
