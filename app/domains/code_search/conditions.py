"""One condition of a search for each parameter: SQL over `c` (unique_code) and `p` (product).

Values are bound under the parameter's own name. Every function raises ValueError for a text it
can't read (systems.md 4.2).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.codes.code_path import CodePath
from app.codes.errors import CodeError
from app.domains.code_search.readings import (
    Span,
    parts,
    span,
    statuses,
    truth,
    whole_number,
    whole_numbers,
)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, what it binds, and how a document echoes the parameter."""

    sql: str
    values: Mapping[str, Any]
    echo: str


OWN_OR_SHARED = "({0}.account IS NULL OR c.account IS NULL OR {0}.account = c.account)"
"""Whether a code may show a row of another table: names of other tenants are no business of it.

Codes without an account are the installation's own: only its admin sees them.
"""


def _activation_status(text: str) -> Condition:
    found = statuses(text)
    sql = "c.activation_status = ANY(%(activation_status)s::bigint[])"
    return Condition(sql, {"activation_status": found}, _listed(found))


def _blacklisted(text: str) -> Condition:
    wanted = truth(text)
    sql = "(c.activation_status = 2) = %(blacklisted)s::boolean"
    return Condition(sql, {"blacklisted": wanted}, str(wanted).lower())


def _product(text: str) -> Condition:
    numbers = whole_numbers(text)
    sql = "p.product_number = ANY(%(product)s::bigint[])"
    return Condition(sql, {"product": numbers}, _listed(numbers))


def _brands(text: str) -> Condition:
    numbers = whole_numbers(text)
    sql = (
        "EXISTS (SELECT FROM brand AS b WHERE b.id = p.brand "
        f"AND b.number = ANY(%(brands)s::bigint[]) AND {OWN_OR_SHARED.format('b')})"
    )
    return Condition(sql, {"brands": numbers}, _listed(numbers))


def _workorder(text: str) -> Condition:
    numbers = whole_numbers(text)
    sql = "c.workorder = ANY(%(workorder)s::bigint[])"
    return Condition(sql, {"workorder": numbers}, _listed(numbers))


def _activated_by(text: str) -> Condition:
    """A user, by e-mail or by the number Scantrust's clients know it by."""
    if "@" in text:
        sql, value = "lower(u.email) = lower(%(activated_by)s::text)", text
    else:
        sql, value = "u.legacy_id = %(activated_by)s::bigint", str(whole_number(text))
    whole = (
        f"EXISTS (SELECT FROM directus_users AS u WHERE u.id = c.activated_by AND {sql} "
        f"AND {OWN_OR_SHARED.format('u')})"
    )
    return Condition(whole, {"activated_by": value}, text)


def _serial_number(text: str) -> Condition:
    """As the computed field has it: stored, or the serial of an SGTIN."""
    sql = (
        "(c.serial_number = %(serial_number)s::text OR (c.serial_number IS NULL "
        "AND c.type = 'sgtin' AND c.code = %(serial_number)s::text))"
    )
    return Condition(sql, {"serial_number": text}, text)


def _extended_id(text: str) -> Condition:
    """As the computed field has it: stored, or the EPC in hex, or the key.

    A key may come in any form (`scanned_text`): it is read back into the path, so that the primary
    key answers.
    """
    keys = [text]
    try:
        keys.append(CodePath.parse(text).path)
    except CodeError:
        keys.append(text)
    sql = (
        "(c.extended_id = %(extended_id)s::text OR (c.extended_id IS NULL "
        "AND c.id = ANY(%(extended_id_keys)s::text[])))"
    )
    return Condition(sql, {"extended_id": text, "extended_id_keys": keys}, text)


def _activated_at(text: str) -> Condition:
    return within("activated_at", "c.activated_at", span(text))


def _updated_at(text: str) -> Condition:
    return within("updated_at", "c.scm_updated_at", span(text))


def _flags(text: str) -> Condition:
    """Codes with a scan that carries any of these flags. A stranger's scan says nothing of them."""
    flags = parts(text)
    sql = (
        "EXISTS (SELECT FROM scan AS s WHERE s.code = c.id "
        "AND s.account IS NOT DISTINCT FROM c.account "
        "AND string_to_array(s.flags, ',') && %(flags)s::text[])"
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


def scm_value(place: int, key: str, text: str) -> Condition:
    """The codes whose supply-chain field has this value."""
    sql = f"c.scm_data ->> %(scm_key_{place})s::text = %(scm_value_{place})s::text"
    return Condition(sql, {f"scm_key_{place}": key, f"scm_value_{place}": text}, text)


def _listed(numbers: list[int]) -> str:
    return ",".join(map(str, numbers))


CONDITIONS: Mapping[str, Callable[[str], Condition]] = {
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
