"""Declaring Strawberry types at run time: empty classes first, so that they can name each other."""

import types
from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from keyword import iskeyword
from typing import Any, Optional

import strawberry
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET


def forward(name: str) -> type:
    """A class to be filled later by `output` or `input_object`."""
    return types.new_class(name)


def optional(annotation: Any) -> Any:
    """Nullable."""
    return Optional[annotation]  # noqa: UP045 - the annotation is a value here


def many(annotation: Any, *, of_nulls: bool = False) -> Any:
    """A list; `of_nulls` where Directus's lists admit null items."""
    item = optional(annotation) if of_nulls else annotation
    return types.GenericAlias(list, (item,))


def output(cls: type, fields: Mapping[str, Any], note: str = "") -> type:
    """Fill a class as an object type. A field is an annotation, or a pair with a field object."""
    for name, annotation in fields.items():
        # One kind of field for all keeps their order.
        is_field = isinstance(annotation, StrawberryField)
        field: StrawberryField = annotation if is_field else described(annotation)
        field.graphql_name = name
        setattr(cls, _attribute(name, fields), field)
    return strawberry.type(cls, name=cls.__name__, description=note or None)


def plain(name: str, fields: Mapping[str, Any]) -> type:
    """An object type whose values are dictionaries, resolved one by one: see `member`."""
    cls = forward(name)
    cls.__annotations__ = dict(fields)
    return strawberry.type(cls, name=name)


def member(source: Any, name: str) -> Any:
    """The value of a field of a plain type; null when there is none."""
    return source.get(name)


def described(annotation: Any, note: str = "") -> StrawberryField:
    """A plain field with a description."""
    return with_arguments(annotation, {}, note)


def with_arguments(
    annotation: Any, arguments: Mapping[str, Any], note: str = ""
) -> StrawberryField:
    """A field that takes arguments. The executor never calls it: see `app.graphql.resolvers`."""
    field: StrawberryField = strawberry.field(
        resolver=_signature_only(annotation, arguments), description=note or None
    )
    return field


def _signature_only(annotation: Any, arguments: Mapping[str, Any]) -> Callable[..., Any]:
    def resolver(**_arguments: Any) -> Any:
        raise AssertionError("Fields of compiled types are never resolved one by one.")

    # Strawberry reads arguments and types from the signature.
    resolver.__signature__ = Signature(  # type: ignore[attr-defined]
        [_parameter(name, kind) for name, kind in arguments.items()],
        return_annotation=annotation,
    )
    return resolver


def _parameter(name: str, annotation: Any) -> Parameter:
    required = not _nullable(annotation)
    default = Parameter.empty if required else UNSET
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def input_object(cls: type, fields: Mapping[str, Any], note: str = "") -> type:
    """Fill a class as an input type; nullable fields may be left out."""
    attributes = {name: _attribute(name, fields) for name in fields}
    for name, annotation in fields.items():
        if attributes[name] != name:
            default = {"default": UNSET} if _nullable(annotation) else {}
            setattr(cls, attributes[name], strawberry.field(name=name, **default))
        elif _nullable(annotation):
            setattr(cls, name, UNSET)
    cls.__annotations__ = {attributes[name]: kind for name, kind in fields.items()}
    return strawberry.input(cls, name=cls.__name__, description=note or None)


def _attribute(name: str, fields: Mapping[str, Any]) -> str:
    """What Python can call a field: a snapshot may have one called `class` or `from`."""
    attribute = name
    while iskeyword(attribute) or (attribute != name and attribute in fields):
        attribute += "_"
    return attribute


def _nullable(annotation: Any) -> bool:
    return type(None) in getattr(annotation, "__args__", ())
