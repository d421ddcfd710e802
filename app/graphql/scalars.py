"""Directus's scalars (directus.md 4.6). Values of the read path never pass through them."""

from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from app.errors import shown

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


def _string_or_float(value: Any) -> str | float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise GraphQLError(f"Expected a number or a string, got {shown(repr(value))}.")
    return value


def _anything(value: Any) -> Any:
    return value


def _key_or_object(value: Any) -> Any:
    if isinstance(value, bool | float | list):
        raise GraphQLError(f"Expected a key or an object, got {shown(repr(value))}.")
    return value


def link_scalar(collection: str) -> ScalarDefinition:
    """The input of a many-to-one: the key of an item, or an object to create or update."""
    return strawberry.scalar(
        name=f"{collection}_link",
        description=f"A key of {collection}, or an object like create_{collection}_input; "
        "an object with the key of an item updates it.",
        parse_value=_key_or_object,
    )


SCALARS: dict[object, ScalarDefinition] = {
    Date: strawberry.scalar(name="Date", description="ISO8601 Date values", parse_value=_string),
    Hash: strawberry.scalar(name="Hash", description="Hashed string values", parse_value=_string),
    Json: strawberry.scalar(name="JSON", description="Any JSON value", parse_value=_anything),
    Void: strawberry.scalar(name="Void", description="Represents NULL values"),
    BigInt: strawberry.scalar(
        name="GraphQLBigInt", description="BigInt value", parse_value=_big_int
    ),
    StringOrFloat: strawberry.scalar(
        name="GraphQLStringOrFloat",
        description="A Float or a String",
        parse_value=_string_or_float,
    ),
}
