"""Validation of rows against their definition, every failure reported (directus.md 6.4)."""

from functools import lru_cache
from typing import Any

from app.errors import AppError, ErrorList, FailedValidation, UnprocessableContent
from app.items.query.patterns import BadPattern, matches
from schema import Collection, Field


def check_created(collection: Collection, row: dict[str, Any]) -> list[AppError]:
    """What is wrong with a whole new row: missing fields and broken rules."""
    errors: list[AppError] = []
    for field in _judged(collection):
        value = row.get(field.name)
        if value == "" and field.primary_key:
            errors.append(FailedValidation(field.name, "nempty", "Value can't be empty."))
        elif value is not None:
            errors += check_value(field, value)
        elif field.required and field.name in row:
            errors.append(FailedValidation(field.name, "nnull", "Value can't be null."))
        elif (field.required or field.primary_key) and not field.fills_itself:
            errors.append(FailedValidation(field.name, "required", "Value is required."))
    return errors


def check_changed(collection: Collection, patch: dict[str, Any]) -> list[AppError]:
    """What is wrong with a patch. What it leaves out is not looked at."""
    errors: list[AppError] = []
    for field in _judged(collection):
        if field.name not in patch:
            continue
        value = patch[field.name]
        if value is None:
            if field.required or field.primary_key:
                errors.append(FailedValidation(field.name, "nnull", "Value can't be null."))
        else:
            errors += check_value(field, value)
    return errors


@lru_cache(maxsize=1000)
def _judged(collection: Collection) -> tuple[Field, ...]:
    """The fields that something can be wrong with."""
    return tuple(
        field
        for field in collection.fields
        if field.required or field.primary_key or _has_rule(field)
    )


def _has_rule(field: Field) -> bool:
    return bool(
        field.choices or field.pattern or field.minimum is not None or field.maximum is not None
    )


def check_value(field: Field, value: Any) -> list[AppError]:
    """The rules of one field on one value: choices, minimum, maximum, pattern."""
    if not _has_rule(field):
        return []
    errors: list[AppError] = []
    if field.choices and value not in field.choices:
        shown = ", ".join(f'"{choice}"' for choice in field.choices)
        detail = f"Value has to be one of {shown}."
        errors.append(FailedValidation(field.name, "in", detail, valid=list(field.choices)))
    if field.minimum is not None and value < field.minimum:
        detail = f'Value has to be greater than or equal to "{field.minimum}".'
        errors.append(FailedValidation(field.name, "gte", detail, valid=field.minimum))
    if field.maximum is not None and value > field.maximum:
        detail = f'Value has to be less than or equal to "{field.maximum}".'
        errors.append(FailedValidation(field.name, "lte", detail, valid=field.maximum))
    if field.pattern is not None and not _fits(field, value):
        detail = f"Value doesn't have the correct format: {field.pattern}"
        errors.append(FailedValidation(field.name, "regex", detail, invalid=value))
    return errors


def _fits(field: Field, value: Any) -> bool:
    try:
        return matches(field.pattern or "", str(value))
    except BadPattern as error:
        reason = f'The pattern of "{field.name}" can\'t be used ({error}): correct the definition'
        raise UnprocessableContent(reason) from None


def refuse(errors: list[AppError]) -> None:
    """Raise what was found: one error as itself, several as a list, none not at all."""
    unique = list({(error.code, error.message): error for error in errors}.values())
    if len(unique) == 1:
        raise unique[0]
    if unique:
        raise ErrorList(unique)
