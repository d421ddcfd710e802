"""A reservation: where its codes come from, setting them aside, and giving them back."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.database.session import Session, WriteSession
from app.domains.code_reservation import queries
from app.domains.directus_files.uploads import forget as forget_bytes
from app.domains.identifier_job.service import Domain, key_prefix, read_domains, read_tenants
from app.domains.job_chunk.service import forget_chunks
from app.domains.unique_code.supply import Supply, count_free, count_held, release, reserve
from app.errors import AppError

KIND = "code_reservation"

SSCC_PREFIX = "/00/"


class TooFewCodes(AppError):
    """The account has fewer free codes of that sort than the reservation asks for."""

    code = "UNPROCESSABLE_CONTENT"
    status = 422

    def __init__(self, what: str, quantity: int, free: int) -> None:
        super().__init__(
            f"{quantity} codes of {what} are asked for and {free} are unassigned, so none has been "
            f"reserved. Mint {quantity - free} more with an identifier job (or let a code pool do "
            'that) and set the status to "new", or ask for fewer.'
        )


class CodesAreHeld(Exception):
    """Enough codes are free, but others are about to take them or give them back: try again."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A row of code_reservation, as far as a worker needs it."""

    id: str
    account: str | None
    code_type: str
    quantity: int
    product: str | None
    domain: str | None
    export_type: str
    url_suffix: str
    export_file: str | None
    reference_id: str | None
    user_created: str | None

    @property
    def what(self) -> str:
        """What is asked for, for a person."""
        return self.product or f"type {self.code_type}"


async def read_reservation(session: Session, key: str) -> Reservation:
    """The reservation with this key. Raises LookupError when it is gone."""
    row = await session.fetch_one(queries.READ, {"key": key})
    if row is None:
        raise LookupError(f"The reservation {key} is gone.")
    return Reservation(**row)


def supply_of(row: Mapping[str, Any], domain: Domain | None) -> Supply | None:
    """The codes a reservation is for; None where its product or domain is missing.

    `domain` is that of the short codes: the reservation's own, or its account's.
    """
    kind, product = row["code_type"], row.get("product")
    prefix = SSCC_PREFIX if kind == "sscc" else key_prefix(kind, product, domain)
    if prefix is None:
        return None
    # A short code's key names its domain; of the others it is a property.
    own = None if kind == "short_code" else row.get("domain")
    return Supply(prefix, row.get("account"), product, own)


async def short_domain(session: Session, row: Mapping[str, Any]) -> Domain | None:
    """The domain of the short codes of a reservation: its own, or its account's."""
    if row.get("domain") is not None:
        return (await read_domains(session, [row["domain"]])).get(row["domain"])
    account = row.get("account")
    tenant = (await read_tenants(session, [account])).get(account) if account else None
    return None if tenant is None else tenant.domain_for("short_code")


async def reserve_missing(session: WriteSession, reservation: Reservation) -> int:
    """Set aside what the reservation has not got yet: all of that or nothing; how many.

    Raises TooFewCodes, and CodesAreHeld when trying again may help; the transaction is then to be
    rolled back.
    """
    missing = reservation.quantity - await count_held(session, reservation.id)
    if missing <= 0:
        return 0
    row = {
        "code_type": reservation.code_type,
        "product": reservation.product,
        "domain": reservation.domain,
        "account": reservation.account,
    }
    supply = supply_of(row, await short_domain(session, row))
    if supply is None:
        raise TooFewCodes(reservation.what, missing, 0)
    taken = await reserve(session, supply, missing, reservation.id, reservation.user_created)
    if taken < missing:
        # What others hold was left out. The rest of the free is what is still counted as free.
        free = taken + await count_free(session, supply, missing - taken)
        if free >= missing:
            raise CodesAreHeld(f"{missing - taken} of {missing} codes are held by others.")
        raise TooFewCodes(reservation.what, missing, free)
    return taken


async def give_back(session: WriteSession, keys: list[str]) -> None:
    """Free the codes of reservations that are cancelled or deleted, and remove their files."""
    await release(session, keys)
    files = await session.fetch_all(queries.FORGET_FILES, {"keys": keys})
    names = [row["filename_disk"] for row in files if row["filename_disk"] is not None]
    if names:
        session.after_commit(partial(forget_bytes, names))


async def forget_reservations(session: WriteSession, keys: list[str]) -> None:
    """Remove what deleted reservations have left behind."""
    session.after_commit(partial(forget_bytes, await forget_chunks(session, KIND, keys)))
