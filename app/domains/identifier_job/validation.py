"""What an identifier job has to say so that it can succeed (systems.md 1.2 and 1.4).

Only what the definition of a field can't say by itself: choices, ranges and patterns are checked
with the definition. A value that breaks those is not judged again here.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.access.key_owners import Cover, covers_of, is_allowed, longer_prefix, unowned
from app.codes.alphabets import CHARACTER_SETS, LONGEST_RFID, RFID_NUMERIC
from app.codes.sscc import BODY_LENGTH
from app.database.session import Session
from app.domains.code_space.service import (
    KeyspaceTooSmall,
    Spelling,
    allowed_fill,
    check_room,
    issued,
    kept_lengths,
)
from app.domains.identifier_job.service import (
    KIND,
    LONGEST,
    Domain,
    Tenant,
    gs1_stems,
    key_prefix,
    read_domains,
    read_owners,
    read_tenants,
)
from app.domains.product.named import is_shared, needs_product, refuse_product
from app.errors import AppError, FailedValidation, InvalidForeignKey, Stored
from app.settings import settings
from schema import BUILTIN

COMPANY_PREFIX = re.compile(r"[0-9]{4,12}")
NO_TENANT = Tenant()
SHORTEST = BUILTIN.fields(KIND)["length"].minimum or 1
"""Shorter codes are refused by the definition; no room is looked for them."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database says about the things some jobs refer to."""

    tenants: Mapping[str, Tenant]
    domains: Mapping[str, Domain]
    products: Mapping[str, str | None]
    covers: Mapping[str, Cover]
    longer: Mapping[str, Mapping[str, str]]
    """Of company prefixes that jobs name, longer ones there are: `digits` and `id`."""
    kept: Mapping[str, int]
    """Of keys of jobs, those of which some were given out, and how long the prefix is in them."""
    issued: dict[Spelling, int]

    def tenant(self, row: Mapping[str, Any]) -> Tenant:
        return self.tenants.get(row.get("account") or "", NO_TENANT)

    def domain(self, row: Mapping[str, Any]) -> Domain | None:
        """The domain the codes of this job will belong to."""
        if row.get("domain") is not None:
            return self.domains.get(row["domain"])
        return self.tenant(row).domain_for(row["type"])


async def read_facts(
    session: Session, rows: list[dict[str, Any]], asker: str | None = None
) -> Facts:
    """Everything `problems` needs to judge these rows, in one statement per table.

    `asker`: the account of who wants them, which knows no products but its own.
    """
    stems = [stem for row in rows for stem in gs1_stems(row)]
    facts = Facts(
        tenants=await read_tenants(session, _named(rows, "account")),
        domains=await read_domains(session, _named(rows, "domain")),
        products=await read_owners(session, _named(rows, "product"), asker),
        covers=await covers_of(session, stems),
        longer=await _longer_prefixes(session, rows),
        kept=await kept_lengths(session, stems),
        issued={},
    )
    prefixes = [key_prefix(row["type"], row.get("product"), facts.domain(row)) for row in rows]
    facts.issued.update(await issued(session, [one for one in prefixes if one is not None]))
    return facts


async def _longer_prefixes(
    session: Session, rows: list[dict[str, Any]]
) -> dict[str, Mapping[str, str]]:
    named = {str(row["sscc_company_prefix"]) for row in rows if row.get("sscc_company_prefix")}
    found = {digits: await longer_prefix(session, digits) for digits in sorted(named)}
    return {digits: longer for digits, longer in found.items() if longer is not None}


def problems(row: Mapping[str, Any], facts: Facts) -> list[AppError]:
    """Every reason why this job could not succeed; none for a good one.

    A good row is added to `facts.issued`, so that the next row of the same request finds less room.
    """
    found = [*_about_quantity(row), *_about_owner(row, facts)]
    if row["type"] == "sscc":
        return [*found, *_about_sscc(row), *_about_prefix(row, facts)]
    if row["type"] not in LONGEST:
        return found
    found.extend(length_problems(row))
    if needs_product(row["type"]):
        found.extend(_about_product(row, facts) or _about_prefix(row, facts))
    elif row["type"] == "short_code" and row.get("domain") is None and facts.domain(row) is None:
        found.append(required("domain"))
    return found or list(_about_room(row, facts))


def length_problems(row: Mapping[str, Any]) -> list[AppError]:
    """Why the codes of this job may not be that long: GS1 sets the longest serial."""
    longest, length = LONGEST.get(row["type"]), _whole(row, "length")
    if longest is None or length is None:
        return []
    if row.get("character_set") == RFID_NUMERIC and length > LONGEST_RFID:
        reason = " Longer numbers do not fit the 96 bits of a tag."
        return [at_most("length", LONGEST_RFID, reason).saying(["character_set"])]
    return [at_most("length", longest).saying(["type"])] if length > longest else []


def required(field: str) -> FailedValidation:
    return FailedValidation(field, "required", "Value is required.")


def at_most(field: str, limit: int, reason: str = "") -> FailedValidation:
    detail = f'Value has to be less than or equal to "{limit}".{reason}'
    return FailedValidation(field, "lte", detail, valid=limit)


def _about_quantity(row: Mapping[str, Any]) -> Iterator[AppError]:
    if row.get("quantity") is None:
        yield required("quantity")
    elif (quantity := _whole(row, "quantity")) and quantity > settings().max_job_quantity:
        yield at_most("quantity", settings().max_job_quantity)


def _about_owner(row: Mapping[str, Any], facts: Facts) -> Iterator[AppError]:
    account = row.get("account")
    if account is not None and account not in facts.tenants:
        yield InvalidForeignKey(KIND, "account", account)
    if row.get("domain") is not None:
        domain = facts.domains.get(row["domain"])
        if domain is None or not is_shared(domain.account, account):
            yield InvalidForeignKey(KIND, "domain", row["domain"])
        elif not domain.is_verified:
            yield unowned("domain", f"{domain.name}/", domain=domain.id)


def _about_prefix(row: Mapping[str, Any], facts: Facts) -> Iterator[AppError]:
    """The codes lie under a company prefix of the job's account (DESIGN.md 9)."""
    field = "sscc_company_prefix" if row["type"] == "sscc" else "product"
    for stem in gs1_stems(row):
        cover = facts.covers.get(stem)
        if not is_allowed(cover, row.get("account")):
            yield unowned(field, stem)
        elif (
            row["type"] == "sscc"
            and cover is not None
            and row[field] != cover.name
            and stem not in facts.kept  # an earlier version minted there: it goes on
        ):
            detail = f'Value has to be "{cover.name}": those digits lie under this company prefix.'
            why = "Those digits lie under a company prefix of another length: name that one."
            stored = Stored("company_prefix", "digits", (cover.id,))
            refused = FailedValidation(field, "eq", why)
            yield refused.naming(detail, stored, valid=cover.name)
        elif row["type"] == "sscc" and (longer := facts.longer.get(str(row[field]))) is not None:
            detail = "There are longer company prefixes that begin so{}: name one."
            stored = Stored("company_prefix", "digits", (longer["id"],))
            refused = FailedValidation(field, "nin", detail.format(""))
            yield refused.naming(detail.format(f', such as "{longer["digits"]}"'), stored)


def _about_product(row: Mapping[str, Any], facts: Facts) -> list[AppError]:
    owner = row.get("account")
    return list(refuse_product(row.get("product"), row["type"], "type", owner, facts.products))


def _about_sscc(row: Mapping[str, Any]) -> Iterator[AppError]:
    prefix = row.get("sscc_company_prefix")
    if prefix is None:
        yield required("sscc_company_prefix")
        return
    start, quantity = _whole(row, "sscc_start_serial"), _whole(row, "quantity")
    if not COMPANY_PREFIX.fullmatch(str(prefix)) or start is None or quantity is None:
        return
    size = 10 ** (BODY_LENGTH - len(prefix))
    reason = f" Company prefix {prefix} has {size} serial references."
    if quantity > size:
        yield at_most("quantity", size, reason).saying(["sscc_company_prefix"])
    elif start + quantity > size:
        refused = at_most("sscc_start_serial", size - quantity, reason)
        yield refused.saying(["sscc_company_prefix", "quantity"])


def _about_room(row: Mapping[str, Any], facts: Facts) -> Iterator[AppError]:
    prefix = key_prefix(row["type"], row.get("product"), facts.domain(row))
    alphabet = CHARACTER_SETS.get(row["character_set"])
    length, quantity = _whole(row, "length"), _whole(row, "quantity")
    if prefix is None or alphabet is None or not quantity or length is None or length < SHORTEST:
        return
    spelling = (prefix, alphabet, length)
    fill = allowed_fill(facts.tenant(row).fill)
    try:
        check_room(spelling, quantity, fill, LONGEST[row["type"]], facts.issued)
    except KeyspaceTooSmall as refusal:
        facts_of_refusal = {name: value for name, value in refusal.extensions.items() if value}
        refused = FailedValidation("length", "gte", refusal.message, **facts_of_refusal)
        yield refused.saying(["quantity"])
    else:
        facts.issued[spelling] = facts.issued.get(spelling, 0) + quantity


def _whole(row: Mapping[str, Any], name: str) -> int | None:
    value = row.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _named(rows: Iterable[Mapping[str, Any]], field: str) -> list[str]:
    return list({row[field] for row in rows if isinstance(row.get(field), str)})
