"""What a reservation has to say so that codes can be found for it (systems.md 1.6)."""

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
from app.domains.product.named import is_shared, refuse_product
from app.errors import AppError, FailedValidation, InvalidForeignKey


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
    found += refuse_product(
        row.get("product"), row["code_type"], "code_type", row.get("account"), facts.products
    )
    return found


def _about_domain(row: Mapping[str, Any], facts: Facts) -> Iterator[AppError]:
    account, key = row.get("account"), row.get("domain")
    if account is not None and account not in facts.tenants:
        yield InvalidForeignKey(KIND, "account", account)
    if key is not None:
        domain = facts.domains.get(key)
        if domain is None or not is_shared(domain.account, account):
            yield InvalidForeignKey(KIND, "domain", key)
    elif row["code_type"] == "short_code":
        tenant = facts.tenants.get(account or "")
        if tenant is None or tenant.domain_for("short_code") is None:
            yield _required("domain")


def _required(field: str) -> FailedValidation:
    return FailedValidation(field, "required", "Value is required.")


def _named(rows: Iterable[Mapping[str, Any]], field: str) -> list[str]:
    return list({row[field] for row in rows if isinstance(row.get(field), str)})
