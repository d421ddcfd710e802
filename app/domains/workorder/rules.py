"""The rules of work orders: an order has its codes minted, and its state moves on (6.4, 6.8)."""

from collections.abc import Iterable, Iterator
from typing import Any

from app.access.caller import Caller
from app.access.key_owners import is_gs1_key, settled_covers
from app.database.session import Session, WriteSession
from app.domains.identifier_job.ordering import order_jobs
from app.domains.workorder import queries
from app.domains.workorder.service import KIND, cancel, retry
from app.errors import AppError, ErrorList, FailedValidation, InvalidForeignKey
from app.items.hooks import Row, Rules, Update
from app.items.write.validation import check_created
from schema import BUILTIN

DEFAULTS = {
    field.name: field.default for field in BUILTIN[KIND].fields if field.default is not None
}
TYPES = {"/01/": "sgtin", "/8003/": "grai"}
"""What is minted for a product, by what its key begins with; short codes for any other."""

FIXED = ("quantity", "product", "activate_on_complete", "use_serial_number", "account")
"""What was ordered. An order for something else is another order."""

STEPS = {
    "new": {"canceled"},
    "processing": {"canceled"},
    "minted": {"canceled"},
    "packing": {"canceled"},
    "completed": {"ready-to-print", "printed"},
    "ready-to-print": {"printed"},
}
"""What a person may set a state to (systems.md 6.8; the words of printing: D N9)."""


class WorkOrderRules(Rules):
    """Makes a job for every new order; stops the jobs of those that are canceled or deleted."""

    long_fields = frozenset({"error_message"})

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        """Have the codes of new orders minted.

        Rows with another state than `new` are history somebody imports: nothing is minted for
        them. Raises ErrorList with every reason why an order can't be fulfilled.
        """
        for row in rows:
            for name, value in DEFAULTS.items():
                if row.get(name) is None:
                    row[name] = value
        await _check_products(session, caller, rows)
        # What the definition refuses is told by the door itself.
        orders = [r for r in rows if r["state"] == "new" and not check_created(BUILTIN[KIND], r)]
        if not orders:
            return
        try:
            jobs = await order_jobs(session, caller, [_job_of(row) for row in orders])
        except FailedValidation as refused:
            raise ErrorList([_of_the_order(refused)]) from None
        except ErrorList as refused:
            raise ErrorList([_of_the_order(error) for error in refused.errors]) from None
        for row, job in zip(orders, jobs, strict=True):
            row["identifier_job"] = job

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        """What was ordered stays; the state takes steps a person may take. Raises ErrorList."""
        if refused := [error for update in updates for error in _refusals(update)]:
            raise ErrorList(refused)
        for update in updates:
            if _is_retry(update):
                update.patch["error_message"] = None

    async def after_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        gone = [update.key for update in updates if update.changes.get("state") == "canceled"]
        if gone:
            await cancel(session, gone)
        again = [update for update in updates if _is_retry(update)]
        if again:
            jobs = [u.before["identifier_job"] for u in again if u.before["identifier_job"]]
            await retry(session, [update.key for update in again], jobs)

    async def before_delete(self, session: WriteSession, caller: Caller, keys: list[Any]) -> None:
        """An order that goes before it is complete is canceled first."""
        rows = await session.fetch_all(queries.OPEN, {"keys": keys})
        await cancel(session, [row["id"] for row in rows])


async def _check_products(session: Session, caller: Caller, rows: list[Row]) -> None:
    """An order of nobody in particular is of its product's account; of another's, it can't be."""
    named = [row["product"] for row in rows if isinstance(row.get("product"), str)]
    if not named:
        return
    # What the jobs ask for comes first: whoever gives keys their owners takes it before products.
    await settled_covers(session, [key for key in named if is_gs1_key(key)])
    values = {"products": list(set(named)), "account": caller.account}
    found = await session.fetch_all(queries.PRODUCTS, values)
    owners = {row["id"]: row["account"] for row in found}
    refused: list[AppError] = []
    for row in rows:
        product = row.get("product")
        if product is None:
            continue
        own, seen = owners.get(product), product in owners
        if seen and row.get("account") is None:
            row["account"] = own
        if not seen or own not in {None, row.get("account")}:
            refused.append(InvalidForeignKey(KIND, "product", product))
    if refused:
        raise ErrorList(refused)


def _job_of(row: Row) -> Row:
    """The job that mints an order: codes of its product, or short codes of the account's domain."""
    product = row.get("product")
    prefix = next((prefix for prefix in TYPES if str(product).startswith(prefix)), "")
    return {
        "type": TYPES.get(prefix, "short_code"),
        "quantity": row["quantity"],
        "product": product,
        "account": row.get("account"),
        "reference_id": row["reference"],
    }


def _of_the_order(error: AppError) -> AppError:
    """A job's refusal as the order's: orders have no domain of their own."""
    if error.extensions.get("field") != "domain":
        return error
    return FailedValidation(
        "product",
        "in",
        "There is no domain for short codes: give the account a default domain, or order codes "
        "for a product with a GTIN.",
    )


def _refusals(update: Update) -> Iterator[AppError]:
    changes, before = update.changes, update.before
    for name in _in_order(FIXED, changes):
        yield FailedValidation(
            name,
            "eq",
            f'Value has to stay "{before[name]}": it was ordered so.',
            valid=before[name],
        )
    state = changes.get("state")
    if "state" in changes and not _is_retry(update):
        steps = sorted(STEPS.get(before["state"], ()))
        if state not in steps:
            shown = ", ".join(f'"{step}"' for step in steps) or "nothing"
            yield FailedValidation(
                "state",
                "in",
                f'The state "{before["state"]}" can be changed to {shown} only.',
                valid=steps,
            )


def _is_retry(update: Update) -> bool:
    """Whether an order that failed is to be tried again: its state is set to `new`."""
    return update.patch.get("state") == "new" and update.before["error_message"] is not None


def _in_order(names: Iterable[str], changes: Row) -> list[str]:
    return [name for name in names if name in changes]
