"""`mintage job create` and `mintage job list`."""

import asyncio
import sys
from typing import Annotated, Any

import orjson
import redis
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from app.errors import AppError
from app.installation import attached, opened
from app.items.items import Items
from app.items.query.tree import Compare, Leaf, Query, Sort, Value
from app.queue import worker_count
from app.settings import InstallationSettings

job = typer.Typer(name="job", help="Identifier jobs.", no_args_is_help=True)

_JOBS = "identifier_job"
_FIELDS = ("id", "type", "reference_id", "quantity", "quantity_created", "status", "error_message")
_POLL_SECONDS = 0.2
_PIPE_WIDTH = 200


class JobEnded(AppError):
    """The job did not complete."""


@job.command("create")
def create_job(
    quantity: Annotated[int, typer.Argument(help="How many codes.")],
    *,
    type_: Annotated[
        str, typer.Option("--type", help="sgtin, sscc, grai or short_code.")
    ] = "sgtin",
    product: Annotated[
        str | None, typer.Option(help="Product key, e.g. /01/09312345551927.")
    ] = None,
    length: Annotated[int | None, typer.Option(help="Length of the codes. Default 8.")] = None,
    character_set: Annotated[
        str | None, typer.Option(help="alphanumeric, numeric, hex, unambiguous, ...")
    ] = None,
    account: Annotated[str | None, typer.Option(help="Account key.")] = None,
    domain: Annotated[str | None, typer.Option(help="Domain key. Default: the account's.")] = None,
    reference: Annotated[str | None, typer.Option(help="Your own reference.")] = None,
    company_prefix: Annotated[str | None, typer.Option(help="SSCC: GS1 company prefix.")] = None,
    extension_digit: Annotated[int | None, typer.Option(help="SSCC: extension digit.")] = None,
    start_serial: Annotated[int | None, typer.Option(help="SSCC: first serial.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Show progress until it ends.")] = False,
) -> None:
    """Create an identifier job. A worker (`mintage run`) mints it."""
    given = {
        "quantity": quantity,
        "type": type_,
        "product": product,
        "length": length,
        "character_set": character_set,
        "account": account,
        "domain": domain,
        "reference_id": reference,
        "sscc_company_prefix": company_prefix,
        "sscc_extension_digit": extension_digit,
        "sscc_start_serial": start_serial,
    }
    row = {name: value for name, value in given.items() if value is not None}
    with attached() as current:
        print(asyncio.run(_create(current, row, wait=wait)))


@job.command("list")
def list_jobs(
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20,
) -> None:
    """List the newest identifier jobs."""
    with attached() as current:
        rows = asyncio.run(_list(current, limit))
    table = Table("id", "type", "created", "status", box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap = True  # they are there to be copied and compared
    table.add_column("reference, error", overflow="fold")
    for row in rows:
        made = f"{row['quantity_created']}/{row['quantity']}"
        told = " - ".join(filter(None, (row["reference_id"], row["error_message"])))
        table.add_row(row["id"], row["type"], made, row["status"], Text(told))
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)


def _query(**options: Any) -> Query:
    return Query(_JOBS, tuple(Leaf(name, name) for name in _FIELDS), **options)


async def _list(current: InstallationSettings, limit: int) -> list[dict[str, Any]]:
    async with opened(current) as items:
        query = _query(sort=(Sort(("date_created",), descending=True),), limit=Value(limit))
        rows: list[dict[str, Any]] = orjson.loads(await items.many(query))
    return rows


async def _create(current: InstallationSettings, row: dict[str, Any], *, wait: bool) -> str:
    async with opened(current) as items:
        back = items.reading_by_keys(None, _query)
        made = orjson.loads(await items.create(_JOBS, [row], back) or b"[]")[0]
        if not await _has_worker():
            message = "No worker is running, so the job waits: start one with `mintage run`."
            Console(stderr=True).print(f"[yellow]{message}[/yellow]")
        if wait:
            await _until_ended(items, made)
    return str(made["id"])


async def _has_worker() -> bool:
    """Whether a worker lives. The job is there already, so a Redis that is away is no failure."""
    try:
        return await worker_count() > 0
    except redis.RedisError:
        return False


async def _until_ended(items: Items, made: dict[str, Any]) -> None:
    """Show the job's progress until it ends. Raises JobEnded if it did not complete."""
    query = _query(filter=Compare(("id",), "_eq", Value(made["id"])), limit=Value(1))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        bar = progress.add_task(made["type"], total=made["quantity"])
        while True:
            found = await items.one(query)
            if found is None:
                raise JobEnded("The job was deleted.")
            state = orjson.loads(found)
            progress.update(bar, completed=state["quantity_created"] or 0)
            if state["status"] == "complete":
                return
            if state["status"] == "error":
                raise JobEnded(f"The job failed: {state['error_message']}")
            await asyncio.sleep(_POLL_SECONDS)
