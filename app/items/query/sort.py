"""Directus `sort`: orders of items and of groups (directus.md 2.4, 2.6)."""

import re

from app.errors import Forbidden, InvalidQuery, shown
from app.items.query.functions import functions_of
from app.items.query.operations import NUMBERS, OPERATIONS
from app.items.query.relations import Readable, step
from app.items.query.tree import Group, Sort

_CALL = re.compile(r"((?:\w+\.)*)(\w+)\(([\w.]+)\)")


_MOST_TERMS = 100


class OrderReader:
    """Reads sort orders against what a caller may read."""

    def __init__(self, schema: Readable, depth: int) -> None:
        self.schema = schema
        self.depth = depth

    def sort(
        self, collection: str, terms: list[str], *, own: str | None = None
    ) -> tuple[Sort, ...]:
        """The order of a sort list; by `own` when it is empty, which nobody has to be able to read.

        Without that by the collection's own order, else its key; who may not read those gets the
        order of the first field it may read. Equal rows are in the order of their keys in any case
        (app.items.compile.scope).
        """
        _require_few(terms)
        if terms:
            return tuple(self.term(collection, term.strip()) for term in terms)
        return (self._usual(collection) if own is None else Sort((own,)),)

    def _usual(self, collection: str) -> Sort:
        definition, readable = self.schema[collection], self.schema.fields(collection)
        own = definition.sort_field or definition.primary_key.name
        if own not in readable:
            shown = (n for n, field in readable.items() if field.stored and not field.concealed)
            own = next(shown, own)
        return Sort((own,))

    def term(self, collection: str, term: str) -> Sort:
        """One term. Raises Forbidden for what is not there, InvalidQuery for a wrong function.

        A concealed field is not there either: the order of secrets tells what they are.
        """
        descending = term.startswith("-")
        name, function = term.removeprefix("-"), None
        if "(" in name:
            function, name = _call_of(name)
        path = tuple(name.split("."))
        if len(path) > self.depth:
            raise InvalidQuery("Max relational depth exceeded")
        here, field = collection, self.schema[collection].primary_key
        for place, part in enumerate(path):
            found = self.schema.fields(here).get(part)
            if found is None:
                raise Forbidden.field(part, here, path[:place])
            field = found
            if place < len(path) - 1:
                leads = step(self.schema, here, part)
                if leads is None:
                    raise Forbidden.field(path[place + 1], here, path[: place + 1])
                here = leads.collection
        if field.concealed:
            raise Forbidden.field(field.name, here, path[:-1])
        if function == "json" or (function is not None and function not in functions_of(field)):
            raise InvalidQuery(f'Invalid function specified "{shown(function)}"')
        if field.many is not None and function is None:
            path = (*path, self._key_of(field.many.collection, path))
        return Sort(path, descending, function)

    def _key_of(self, target: str, path: tuple[str, ...]) -> str:
        """The key of what a to-many leads to, by which its rows are ordered. Raises Forbidden."""
        key = self.schema[target].primary_key.name
        if key not in self.schema.fields(target):
            raise Forbidden.field(key, target, path)
        return key

    def of_groups(
        self, collection: str, terms: list[str], groups: tuple[Group, ...]
    ) -> tuple[Sort, ...]:
        """The order of groups: by a group, or an aggregate such as `-count.id`."""
        _require_few(terms)
        return tuple(self._group_term(collection, term.strip(), groups) for term in terms)

    def _group_term(self, collection: str, term: str, groups: tuple[Group, ...]) -> Sort:
        descending, name = term.startswith("-"), term.removeprefix("-")
        for group in groups:
            if name in {group.key, f"{group.function}({group.field})"}:
                return Sort((group.key,), descending)
        operation, _, field = name.partition(".")
        if operation not in OPERATIONS:
            self.term(collection, name)  # refuses unknown fields
            raise InvalidQuery(f'Can\'t sort by "{shown(name)}": it is no group')
        if not field or field == "*":
            return Sort((operation,), descending)
        definition = self.schema.fields(collection).get(field)
        if definition is None:
            raise Forbidden.field(field, collection)
        if definition.many is not None:
            self._key_of(definition.many.collection, (field,))
        if not operation.startswith("count"):
            if definition.concealed:
                raise Forbidden.field(field, collection)
            if definition.type not in NUMBERS:
                raise InvalidQuery(f'Can\'t sort by "{shown(name)}": "{field}" is no number')
        return Sort((operation, field), descending)


def _require_few(terms: list[str]) -> None:
    if len(terms) > _MOST_TERMS:
        raise InvalidQuery(f'"sort" takes {_MOST_TERMS} fields at most')


def _call_of(text: str) -> tuple[str, str]:
    match = _CALL.fullmatch(text)
    if match is None:
        raise InvalidQuery(f'Invalid function specified "{shown(text)}"')
    return match[2], match[1] + match[3]
