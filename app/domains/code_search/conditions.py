"""One condition of a search for each parameter: SQL over `c` (unique_code) and `p` (product).

Values are bound under the parameter's own name. Every function raises ValueError for a text it
can't read (systems.md 4.2), and Forbidden where its caller may not read what it compares.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.codes.code_path import CodePath
from app.codes.errors import CodeError
from app.codes.scanned_text import other_path_of
from app.domains.code_search.readings import (
    Span,
    parts,
    span,
    statuses,
    truth,
    whole_number,
    whole_numbers,
)
from app.items.policy.readable_rows import ReadableRows


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, what it binds, and how a document echoes the parameter."""

    sql: str
    values: Mapping[str, Any]
    echo: str


CODES, PRODUCTS = "unique_code", "product"


def _activation_status(readable: ReadableRows, text: str) -> Condition:
    readable.require(CODES, "activation_status")
    found = statuses(text)
    sql = "c.activation_status = ANY(%(activation_status)s::bigint[])"
    return Condition(sql, {"activation_status": found}, _listed(found))


def _blacklisted(readable: ReadableRows, text: str) -> Condition:
    readable.require(CODES, "activation_status")
    wanted = truth(text)
    sql = "(c.activation_status = 2) = %(blacklisted)s::boolean"
    return Condition(sql, {"blacklisted": wanted}, str(wanted).lower())


def _product(readable: ReadableRows, text: str) -> Condition:
    readable.require(CODES, "product")
    readable.require(PRODUCTS, "product_number")
    numbers = whole_numbers(text)
    sql = "p.product_number = ANY(%(product)s::bigint[])"
    return Condition(sql, {"product": numbers}, _listed(numbers))


def _brands(readable: ReadableRows, text: str) -> Condition:
    readable.require(CODES, "product")
    readable.require(PRODUCTS, "brand")
    readable.require("brand", "number")
    numbers = whole_numbers(text)
    sql = (
        f"EXISTS (SELECT FROM {readable.of('brand', 'b')} WHERE b.id = p.brand "
        "AND b.number = ANY(%(brands)s::bigint[]))"
    )
    return Condition(sql, {"brands": numbers}, _listed(numbers))


def _workorder(readable: ReadableRows, text: str) -> Condition:
    readable.require(CODES, "workorder")
    numbers = whole_numbers(text)
    sql = "c.workorder = ANY(%(workorder)s::bigint[])"
    return Condition(sql, {"workorder": numbers}, _listed(numbers))


def _activated_by(readable: ReadableRows, text: str) -> Condition:
    """A user, by e-mail or by the number Scantrust's clients know it by."""
    readable.require(CODES, "activated_by")
    if "@" in text:
        field, value = "email", text
        sql = "lower(u.email) = lower(%(activated_by)s::text)"
    else:
        field, value = "legacy_id", str(whole_number(text))
        sql = "u.legacy_id = %(activated_by)s::bigint"
    readable.require("directus_users", field)
    users = readable.of("directus_users", "u")
    whole = f"EXISTS (SELECT FROM {users} WHERE u.id = c.activated_by AND {sql})"
    return Condition(whole, {"activated_by": value}, text)


def _serial_number(readable: ReadableRows, text: str) -> Condition:
    """As the computed field has it: stored, or the serial of an SGTIN."""
    readable.require(CODES, "serial_number")
    return Condition("c.serial_number = %(serial_number)s::text", {"serial_number": text}, text)


def _extended_id(readable: ReadableRows, text: str) -> Condition:
    """As the computed field has it: stored, or the EPC in hex, or the key.

    A key may come in any form (`scanned_text`): it is read back into the path, so that the primary
    key answers.
    """
    readable.require(CODES, "extended_id")
    keys = [text]
    try:
        keys.append(CodePath.parse(text).path)
    except CodeError:
        keys.append(text)
    if (other := other_path_of(text)) is not None:
        keys.append(other)
    # Computed, it is null only where the caller may not read it.
    sql = (
        "(c.stored_extended_id = %(extended_id)s::text OR (c.stored_extended_id IS NULL "
        "AND c.id = ANY(%(extended_id_keys)s::text[]) AND c.extended_id IS NOT NULL))"
    )
    return Condition(sql, {"extended_id": text, "extended_id_keys": keys}, text)


def _activated_at(readable: ReadableRows, text: str) -> Condition:
    readable.require(CODES, "activated_at")
    return within("activated_at", "c.activated_at", span(text))


def _updated_at(readable: ReadableRows, text: str) -> Condition:
    readable.require(CODES, "scm_updated_at")
    return within("updated_at", "c.scm_updated_at", span(text))


def _flags(readable: ReadableRows, text: str) -> Condition:
    """Codes with a scan that carries any of these flags."""
    readable.require("scan", "code", "flags")
    flags = parts(text)
    sql = (
        f"EXISTS (SELECT FROM {readable.of('scan', 'f')} WHERE f.code = c.id "
        "AND string_to_array(f.flags, ',') && %(flags)s::text[])"
    )
    return Condition(sql, {"flags": flags}, ",".join(flags))


def within(name: str, column: str, wanted: Span) -> Condition:
    """A column between two times; a row without a time is in no span."""
    bounds = {f"{name}_from": (">=", wanted.first), f"{name}_to": ("<=", wanted.last)}
    given = {key: bound for key, bound in bounds.items() if bound[1] is not None}
    sql = " AND ".join(
        f"{column} {sign} %({key})s::timestamptz" for key, (sign, _) in given.items()
    )
    return Condition(sql, {key: when for key, (_, when) in given.items()}, str(wanted))


def scm_value(readable: ReadableRows, place: int, key: str, text: str) -> Condition:
    """The codes whose supply-chain field has this value."""
    readable.require(CODES, "scm_data")
    sql = f"c.scm_data ->> %(scm_key_{place})s::text = %(scm_value_{place})s::text"
    return Condition(sql, {f"scm_key_{place}": key, f"scm_value_{place}": text}, text)


def _listed(numbers: list[int]) -> str:
    return ",".join(map(str, numbers))


CONDITIONS: Mapping[str, Callable[[ReadableRows, str], Condition]] = {
    "activation_status": _activation_status,
    "blacklisted": _blacklisted,
    "product": _product,
    "brands": _brands,
    "workorder": _workorder,
    "activated_by": _activated_by,
    "serial_number": _serial_number,
    "extended_id": _extended_id,
    "activated_at": _activated_at,
    "updated_at": _updated_at,
    "flags": _flags,
}
