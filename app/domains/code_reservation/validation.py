"""What a reservation has to say so that codes can be found for it (systems.md 1.6)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.database.session import Session
from app.domains.code_reservation.service import KIND
from app.domains.identifier_job.service import (
    Domain,
    Tenant,
    read_domains,
    read_owners,
    read_tenants,
)
from app.errors import AppError, FailedValidation, InvalidForeignKey

PRODUCT_KEYS = {"sgtin": re.compile(r"/01/[0-9]{14}"), "grai": re.compile(r"/8003/0[0-9]{13}")}
KEY_FORMS = {"sgtin": "/01/<14 digits>", "grai": "/8003/0<13 digits>"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database says about the things some reservations refer to."""

    tenants: Mapping[str, Tenant]
    domains: Mapping[str, Domain]
    products: Mapping[str, str | None]


async def read_facts(
    session: Session, rows: list[dict[str, Any]], asker: str | None = None
) -> Facts:
    """Everything `problems` needs to judge these rows, in one statement per table.

    `asker`: the account of who wants them, which knows no products but its own.
    """
    return Facts(
        tenants=await read_tenants(session, _named(rows, "account")),
        domains=await read_domains(session, _named(rows, "domain")),
        products=await read_owners(session, _named(rows, "product"), asker),
    )


def problems(row: Mapping[str, Any], facts: Facts) -> list[AppError]:
    """Every reason why no code could be found; none for a good reservation."""
    found = list(_about_domain(row, facts))
    form = PRODUCT_KEYS.get(row["code_type"])
    product = row.get("product")
    if product is None:
        if form is not None:
            found.append(_required("product"))
    elif form is not None and not form.fullmatch(str(product)):
        detail = (
            f"Value doesn't have the correct format: codes of type {row['code_type']} are of a "
            f'product whose key is {KEY_FORMS[row["code_type"]]}, got "{product}".'
        )
        found.append(FailedValidation("product", "regex", detail).saying(["code_type"]))
    elif product not in facts.products or not _shared(facts.products[product], row.get("account")):
        detail = f'There is no product "{product}": create it first, or name another.'
        found.append(FailedValidation("product", "in", detail, invalid=product))
    return found


def _about_domain(row: Mapping[str, Any], facts: Facts) -> Iterator[AppError]:
    account, key = row.get("account"), row.get("domain")
    if account is not None and account not in facts.tenants:
        yield InvalidForeignKey(KIND, "account", account)
    if key is not None:
        domain = facts.domains.get(key)
        if domain is None or not _shared(domain.account, account):
            yield InvalidForeignKey(KIND, "domain", key)
    elif row["code_type"] == "short_code":
        tenant = facts.tenants.get(account or "")
        if tenant is None or tenant.domain_for("short_code") is None:
            yield _required("domain")


def _required(field: str) -> FailedValidation:
    return FailedValidation(field, "required", "Value is required.")


def _shared(owner: str | None, account: str | None) -> bool:
    """Whether a thing of `owner` may be used by `account`: another tenant's things do not exist."""
    return owner is None or account is None or owner == account


def _named(rows: Iterable[Mapping[str, Any]], field: str) -> list[str]:
    return list({row[field] for row in rows if isinstance(row.get(field), str)})
