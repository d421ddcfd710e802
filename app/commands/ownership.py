"""`mintage prefix` and `mintage domain`: whose keys are (DESIGN.md 9)."""

import asyncio
import sys
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from app.errors import InvalidPayload
from app.installation import attached, opened
from app.items.items import Items
from app.items.query.tree import AnyOf, Compare, Leaf, Nested, Node, Query, Sort, Value
from app.settings import InstallationSettings

prefix = typer.Typer(
    name="prefix", help="GS1 company prefixes, and whose they are.", no_args_is_help=True
)
domain = typer.Typer(name="domain", help="Domains of codes and links.", no_args_is_help=True)

_PREFIXES, _DOMAINS = "company_prefix", "domain"
_PIPE_WIDTH = 200


@prefix.command("add")
def add_prefix(
    digits: Annotated[str, typer.Argument(help="4 to 12 digits; 3 with --gtin8.")],
    *,
    account: Annotated[
        str | None, typer.Option(help="Key or name of the account. Not given: all share it.")
    ] = None,
    gtin8: Annotated[bool, typer.Option("--gtin8", help="A prefix of GTINs of 8 digits.")] = False,
    note: Annotated[str | None, typer.Option(help="What it is for.")] = None,
) -> None:
    """Assign a company prefix: keys under it are the account's from now on."""
    row = {"digits": digits, "kind": "gtin8" if gtin8 else "ordinary", "note": note}
    with attached() as current:
        owner = asyncio.run(_add(current, row, account))
    print(f"Company prefix {digits} is {owner}.")


@prefix.command("list")
def list_prefixes() -> None:
    """List the company prefixes."""
    with attached() as current:
        rows = asyncio.run(_list(current, _PREFIXES, ("digits", "kind", "note")))
    _print(("digits", "kind", "note"), rows)


@prefix.command("remove")
def remove_prefix(
    digits: Annotated[str, typer.Argument(help="Its digits: see `mintage prefix list`.")],
) -> None:
    """Take a company prefix away again, while there is nothing under it."""
    with attached() as current:
        asyncio.run(_remove(current, digits))
    print(f"Company prefix {digits} is gone.")


@domain.command("list")
def list_domains() -> None:
    """List the domains, who claims them, and whether they are verified."""
    names = ("domain_name", "type", "state", "verification_code")
    with attached() as current:
        rows = asyncio.run(_list(current, _DOMAINS, names))
    _print(names, rows)


@domain.command("verify")
def verify_domain(
    name: Annotated[str, typer.Argument(help="The domain, e.g. go.example.com.")],
    *,
    account: Annotated[
        str | None, typer.Option(help="Key or name of the account, where several claim it.")
    ] = None,
) -> None:
    """Say that a domain is the account's that claims it: codes can be made under it."""
    with attached() as current:
        asyncio.run(_verify(current, name.strip().lower(), account))
    print(f"Domain {name} is verified.")


async def _add(current: InstallationSettings, row: dict[str, Any], account: str | None) -> str:
    async with opened(current) as items:
        owner = None if account is None else await _account(items, account)
        await items.create(_PREFIXES, [{**row, "account": owner and owner["id"]}], None)
    return "shared by all accounts" if owner is None else f'of account "{owner["account_name"]}"'


async def _remove(current: InstallationSettings, digits: str) -> None:
    async with opened(current) as items:
        keys = await items.keys(Query(_PREFIXES, (), filter=_is("digits", digits)))
        if not keys:
            raise InvalidPayload(f"There is no company prefix {digits}: see `mintage prefix list`")
        await items.delete(_PREFIXES, keys)


async def _verify(current: InstallationSettings, name: str, account: str | None) -> None:
    async with opened(current) as items:
        shown = (Leaf("id", "id"), Leaf("account", "account"))
        found = await _rows(items, Query(_DOMAINS, shown, filter=_is("domain_name", name)))
        if account is not None:
            owner = await _account(items, account)
            found = [row for row in found if row["account"] == owner["id"]]
        if not found:
            raise InvalidPayload(f"Nobody claims {name}: see `mintage domain list`")
        if len(found) > 1:
            raise InvalidPayload(f"Several accounts claim {name}: say which with --account")
        await items.update(_DOMAINS, [(found[0]["id"], {"state": "verified"})], None)


async def _account(items: Items, named: str) -> dict[str, Any]:
    """The account of a key or name. Raises InvalidPayload unless there is exactly one."""
    by_key = items.by_key("account", named)
    by_name = _is("account_name", named)
    where = by_name if by_key is None else AnyOf((by_key, by_name))
    shown = (Leaf("id", "id"), Leaf("account_name", "account_name"))
    found = await _rows(items, Query("account", shown, filter=where))
    if len(found) != 1:
        count = "no account" if not found else f"{len(found)} accounts"
        raise InvalidPayload(f'There is {count} "{named}": give the key of one')
    return found[0]


async def _list(
    current: InstallationSettings, collection: str, names: tuple[str, ...]
) -> list[dict[str, Any]]:
    owner = Query("account", (Leaf("account_name", "account_name"),))
    selection: tuple[Node, ...] = tuple(Leaf(name, name) for name in names)
    selection += (Nested("account", "account", owner),)
    async with opened(current) as items:
        return await _rows(items, Query(collection, selection, sort=(Sort((names[0],)),)))


async def _rows(items: Items, query: Query) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = orjson.loads(await items.many(query))
    return rows


def _is(field: str, text: str) -> Compare:
    return Compare((field,), "_eq", Value(text))


def _print(names: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    table = Table(*names, "account", box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap = True  # they are there to be copied and compared
    for row in rows:
        owner = (row["account"] or {}).get("account_name") or "shared"
        table.add_row(*(str(row[name] or "") for name in names), owner)
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)
