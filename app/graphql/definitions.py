"""What is defined, by GraphQL: collections, fields and relations (directus.md 4.8, 8.3)."""

from collections.abc import Callable
from typing import Any

import orjson

from app.graphql.declare import many, optional, plain
from app.graphql.resolvers import Info, Resolver
from app.graphql.roots import Root
from app.graphql.scalars import Json
from app.items import definitions
from app.items.definitions import Shown

_TEXTS = optional(many(str, of_nulls=True))

_COLLECTION_META = {
    "collection": str,
    "hidden": bool,
    "singleton": bool,
    "archive_app_filter": bool,
    "collapse": str,
    "versioning": bool,
    "icon": optional(str),
    "note": optional(str),
    "display_template": optional(str),
    "translations": optional(Json),
    "archive_field": optional(str),
    "archive_value": optional(str),
    "unarchive_value": optional(str),
    "sort_field": optional(str),
    "accountability": optional(str),
    "color": optional(str),
    "item_duplication_fields": optional(Json),
    "sort": optional(int),
    "group": optional(str),
    "preview_url": optional(str),
}
_FIELD_META = {
    "id": int,
    "collection": str,
    "field": str,
    "readonly": bool,
    "hidden": bool,
    "special": _TEXTS,
    "interface": optional(str),
    "options": optional(Json),
    "display": optional(str),
    "display_options": optional(Json),
    "sort": optional(int),
    "width": optional(str),
    "translations": optional(Json),
    "note": optional(str),
    "conditions": optional(Json),
    "required": optional(bool),
    "group": optional(str),
    "validation": optional(Json),
    "validation_message": optional(str),
    "searchable": optional(bool),
}
_COLUMN = {
    **dict.fromkeys(("name", "table", "data_type", "default_value"), optional(str)),
    **dict.fromkeys(("max_length", "numeric_precision", "numeric_scale"), optional(int)),
    "is_generated": optional(bool),
    "generation_expression": optional(str),
    **dict.fromkeys(("is_indexed", "is_nullable", "is_unique"), optional(bool)),
    **dict.fromkeys(("is_primary_key", "has_auto_increment"), optional(bool)),
    **dict.fromkeys(("foreign_key_column", "foreign_key_table", "comment"), optional(str)),
}
_RELATION_META = {
    "id": optional(int),
    **dict.fromkeys(("many_collection", "many_field", "one_collection"), optional(str)),
    **dict.fromkeys(("one_field", "one_collection_field"), optional(str)),
    "one_allowed_collections": _TEXTS,
    **dict.fromkeys(("junction_field", "sort_field", "one_deselect_action"), optional(str)),
}
_KEY = {
    **dict.fromkeys(("table", "column", "foreign_key_table", "foreign_key_column"), str),
    "constraint_name": optional(str),
    **dict.fromkeys(("on_update", "on_delete"), str),
}


def queries() -> dict[str, Root]:
    """The root fields: lists, and one by name. They show what the REST routes show."""
    collection = plain(
        "directus_collections",
        {
            "collection": optional(str),
            "meta": optional(plain("directus_collections_meta", _COLLECTION_META)),
            "schema": optional(
                plain(
                    "directus_collections_schema",
                    {"name": optional(str), "comment": optional(str)},
                )
            ),
        },
    )
    field = plain(
        "directus_fields",
        {
            **dict.fromkeys(("collection", "field", "type"), optional(str)),
            "meta": optional(plain("directus_fields_meta", _FIELD_META)),
            "schema": optional(plain("directus_fields_schema", _COLUMN)),
        },
    )
    relation = plain(
        "directus_relations",
        {
            **dict.fromkeys(("collection", "field", "related_collection"), optional(str)),
            "schema": optional(plain("directus_relations_schema", _KEY)),
            "meta": optional(plain("directus_relations_meta", _RELATION_META)),
        },
    )
    of_collection = {"collection": str}
    by_name = {"collection": str, "field": str}
    return {
        "collections": (many(collection), {}, _answers(definitions.collections)),
        "collections_by_name": (
            optional(collection),
            {"name": str},
            _answers(definitions.collection, "name"),
        ),
        "fields": (many(field), {}, _answers(definitions.fields)),
        "fields_in_collection": (
            many(field),
            of_collection,
            _answers(definitions.fields_of, *of_collection),
        ),
        "fields_by_name": (optional(field), by_name, _answers(definitions.field_of, *by_name)),
        "relations": (many(relation), {}, _answers(definitions.relations)),
        "relations_in_collection": (
            many(relation),
            of_collection,
            _answers(definitions.relations_of, *of_collection),
        ),
        "relations_by_name": (
            optional(relation),
            by_name,
            _answers(definitions.relation_of, *by_name),
        ),
    }


def _answers(find: Callable[..., Any], *arguments: str) -> Resolver:
    """A resolver that looks definitions up by its arguments, in that order."""

    async def resolve(_root: Any, info: Info, **given: str) -> Any:
        found = find(info.context.items, *(given[name] for name in arguments))
        return [_typed(item) for item in found] if isinstance(found, list) else _typed(found)

    return resolve


def _typed(shown: Shown) -> Shown:
    """A definition as the types have it: what may not be null is not, defaults are texts."""
    meta = dict(shown["meta"])
    for name in ("hidden", "singleton", "archive_app_filter", "versioning", "readonly"):
        meta[name] = bool(meta.get(name))
    meta["collapse"] = meta.get("collapse") or "open"
    column: Shown | None = shown.get("schema")
    if column is not None and not isinstance(column.get("default_value"), str | None):
        column = {**column, "default_value": orjson.dumps(column["default_value"]).decode()}
    return {**shown, "meta": meta, "schema": column}
