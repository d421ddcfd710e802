"""A set of collections that fit together: relations resolved, names checked at import."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from schema.definition import ALIAS, OWN_ROWS, TYPES, Collection, Field, Relation, ToMany

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_RESERVED = frozenset(
    "Query Mutation Subscription Int Float String Boolean DateTime ID Date Hash JSON Void "
    "delete_one delete_many count_functions date_functions time_functions "
    "datetime_functions".split()
)
_ON_DELETE = {
    True: ("SET NULL", "RESTRICT", "CASCADE", "NO ACTION"),
    False: ("SET NULL", "RESTRICT", "NO ACTION"),
}
"""What may happen when the target goes, by whether PostgreSQL enforces the relation."""


class BadDefinition(Exception):
    """A definition contradicts itself or another. The message says where and what to change."""


class Schema:
    """Collections by name, every many-to-one carrying the type of its target's key.

    Raises BadDefinition for unknown targets, duplicate or reserved names, and missing keys.
    """

    def __init__(self, collections: tuple[Collection, ...]) -> None:
        by_name: dict[str, Collection] = {}
        for collection in collections:
            if collection.name in by_name:
                raise BadDefinition(f'Collection "{collection.name}" is defined twice: rename one.')
            _check_collection(collection)
            by_name[collection.name] = collection
        _check_generated_names(by_name)
        resolved = {name: _resolve(item, by_name) for name, item in by_name.items()}
        self.collections: Mapping[str, Collection] = MappingProxyType(resolved)
        self._fields = {
            name: MappingProxyType({field.name: field for field in item.fields})
            for name, item in resolved.items()
        }

    def __getitem__(self, name: str) -> Collection:
        return self.collections[name]

    def __iter__(self) -> Iterator[Collection]:
        return iter(self.collections.values())

    def __contains__(self, name: str) -> bool:
        return name in self.collections

    def fields(self, collection: str) -> Mapping[str, Field]:
        """The fields of a collection by name, in wire order."""
        return self._fields[collection]

    def served(self) -> tuple[Collection, ...]:
        """The collections with root fields and an /items route."""
        return tuple(c for c in self if not c.internal and not c.system)

    def exposed(self) -> tuple[Collection, ...]:
        """The collections a surface may name at all: the served ones and the system's types."""
        return tuple(c for c in self if not c.internal)

    def references_to(self, target: str) -> tuple[tuple[Collection, Field], ...]:
        """Every many-to-one that points at `target`."""
        return tuple(
            (collection, field)
            for collection in self
            for field in collection.fields
            if field.relation is not None and field.relation.to == target
        )


def _check_collection(collection: Collection) -> None:
    name = collection.name
    if (
        not _NAME.fullmatch(name)
        or name in _RESERVED
        or name.startswith("__")
        or name.endswith("_operators")
    ):
        raise BadDefinition(
            f'Collection "{name}": use letters, digits and underscores, 63 at most, '
            "and no name the GraphQL schema has already."
        )
    keys = [field.name for field in collection.fields if field.primary_key]
    if len(keys) != 1:
        raise BadDefinition(f'Collection "{name}" needs exactly one primary key, has {keys}.')
    seen: set[str] = set()
    for field in collection.fields:
        _check_field(collection, field)
        if field.name in seen:
            raise BadDefinition(f'Field "{name}.{field.name}" is defined twice: rename one.')
        seen.add(field.name)
    stored = {field.name for field in collection.fields if field.stored}
    for index in collection.indexes:
        for column in index.fields:
            if column not in stored:
                what = "has no column" if column in seen else "is not a field"
                raise BadDefinition(f'An index of "{name}" names "{column}", which {what}.')
    if collection.sort_field is not None and collection.sort_field not in seen:
        raise BadDefinition(
            f'Collection "{name}" is sorted by "{collection.sort_field}", which is not a field.'
        )


def _check_field(collection: Collection, field: Field) -> None:
    where = f'Field "{collection.name}.{field.name}"'
    if (
        not _NAME.fullmatch(field.name)
        or field.name.startswith("__")
        or field.name.endswith("_func")
    ):
        raise BadDefinition(
            f"{where}: use letters, digits and underscores, 63 at most, not ending in _func, and "
            "no digit first."
        )
    if field.relation is None and field.type not in TYPES and field.type != ALIAS:
        raise BadDefinition(f"{where} has the unknown type {field.type!r}.")
    if (field.type == ALIAS) != (field.many is not None):
        raise BadDefinition(f"{where}: an alias is a to-many relation, and the other way round.")
    if field.choices and field.default is not None and field.default not in field.choices:
        raise BadDefinition(f"{where}: its default {field.default!r} is not one of its choices.")
    if field.computed and (field.primary_key or field.relation or field.required):
        raise BadDefinition(f"{where} is computed, so it can't be a key, a relation or required.")
    if field.pattern is not None:
        try:
            re.compile(field.pattern)
        except re.error as error:
            raise BadDefinition(
                f'{where}: its pattern "{field.pattern}" is not a regular expression: {error}.'
            ) from None
    if field.relation is not None:
        _check_relation(where, field, field.relation)


def _check_relation(where: str, field: Field, relation: Relation) -> None:
    allowed = _ON_DELETE[relation.enforced]
    if relation.on_delete not in allowed:
        raise BadDefinition(f"{where}: on_delete has to be one of {', '.join(allowed)}.")
    if field.required and relation.on_delete == "SET NULL":
        raise BadDefinition(
            f"{where} is required, so its target can't set it null: choose another on_delete."
        )


def _check_generated_names(by_name: Mapping[str, Collection]) -> None:
    """No two collections may make the same name in the GraphQL schema (directus.md 4.4, 4.5)."""
    made: dict[str, str] = {}
    for name, collection in by_name.items():
        if collection.internal:
            continue
        for generated in (
            name,
            *(
                f"{name}_{end}"
                for end in ("by_id", "aggregated", "filter", "quantifier_filter", "link")
            ),
            *(f"create_{name}_{end}" for end in ("item", "items", "input")),
            *(f"update_{name}_{end}" for end in ("item", "items", "batch", "input")),
        ):
            other = made.setdefault(generated, name)
            if other != name:
                raise BadDefinition(
                    f'Collections "{other}" and "{name}" both make "{generated}": rename one.'
                )


def _resolve(collection: Collection, by_name: Mapping[str, Collection]) -> Collection:
    fields = tuple(_resolve_field(collection, field, by_name) for field in collection.fields)
    owner = next((field.relation for field in fields if field.name == "account"), None)
    is_tenants = collection.tenancy is None and owner is not None and owner.to == "account"
    tenancy = OWN_ROWS if is_tenants else collection.tenancy
    return replace(collection, fields=fields, tenancy=tenancy)


def _resolve_field(
    collection: Collection, field: Field, by_name: Mapping[str, Collection]
) -> Field:
    if field.many is not None:
        _check_to_many(f'Field "{collection.name}.{field.name}"', collection, field.many, by_name)
    if field.relation is None:
        return field
    target = by_name.get(field.relation.to)
    if target is None:
        raise BadDefinition(
            f'Field "{collection.name}.{field.name}" points to "{field.relation.to}", '
            "which is not defined."
        )
    key = target.primary_key
    return replace(
        field,
        type=key.type,
        max_length=key.max_length,
        wide=key.wide,
        code_path=key.code_path,
    )


def _check_to_many(
    where: str, collection: Collection, many: ToMany, by_name: Mapping[str, Collection]
) -> None:
    """The other side is there and points back; a junction points on, too."""
    target = by_name.get(many.collection)
    if target is None:
        raise BadDefinition(f'{where} lists "{many.collection}", which is not defined.')
    fields = {field.name: field for field in target.fields}
    back = fields.get(many.field)
    if back is None or back.relation is None or back.relation.to != collection.name:
        raise BadDefinition(
            f'{where} needs "{many.collection}.{many.field}" to be a many-to-one '
            f'to "{collection.name}".'
        )
    if many.junction_field is not None:
        onward = fields.get(many.junction_field)
        if onward is None or onward.relation is None:
            raise BadDefinition(
                f'{where} needs "{many.collection}.{many.junction_field}" to be a many-to-one.'
            )
    if many.sort_field is not None and many.sort_field not in fields:
        raise BadDefinition(
            f'{where} is sorted by "{many.sort_field}", which "{many.collection}" has not.'
        )
