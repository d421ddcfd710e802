"""Literals of a document as values, their numbers with all of the digits that were written."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import isinf
from typing import Any

from graphql import (
    FloatValueNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    value_from_ast_untyped,
)

from app.errors import shown
from app.json_text import exact, exact_integer

Parse = Callable[[Any], Any]


def literal(parse: Parse) -> Callable[..., Any]:
    """How a scalar reads literals whose values it reads by `parse`."""

    def parse_literal(node: ValueNode, variables: Mapping[str, Any] | None = None) -> Any:
        return parse(value_of(node, variables))

    return parse_literal


def value_of(node: ValueNode, variables: Mapping[str, Any] | None = None) -> Any:
    """The value of a literal of no type in particular: what `parse` of a scalar takes."""
    match node:
        case IntValueNode():
            return exact_integer(node.value)
        case FloatValueNode():
            return _finite(node)
        case ListValueNode():
            return [value_of(item, variables) for item in node.values]
        case ObjectValueNode():
            return {field.name.value: value_of(field.value, variables) for field in node.fields}
        case VariableNode():
            return (variables or {}).get(node.name.value)
    return value_from_ast_untyped(node)


def _finite(node: FloatValueNode) -> float | Decimal:
    """Raises GraphQLError for what no double holds: written out, it has thousands of digits."""
    if isinf(float(node.value)):
        raise GraphQLError(f"The number {shown(node.value)} is too large", node)
    return exact(node.value)
