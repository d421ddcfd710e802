"""Output types: items, their aggregates, and the arguments lists take (4.4, 4.5)."""

from typing import Any

import strawberry

from app.graphql.declare import described, forward, many, optional, output, with_arguments
from app.graphql.inputs import Inputs, function_family, value_type
from app.graphql.scalars import Json
from app.items.query.functions import FUNCTIONS
from app.items.query.operations import NUMBERS
from schema import Collection, Field, Schema


class Outputs:
    """The output types of a schema, by GraphQL name."""

    def __init__(self, schema: Schema, inputs: Inputs) -> None:
        self.schema = schema
        self.inputs = inputs
        self.types: dict[str, type] = {}
        for family, kind in (
            ("date", "date"),
            ("time", "time"),
            ("datetime", "timestamp"),
            ("count", "alias"),
        ):
            name = f"{family}_functions"
            members = dict.fromkeys(FUNCTIONS[kind], optional(int))
            self.types[name] = output(forward(name), members)
        self.types["delete_one"] = output(forward("delete_one"), {"id": strawberry.ID})
        ids = many(strawberry.ID, of_nulls=True)
        self.types["delete_many"] = output(forward("delete_many"), {"ids": ids})
        for collection in schema.exposed():
            self.types[collection.name] = forward(collection.name)
        for collection in schema.exposed():
            output(self.types[collection.name], self._item(collection), collection.note)
        for collection in schema.exposed():
            self._aggregated(collection)

    def list_arguments(self, collection: str) -> dict[str, Any]:
        """The arguments of a list: filter, sort, limit, offset, page, search."""
        return {
            "filter": optional(self.inputs.types[f"{collection}_filter"]),
            "sort": optional(many(str, of_nulls=True)),
            "limit": optional(int),
            "offset": optional(int),
            "page": optional(int),
            "search": optional(str),
        }

    def _item(self, collection: Collection) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for field in collection.fields:
            fields[field.name] = self._field(field)
            family = function_family(field)
            if family is not None:
                functions = self.types[f"{family}_functions"]
                fields[f"{field.name}_func"] = optional(functions)
        return fields

    def _field(self, field: Field) -> Any:
        if field.relation is not None and not field.relation.scalar:
            target = field.relation.to
            annotation = optional(self.types[target])
            return with_arguments(annotation, self.list_arguments(target), field.note)
        if field.many is not None:
            target = field.many.collection
            annotation = optional(many(self.types[target], of_nulls=True))
            return with_arguments(annotation, self.list_arguments(target), field.note)
        annotation = strawberry.ID if field.primary_key else value_type(field)
        # A default lifts the mark, as in Directus (directus.md 4.6).
        if not field.primary_key and (not field.required or field.fills_itself):
            annotation = optional(annotation)
        return described(annotation, field.note) if field.note else annotation

    def _aggregated(self, collection: Collection) -> None:
        name = f"{collection.name}_aggregated"
        counts = dict.fromkeys((f.name for f in collection.fields), optional(int))
        numbers = dict.fromkeys(
            (f.name for f in collection.fields if f.type in NUMBERS and f.relation is None),
            optional(float),
        )
        count = output(forward(f"{name}_count"), counts)
        fields: dict[str, Any] = {
            "group": optional(Json),
            "countAll": optional(int),
            "count": optional(count),
            "countDistinct": optional(count),
        }
        if numbers:
            value = output(forward(f"{name}_fields"), numbers)
            for operation in ("avg", "sum", "avgDistinct", "sumDistinct", "min", "max"):
                fields[operation] = optional(value)
        self.types[name] = output(forward(name), fields)
