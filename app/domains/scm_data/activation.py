"""What an upload makes of activation: the one rule of codes, asked once for each different case.

Words are Scantrust's: numbers, or `inactive`, `active`, `blacklisted`, and the slugs of reasons
(systems.md 4.2, 4.4).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.domains.code_search.readings import STATUSES
from app.domains.document.statement import BLACKLIST_REASONS
from app.domains.unique_code.activation import (
    FIELDS,
    REASON,
    STATUS,
    activation_consequences,
    activation_refusals,
)
from app.errors import AppError, ErrorList, FailedValidation

REASONS = {word: number for number, word in enumerate(BLACKLIST_REASONS)}
WORDS: Mapping[str, Mapping[str, int]] = {STATUS: STATUSES, REASON: REASONS}


def decided(cases: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cases, as `queries.states` tells them, with what each comes to, for `queries.change`.

    Raises ErrorList with every reason why one can't be.
    """
    found: dict[str, AppError] = {}
    made = []
    for case in cases:
        try:
            patch = dict(_patch(case))
        except FailedValidation as error:
            found.setdefault(error.message, error)
            continue
        before = {
            STATUS: case["activation_status"],
            REASON: case["blacklist_reason"],
            "activated_at": None if case["not_activated"] else True,
            "activated_by": None if case["by_nobody"] else True,
        }
        for refusal in activation_refusals(before, patch):
            found.setdefault(refusal.message, refusal)
        made.append(case | _outcome(before, patch))
    if found:
        raise ErrorList(list(found.values()))
    return made


def _patch(case: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """What is wanted, as stored. What is not said is left out."""
    for field, given in ((STATUS, case["given_status"]), (REASON, case["given_reason"])):
        if given is not None:
            yield field, number_of(field, given)


def number_of(field: str, given: str) -> int:
    """The number of a status or reason, from the number or its word. Raises FailedValidation."""
    words = WORDS[field]
    numbers = {str(number): number for number in words.values()}
    value = words.get(given.lower(), numbers.get(given))
    if value is None:
        shown = ", ".join(f"{word} ({number})" for word, number in words.items())
        raise FailedValidation(field, "in", f'"{given}" is not one of {shown}.')
    return value


def _outcome(before: Mapping[str, Any], patch: dict[str, int]) -> dict[str, Any]:
    if FIELDS.isdisjoint(patch):
        return {}
    added = activation_consequences(before, patch, "user", "now")
    after = {**patch, **added}
    return {
        "new_status": after.get(STATUS),
        "new_reason": after.get(REASON),
        "at_now": "activated_at" in added,
        "by_user": "activated_by" in added,
    }
