"""`mintage codes export` and `mintage verify`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from app.domains.scan.verification import verdict_of
from app.errors import InvalidPayload
from app.installation import attached, opened
from app.items.query.tree import Compare, Query, Sort, Value
from app.settings import InstallationSettings

codes = typer.Typer(name="codes", help="Minted codes.", no_args_is_help=True)

_NOT_ISSUED = 2
_SAID = {
    "genuine": "issued by the owner of its key, and active",
    "inactive": "issued by the owner of its key, not active",
    "blacklisted": "issued by the owner of its key, and withdrawn",
    "unknown": "there is no such code of the owner of its key",
    "product": "a product, not a single item",
}
_COLUMNS = "id,code,digital_link,epc_uri,status"


@codes.command("export")
def export(
    job: Annotated[str, typer.Argument(help="Key of the identifier job.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write. Default: print.")
    ] = None,
    columns: Annotated[str, typer.Option(help="Fields of unique_code, by comma.")] = _COLUMNS,
) -> None:
    """Write the codes of a job as CSV, straight from PostgreSQL, in flat memory."""
    with attached() as current:
        names = [name.strip() for name in columns.split(",") if name.strip()]
        if output is None:
            asyncio.run(_export(current, job, names, sys.stdout.buffer))
            return
        with output.open("wb") as file:
            asyncio.run(_export(current, job, names, file))
    print(f"Wrote {output}", file=sys.stderr)


def verify(
    code: Annotated[
        str, typer.Argument(help="A code's path, link, EPC URI or EPC hex, or what a scanner read.")
    ],
) -> None:
    """Tell whether a code is genuine, as a scan is told, and which job minted it.

    Genuine: its account owns the key, and has minted it or brought it in. Exit code 2: the owner of
    the key has no such code; of one that is inactive or blacklisted it is 0.
    """
    with attached() as current:
        is_present = asyncio.run(_verify(current, code))
    if not is_present:
        sys.exit(_NOT_ISSUED)


async def _export(
    current: InstallationSettings, job: str, columns: list[str], file: BinaryIO
) -> None:
    async with opened(current) as items:
        condition = items.by_key("identifier_job", job)
        if condition is None or not await items.keys(Query("identifier_job", (), filter=condition)):
            raise InvalidPayload(f"There is no identifier job {job}: see `mintage job list`")
        selection = items.reader().selection("unique_code", columns)
        query = Query(
            "unique_code",
            selection,
            filter=Compare(("identifier_job",), "_eq", Value(job)),
            sort=(Sort(("id",)),),
        )
        async for block in items.export(query, "csv"):
            file.write(block)
        file.write(b"\n")
        file.flush()


async def _verify(current: InstallationSettings, code: str) -> bool:
    async with opened(current) as items, items.database.read() as session:
        found = await verdict_of(session, code, current.secret)
    origin = found.origin
    print(f"Code:      {found.key}")
    print(f"Status:    {found.status}: {_SAID[found.status]}")
    if origin.position is not None:
        print(f"Position:  {origin.position}")
    if origin.was_minted_here:
        print(f"Issued:    yes, at {origin.minted_at:%Y-%m-%d %H:%M:%S} UTC")
        print(f"By job:    {origin.job} ({origin.reference_id or 'no reference'})")
    elif origin.job is not None:
        print(f"Issued:    not yet; its serial is taken by job {origin.job}")
    elif found.is_present:
        print("Issued:    elsewhere, and brought in by its owner")
    else:
        print("Issued:    no, never by this installation")
    return found.is_present
