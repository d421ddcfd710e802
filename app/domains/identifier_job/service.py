"""What an identifier job is about: its row, its account's limits, the domain of its codes."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from app.access.key_owners import is_allowed, settled_covers, stem, unowned
from app.database.session import Session, WriteSession
from app.domains.code_space.service import Space, forget_ranges, kept_lengths
from app.domains.identifier_job import queries
from app.domains.job_chunk.service import forget_chunks
from app.items.hooks import Row

KIND = "identifier_job"

LONGEST = {"sgtin": 20, "grai": 16, "short_code": 20}
"""Longest serial. GS1 General Specifications 3.5.2 (AI 21) and 3.9.4 (AI 8003)."""


@dataclass(frozen=True, slots=True)
class Domain:
    """A host name that codes are printed with; `account` is None for everybody's."""

    id: str
    name: str
    account: str | None = None
    is_verified: bool = True


@dataclass(frozen=True, slots=True)
class Tenant:
    """What an account says about its codes."""

    fill: Decimal | None = None
    own: Domain | None = None
    link: Domain | None = None
    short: Domain | None = None

    def domain_for(self, job_type: str) -> Domain | None:
        """The domain of codes whose job names none (systems.md 1.2, `domain`)."""
        if job_type == "short_code":
            return self.own or self.short
        return self.link or self.own


@dataclass(frozen=True, slots=True)
class Job:
    """A row of identifier_job, as far as planning and minting need it.

    `workorder`: the key of the work order it is for. Its codes may be active from the start, and
    have their code as the serial number, too.
    """

    id: str
    type: str
    quantity: int | None
    length: int
    character_set: str
    product: str | None
    account: str | None
    domain: str | None
    reference_id: str | None
    user_created: str | None
    sscc_start_serial: int
    sscc_extension_digit: int
    sscc_company_prefix: str | None
    workorder: int | None = None
    activates: bool = False
    has_serial_numbers: bool = False


async def read_job(session: Session, key: str) -> Job:
    """The job with this key. Raises LookupError when it is gone."""
    row = await session.fetch_one(queries.JOB, {"key": key})
    if row is None:
        raise LookupError(f"The identifier job {key} is gone.")
    return Job(**row)


async def read_tenants(session: Session, accounts: Iterable[str]) -> dict[str, Tenant]:
    """What these accounts say about their codes; unknown ones are left out."""
    rows = await session.fetch_all(queries.TENANTS, {"accounts": list(set(accounts))})
    return {
        row["id"]: Tenant(
            fill=row["max_keyspace_fill"],
            own=_domain(row, "own"),
            link=_domain(row, "link"),
            short=_domain(row, "short"),
        )
        for row in rows
    }


async def read_domains(session: Session, keys: Iterable[str]) -> dict[str, Domain]:
    """These domains; unknown ones are left out."""
    rows = await session.fetch_all(queries.DOMAINS, {"domains": list(set(keys))})
    return {
        row["id"]: Domain(row["id"], row["domain_name"], row["account"], row["state"] == "verified")
        for row in rows
    }


async def read_owners(
    session: Session, products: Iterable[str], asker: str | None = None
) -> dict[str, str | None]:
    """The accounts of these products; unknown ones are left out.

    `asker`: the account that asks. To it those of others, and of none, are unknown.
    """
    rows = await session.fetch_all(queries.PRODUCTS, {"products": list(set(products))})
    return {row["id"]: row["account"] for row in rows if asker in {None, row["account"]}}


async def inherit_accounts(session: Session, rows: Iterable[Row], *, holds: bool = False) -> None:
    """What is nobody's in particular belongs to whom its codes do: by product, or by their keys.

    `rows` say their `type`, `product` and `domain`, jobs of SSCCs their company prefix. `holds`: as
    of `settled_covers`.
    """
    orphans = [row for row in rows if row.get("account") is None]
    # First what whoever gives keys their owners takes first, and then what that one takes then.
    stems = [one for row in orphans for one in gs1_stems(row)]
    covers = await settled_covers(session, stems, holds=holds)
    named = {row["product"] for row in orphans if isinstance(row.get("product"), str)}
    owners = await read_owners(session, named) if named else {}
    printed = [row.get("domain") for row in orphans if row.get("type") == "short_code"]
    domains = await read_domains(session, filter(None, printed))
    for row in orphans:
        covering = [covers[one].account for one in gs1_stems(row) if one in covers]
        if row.get("type") == "short_code" and row.get("domain") in domains:
            covering.append(domains[row["domain"]].account)
        row["account"] = owners.get(row.get("product") or "") or next(iter(covering), None)


def gs1_stems(row: Mapping[str, Any]) -> list[str]:
    """What of the keys of a job's codes tells whose they are; nothing of short codes."""
    if row.get("type") == "sscc":
        prefix, extension = row.get("sscc_company_prefix"), row.get("sscc_extension_digit") or 0
        return [] if prefix is None else [stem(f"/00/{extension}{prefix}")]
    product = row.get("product")
    return [product] if isinstance(product, str) and row.get("type") in {"sgtin", "grai"} else []


@dataclass(frozen=True, slots=True)
class Holding:
    """Whose the keys of a job are, and how long their company prefix is; None: nobody knows."""

    account: str | None
    prefix_length: int | None


async def hold_keys(session: Session, job: "Job", space: Space, domain: str | None) -> Holding:
    """Keep the keys of a job its account's until the transaction ends.

    Those of a job of no account are whose they are given to meanwhile. Raises FailedValidation when
    the keys are another's by now: what they lie under, or their product, has changed hands since
    the job was made. What was given out of the code space says how long the prefix is, if it does.
    """
    row = asdict(job)
    stems = gs1_stems(row)
    if job.type == "short_code":
        held = (await read_domains(session, [domain] if domain else [])).values()
        stems = [stem(f"{one.name}/") for one in held]
    covers = await settled_covers(session, stems, holds=True)
    account = job.account or next((cover.account for cover in covers.values()), None)
    for one in stems:
        if not is_allowed(covers.get(one), account):
            raise unowned("account", one, domain=domain if job.type == "short_code" else None)
    products = await session.fetch_all(queries.HOLD_PRODUCT, {"product": job.product})
    owner = products[0]["account"] if products else None
    if owner not in {None, account} and account is not None:
        raise unowned("product", str(job.product))
    kept = (await kept_lengths(session, [space.key_prefix])).get(space.key_prefix)
    lengths = [covers[one].prefix_length for one in stems if one in covers]
    if kept is not None or lengths:
        return Holding(account, lengths[0] if kept is None else kept)
    if job.type == "sscc":
        prefix = job.sscc_company_prefix
        return Holding(account, len(prefix) if prefix else None)
    return Holding(account, products[0]["company_prefix_length"] if products else None)


async def minted_jobs(session: Session, jobs: list[str]) -> set[str]:
    """Those of these jobs that have minted codes already."""
    rows = await session.fetch_all(queries.MINTED_JOBS, {"jobs": jobs})
    return {row["job"] for row in rows}


def key_prefix(job_type: str, product: str | None, domain: Domain | None) -> str | None:
    """What all codes of a job with random serials begin with; None where a part is missing."""
    match job_type:
        case "sgtin":
            return None if product is None else f"{product}/21/"
        case "grai":
            return product
        case _:
            return None if domain is None else f"{domain.name}/"


async def forget_jobs(session: WriteSession, keys: list[str]) -> None:
    """Remove what deleted jobs have not minted: their chunks, and the ranges these took."""
    await forget_chunks(session, KIND, keys)
    await forget_ranges(session, keys)


def _domain(row: dict[str, Any], which: str) -> Domain | None:
    key = row[f"{which}_domain"]
    return None if key is None else Domain(key, row[f"{which}_name"])
