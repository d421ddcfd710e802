"""Input types: filters of every exposed collection, payloads of every served one (4.5)."""

from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from app.graphql.declare import forward, input_object, many, optional
from app.graphql.scalars import BigInt, Date, Hash, Json, StringOrFloat, link_scalar
from app.items.query.functions import FUNCTIONS
from schema import Collection, Field, Schema

_EQUAL = ("_eq", "_neq")
_TEXT = (
    "_contains _icontains _ncontains _starts_with _nstarts_with _istarts_with _nistarts_with "
    "_ends_with _nends_with _iends_with _niends_with".split()
)
_ORDER = ("_gt", "_gte", "_lt", "_lte")
_RANGE = ("_between", "_nbetween")
_EMPTY = ("_empty", "_nempty")
_TAKES: dict[str, Any] = {**dict.fromkeys(_EMPTY, bool), "_json": Json}
"""What operators take whose values are of another type than the field's."""

_OPERATORS: dict[str, tuple[Any, tuple[str, ...]]] = {
    # Also of lists and JSON, as in Directus: `_json` is for the latter.
    "string_filter_operators": (str, (*_EQUAL, *_TEXT, "_in", "_nin", *_EMPTY, "_json")),
    "id_filter_operators": (strawberry.ID, (*_EQUAL, *_TEXT, "_in", "_nin", *_EMPTY)),
    "boolean_filter_operators": (bool, _EQUAL),
    "number_filter_operators": (StringOrFloat, (*_EQUAL, "_in", "_nin", *_ORDER, *_RANGE)),
    "big_int_filter_operators": (BigInt, (*_EQUAL, "_in", "_nin", *_ORDER, *_RANGE)),
    "date_filter_operators": (str, (*_EQUAL, *_ORDER, "_in", "_nin", *_RANGE)),
    "hash_filter_operators": (str, _EMPTY),
}
_OPERATORS_OF = {
    "boolean": "boolean_filter_operators",
    "integer": "number_filter_operators",
    "float": "number_filter_operators",
    "decimal": "number_filter_operators",
    "bigInteger": "big_int_filter_operators",
    "date": "date_filter_operators",
    "time": "date_filter_operators",
    "dateTime": "date_filter_operators",
    "timestamp": "date_filter_operators",
    "uuid": "id_filter_operators",
    "hash": "hash_filter_operators",
}
_FUNCTION_FAMILY = {
    "date": "date",
    "time": "time",
    "dateTime": "datetime",
    "timestamp": "datetime",
    "json": "count",
    "alias": "count",
}
"""The name of the functions a type has."""


def function_family(field: Field) -> str | None:
    """The name of the functions a field has; None where it has none, as of a concealed one."""
    return None if field.concealed else _FUNCTION_FAMILY.get(field.type)


class Inputs:
    """The input types of a schema, by GraphQL name, and the scalars they need."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.scalars: dict[object, ScalarDefinition] = {}
        self._links: dict[str, Any] = {}
        self.types: dict[str, type] = {}
        for name, (annotation, operators) in _OPERATORS.items():
            self.types[name] = _operator_input(name, annotation, operators)
        for family in ("date", "time", "datetime", "count"):
            self._function_operators(family)
        exposed = schema.exposed()
        for collection in exposed:
            name = f"{collection.name}_filter"
            self.types[name] = forward(name)
            quantified = f"{collection.name}_quantifier_filter"
            self.types[quantified] = forward(quantified)
        for collection in exposed:
            self._filters(collection)
        for collection in exposed:
            for action in ("create", "update"):
                name = f"{action}_{collection.name}_input"
                payload = forward(name)
                self.types[name] = input_object(payload, self._payload(collection))

    def _filters(self, collection: Collection) -> None:
        """The filter of a collection, and the one of to-manys that lead to it."""
        fields = self._filter(collection)
        own = self.types[f"{collection.name}_filter"]
        input_object(own, fields)
        quantifiers = {"_some": optional(own), "_none": optional(own)}
        quantified = self.types[f"{collection.name}_quantifier_filter"]
        input_object(quantified, {**fields, **quantifiers})

    def _function_operators(self, family: str) -> None:
        kind = {"datetime": "timestamp", "count": "alias"}.get(family, family)
        name = f"{family}_function_filter_operators"
        number = optional(self.types["number_filter_operators"])
        self.types[name] = input_object(forward(name), dict.fromkeys(FUNCTIONS[kind], number))

    def _filter(self, collection: Collection) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for field in collection.fields:
            fields[field.name] = optional(self.types[_filter_name(field)])
            family = function_family(field)
            if family is not None:
                operators = self.types[f"{family}_function_filter_operators"]
                fields[f"{field.name}_func"] = optional(operators)
        own = many(self.types[f"{collection.name}_filter"], of_nulls=True)
        return {**fields, "_and": optional(own), "_or": optional(own)}

    def _payload(self, collection: Collection) -> dict[str, Any]:
        """What may be said of an item. Nothing has to be, by its type: all callers have one schema,
        and a policy's presets may fill any field. What is missing is refused as it is by REST.
        """
        return {
            field.name: optional(self._writable(field))
            for field in collection.fields
            if not field.computed
        }

    def _writable(self, field: Field) -> Any:
        if field.many is not None:
            return many(self._link(field.many.collection), of_nulls=True)
        if field.relation is not None and not field.relation.scalar:
            return self._link(field.relation.to)
        return strawberry.ID if field.primary_key else value_type(field)

    def _link(self, collection: str) -> Any:
        if collection not in self._links:
            link = NewType(f"{collection}_link", object)  # type: ignore[misc]
            self.scalars[link] = link_scalar(collection, self.schema)
            self._links[collection] = link
        return self._links[collection]


def _operator_input(name: str, annotation: Any, operators: tuple[str, ...]) -> type:
    fields: dict[str, Any] = {}
    for operator in operators:
        if operator in {"_in", "_nin", "_between", "_nbetween"}:
            # Directus takes numbers as bounds of dates, too.
            item = (
                StringOrFloat if annotation is str and operator.endswith("between") else annotation
            )
            fields[operator] = optional(many(item, of_nulls=True))
        else:
            fields[operator] = optional(_TAKES.get(operator, annotation))
    return input_object(
        forward(name), {**fields, "_null": optional(bool), "_nnull": optional(bool)}
    )


def _filter_name(field: Field) -> str:
    if field.many is not None:
        return f"{field.many.collection}_quantifier_filter"
    if field.relation is not None and not field.relation.scalar:
        return f"{field.relation.to}_filter"
    if field.concealed:
        return "hash_filter_operators"
    if field.wide:
        return "big_int_filter_operators"
    return _OPERATORS_OF.get(field.type, "string_filter_operators")


_VALUES: dict[str, Any] = {
    "boolean": bool,
    "integer": int,
    "bigInteger": BigInt,
    "float": float,
    "decimal": float,
    "json": Json,
    "csv": many(str, of_nulls=True),
    "uuid": strawberry.ID,
    "date": Date,
    "time": Date,
    "dateTime": Date,
    "timestamp": Date,
}


def value_type(field: Field) -> Any:
    """The GraphQL type of a field's value (directus.md 4.6)."""
    if field.concealed:
        return Hash
    return BigInt if field.wide else _VALUES.get(field.type, str)
