"""`mintage credential create`, `list` and `revoke`: tokens for the surfaces of other products."""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.access.secrets import new_token
from app.commands.users import key_of_user
from app.errors import InvalidPayload
from app.installation import attached, opened
from app.items.query.tree import Leaf, Nested, Node, Query, Sort, Value
from app.settings import InstallationSettings

credential = typer.Typer(
    name="credential", help="Tokens for the surfaces of other products.", no_args_is_help=True
)

_CREDENTIALS = "api_credential"
_FIELDS = "id kind name token_hint permissions valid_until revoked_at last_used_at".split()
_PIPE_WIDTH = 200


@credential.command("create")
def create_credential(
    email: Annotated[str, typer.Argument(help="E-mail address of its user.")],
    *,
    kind: Annotated[str, typer.Option(help="scantrust_uat, kitcheck, evrythng or tracezilla.")],
    permissions: Annotated[
        str | None,
        typer.Option(help="Scopes such as codes_view,scans_download. Default: all."),
    ] = None,
    valid_until: Annotated[
        str | None, typer.Option(help="When it ends, e.g. 2027-12-31T23:59:59Z. Not given: never.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What it is for.")] = None,
) -> None:
    """Make a token of another product's kind for a user and print it, once."""
    row = {
        "kind": kind,
        "permissions": _words(permissions),
        "valid_until": valid_until,
        "name": name,
    }
    with attached() as current:
        print(asyncio.run(_create(current, email.strip().lower(), row)))


@credential.command("list")
def list_credentials(
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 100,
) -> None:
    """List the newest credentials and whether they are good. Tokens are shown by their end."""
    with attached() as current:
        rows = asyncio.run(_list(current, limit))
    table = Table("id", "user", "kind", "token", "state", "last used", box=None, pad_edge=False)
    for column in table.columns:
        column.no_wrap = True  # they are there to be copied and compared
    table.add_column("name, permissions", overflow="fold")
    for row in rows:
        words = ",".join(row["permissions"] or ["all"])
        table.add_row(
            row["id"],
            Text((row["user"] or {}).get("email") or ""),
            row["kind"],
            f"...{row['token_hint']}",
            _state(row),
            row["last_used_at"] or "never",
            Text(" - ".join(filter(None, (row["name"], words)))),
        )
    Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH).print(table)


@credential.command("revoke")
def revoke_credential(
    key: Annotated[str, typer.Argument(help="Its id: see `mintage credential list`.")],
) -> None:
    """End a credential. It is refused from that moment on."""
    with attached() as current:
        asyncio.run(_revoke(current, key))
    print(f"Revoked {key}.")


def _words(text: str | None) -> list[str] | None:
    return None if text is None else [word.strip() for word in text.split(",") if word.strip()]


def _state(row: dict[str, Any]) -> str:
    if row["revoked_at"] is not None:
        return "revoked"
    until = row["valid_until"]
    if until is None:
        return "good"
    is_over = datetime.fromisoformat(until) <= datetime.now(UTC)
    return f"{'over since' if is_over else 'good until'} {until}"


async def _create(current: InstallationSettings, email: str, row: dict[str, Any]) -> str:
    made = new_token()
    async with opened(current) as items:
        user = await key_of_user(items, email)
        await items.create(_CREDENTIALS, [{**row, "user": user, "token": made}], None)
    return made


async def _list(current: InstallationSettings, limit: int) -> list[dict[str, Any]]:
    user = Query("directus_users", (Leaf("email", "email"),))
    selection: tuple[Node, ...] = tuple(Leaf(name, name) for name in _FIELDS)
    selection += (Nested("user", "user", user),)
    newest = (Sort(("date_created",), descending=True), Sort(("id",)))
    async with opened(current) as items:
        found = await items.many(Query(_CREDENTIALS, selection, sort=newest, limit=Value(limit)))
    rows: list[dict[str, Any]] = orjson.loads(found)
    return rows


async def _revoke(current: InstallationSettings, key: str) -> None:
    async with opened(current) as items:
        named = items.by_key(_CREDENTIALS, key)
        fields = (Leaf("revoked_at", "revoked_at"),)
        found = named and await items.one(Query(_CREDENTIALS, fields, filter=named))
        if not found:
            raise InvalidPayload(f"There is no credential {key}: see `mintage credential list`")
        if orjson.loads(found)["revoked_at"] is None:  # the first time is the one that counted
            patch = {"revoked_at": datetime.now(UTC).isoformat()}
            await items.update(_CREDENTIALS, [(key, patch)], None)
