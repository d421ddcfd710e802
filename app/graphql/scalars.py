"""Directus's scalars (directus.md 4.6). Values of the read path never pass through them."""

from decimal import Decimal
from typing import Any, NewType

import strawberry
from graphql import FloatValueNode, GraphQLError, GraphQLFloat, ValueNode
from graphql.type.scalars import coerce_float
from strawberry.types.scalar import ScalarDefinition

from app.errors import shown
from app.graphql.literals import Parse, literal, value_of
from app.json_text import exact
from schema import Schema

Date = NewType("Date", str)
Hash = NewType("Hash", str)
Json = NewType("Json", object)
BigInt = NewType("BigInt", int)
StringOrFloat = NewType("StringOrFloat", object)
Void = NewType("Void", object)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise GraphQLError(f"Expected a string, got {shown(repr(value))}.")
    return value


def _big_int(value: Any) -> int:
    """64 bits, as a string (Directus's form) or a plain number."""
    if not isinstance(value, bool) and isinstance(value, int | str):
        try:
            number = int(value)
        except ValueError:
            number = 2**63
        if -(2**63) <= number < 2**63:
            return number
    raise GraphQLError(f"Expected a 64-bit whole number, got {shown(repr(value))}.")


def _string_or_float(value: Any) -> str | float | Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise GraphQLError(f"Expected a number or a string, got {shown(repr(value))}.")
    return value


def _anything(value: Any) -> Any:
    return value


def _key_or_object(value: Any) -> Any:
    if isinstance(value, bool | float | Decimal | list):
        raise GraphQLError(f"Expected a key or an object, got {shown(repr(value))}.")
    return value


def _require_known(schema: Schema, collection: str, value: Any) -> None:
    """Raises GraphQLError for names in an object, or below it, that are no fields."""
    if not isinstance(value, dict):
        return
    fields = schema.fields(collection)
    for name, inner in value.items():
        if name not in fields:
            kind = f"create_{collection}_input"
            raise GraphQLError(f"Field '{shown(name)}' is not defined by type '{kind}'.")
        field = fields[name]
        if field.relation is not None and not field.relation.scalar:
            _require_known(schema, field.relation.to, inner)
        elif field.many is not None and isinstance(inner, list):
            for item in inner:
                _require_known(schema, field.many.collection, item)


def link_scalar(collection: str, schema: Schema) -> ScalarDefinition:
    """The input of a relation: the key of an item, or an object to create or update."""

    def parse(value: Any) -> Any:
        _require_known(schema, collection, _key_or_object(value))
        return value

    return _scalar(
        f"{collection}_link",
        f"A key of {collection}, or an object like create_{collection}_input; "
        "an object with the key of an item updates it.",
        parse,
    )


def _scalar(name: str, description: str, parse: Parse) -> ScalarDefinition:
    """A scalar that is read alike from variables and from literals."""
    definition: ScalarDefinition = strawberry.scalar(
        name=name, description=description, parse_value=parse, parse_literal=literal(parse)
    )
    return definition


SCALARS: dict[object, ScalarDefinition] = {
    Date: _scalar("Date", "ISO8601 Date values", _string),
    Hash: _scalar("Hash", "Hashed string values", _string),
    Json: _scalar("JSON", "Any JSON value", _anything),
    BigInt: _scalar("GraphQLBigInt", "BigInt value", _big_int),
    StringOrFloat: _scalar("GraphQLStringOrFloat", "A Float or a String", _string_or_float),
    Void: strawberry.scalar(name="Void", description="Represents NULL values"),
}


def _float(value: Any) -> int | float | Decimal:
    """A number with all of its digits; graphql-core's own makes a double of it, or refuses it."""
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    return coerce_float(value)


def _float_literal(node: ValueNode) -> float | Decimal:
    return exact(node.value) if isinstance(node, FloatValueNode) else _float(value_of(node))


# The type is graphql-core's, and there can be no other of that name.
GraphQLFloat.coerce_input_value = _float
GraphQLFloat.coerce_input_literal = _float_literal
