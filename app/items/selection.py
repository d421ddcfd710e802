"""Directus `fields`: from dot paths and wildcards to a selection (directus.md 2.1)."""

import re

from app.errors import Forbidden, InvalidQuery
from app.items.aggregate import NUMBERS, OPERATIONS
from app.items.functions import FUNCTIONS
from app.items.query import Group, Leaf, Nested, Node, Query, Sort, Surface
from schema import Schema

_CALL = re.compile(r"((?:\w+\.)*)(\w+)\(([\w.]+)\)")


class FieldReader:
    """Reads field lists and sort orders of one surface against one schema."""

    def __init__(self, schema: Schema, depth: int, surface: Surface = "rest") -> None:
        self.schema = schema
        self.depth = depth
        self.surface = surface

    def selection(
        self, collection: str, fields: list[str], path: tuple[str, ...] = ()
    ) -> tuple[Node, ...]:
        """The nodes of a field list, in the order asked.

        Raises Forbidden for an unknown field, InvalidQuery for an unknown function or depth.
        """
        if len(path) > self.depth:
            raise InvalidQuery("Max relational depth exceeded")
        plain: dict[str, Node] = {}
        below: dict[str, list[str]] = {}
        for item in self._expanded(collection, fields):
            function, name = call_of(item) if "(" in item else (None, item)
            head, _, rest = name.partition(".")
            if rest and function is not None:
                rest = f"{function}({rest})"
            if rest:
                below.setdefault(head, []).append(rest)
                plain.setdefault(head, self._leaf(collection, head, path))
            elif function is not None:
                node = self._function(collection, function, head, path)
                plain[node.key] = node
            else:
                plain.setdefault(head, self._leaf(collection, head, path))
        for name, rest_of in below.items():
            plain[name] = self._nested(collection, name, rest_of, path)
        return tuple(plain.values())

    def _expanded(self, collection: str, fields: list[str]) -> list[str]:
        """Wildcards replaced by names: `*` by every field, `*.x` by every relation's x."""
        names = self.schema.fields(collection)
        expanded: list[str] = []
        for item in fields:
            head, dot, rest = item.partition(".")
            if head != "*" or "(" in item:
                expanded.append(item)
            elif not dot:
                expanded += names
            else:
                expanded += [name for name, field in names.items() if field.relation is None]
                expanded += [
                    f"{name}.{rest}" for name, field in names.items() if field.relation is not None
                ]
        return expanded

    def _leaf(self, collection: str, name: str, path: tuple[str, ...]) -> Leaf:
        if name not in self.schema.fields(collection):
            raise Forbidden.field(name, collection, path)
        return Leaf(name, name)

    def _function(self, collection: str, function: str, name: str, path: tuple[str, ...]) -> Leaf:
        field = self.schema.fields(collection).get(name)
        if field is None:
            raise Forbidden.field(name, collection, path)
        if function not in FUNCTIONS.get(field.type, ()):
            raise InvalidQuery(f'Invalid function specified "{function}"')
        return Leaf(f"{name}_{function}", name, function)

    def _nested(
        self, collection: str, name: str, fields: list[str], path: tuple[str, ...]
    ) -> Nested:
        relation = self.schema.fields(collection)[name].relation
        if relation is None:
            raise Forbidden.field(fields[0], collection, (*path, name))
        selection = self.selection(relation.to, fields, (*path, name))
        return Nested(name, name, Query(relation.to, selection, surface=self.surface))

    def sort(self, collection: str, terms: list[str]) -> tuple[Sort, ...]:
        """The order of a sort list; by the collection's own order, else its key, when empty."""
        if not terms:
            definition = self.schema[collection]
            return (Sort((definition.sort_field or definition.primary_key.name,)),)
        return tuple(self._sort_term(collection, term.strip()) for term in terms)

    def aggregate_sort(
        self, collection: str, terms: list[str], groups: tuple[Group, ...]
    ) -> tuple[Sort, ...]:
        """The order of groups: by a group, or an aggregate such as `-count.id`."""
        return tuple(self._aggregate_term(collection, term.strip(), groups) for term in terms)

    def _aggregate_term(self, collection: str, term: str, groups: tuple[Group, ...]) -> Sort:
        descending, name = term.startswith("-"), term.removeprefix("-")
        for group in groups:
            if name in {group.key, f"{group.function}({group.field})"}:
                return Sort((group.key,), descending)
        operation, _, field = name.partition(".")
        if operation not in OPERATIONS:
            self._sort_term(collection, name)  # refuses unknown fields
            raise InvalidQuery(f'Can\'t sort by "{name}": it is no group')
        if not field:
            return Sort((operation,), descending)
        if field not in self.schema.fields(collection):
            raise Forbidden.field(field, collection)
        if not operation.startswith("count"):
            is_number = self.schema.fields(collection)[field].type in NUMBERS
            if not is_number:
                raise InvalidQuery(f'Can\'t sort by "{name}": "{field}" is no number')
        return Sort((operation, field), descending)

    def _sort_term(self, collection: str, term: str) -> Sort:
        descending = term.startswith("-")
        name, function = term.removeprefix("-"), None
        if "(" in name:
            function, name = call_of(name)
        path = tuple(name.split("."))
        if len(path) > self.depth:
            raise InvalidQuery("Max relational depth exceeded")
        here, field = collection, self.schema[collection].primary_key
        for place, part in enumerate(path):
            if part not in self.schema.fields(here):
                raise Forbidden.field(part, here, path[:place])
            field = self.schema.fields(here)[part]
            if place < len(path) - 1:
                if field.relation is None:
                    raise Forbidden.field(path[place + 1], here, path[: place + 1])
                here = field.relation.to
        if function is not None and function not in FUNCTIONS.get(field.type, ()):
            raise InvalidQuery(f'Invalid function specified "{function}"')
        return Sort(path, descending, function)


def call_of(text: str) -> tuple[str, str]:
    """The function and path of `year(a.date)` or `a.year(date)`; InvalidQuery for anything else."""
    match = _CALL.fullmatch(text)
    if match is None:
        raise InvalidQuery(f'Invalid function specified "{text}"')
    return match[2], match[1] + match[3]
