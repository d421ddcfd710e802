"""`mintage user create` and `reset`, `mintage token create` and `set`."""

import asyncio
import getpass
import sys
from typing import Annotated, Any

import orjson
import typer

from app.access.secrets import new_token
from app.domains.directus_users.password_reset import reset_token
from app.errors import InvalidPayload
from app.installation import attached, opened
from app.items.items import Items
from app.items.query.tree import AnyOf, Compare, Leaf, Query, Value
from app.settings import InstallationSettings

user = typer.Typer(name="user", help="Users.", no_args_is_help=True)
token = typer.Typer(name="token", help="Static tokens.", no_args_is_help=True)

_USERS = "directus_users"
ADMINISTRATOR = "Administrator"


@user.command("create")
def create_user(
    email: Annotated[str, typer.Argument(help="E-mail address; it names the user.")],
    *,
    admin: Annotated[bool, typer.Option(help="May do everything.")] = False,
    role: Annotated[str | None, typer.Option(help="Key or name of the user's role.")] = None,
    account: Annotated[str | None, typer.Option(help="Key of the user's account.")] = None,
    first_name: Annotated[str | None, typer.Option()] = None,
    last_name: Annotated[str | None, typer.Option()] = None,
    password: Annotated[
        bool, typer.Option("--password", help="Ask for a password. Without: token only.")
    ] = False,
) -> None:
    """Create a user. Give it a token with `mintage token create`."""
    secret = getpass.getpass("Password (8 characters or more): ") if password else None
    row = {
        "email": email,
        "first_name": first_name,
        "last_name": last_name,
        "account": account,
        "password": secret,
    }
    with attached() as current:
        key = asyncio.run(_create_user(current, row, ADMINISTRATOR if admin else role))
    print(f"Created user {email}: {key}")


@user.command("reset")
def reset_password(
    email: Annotated[str, typer.Argument(help="E-mail address of the user.")],
) -> None:
    """Print a token that sets a new password once, within a day: POST /auth/password/reset."""
    with attached() as current:
        print(asyncio.run(_reset_token(current, email)))


@token.command("create")
def create_token(
    email: Annotated[str, typer.Argument(help="E-mail address of the user.")],
) -> None:
    """Make a new static token for a user and print it, once. The one before stops working."""
    with attached() as current:
        made = asyncio.run(_create_token(current, email.strip().lower()))
    print(made)


@token.command("set")
def set_token(
    email: Annotated[str, typer.Argument(help="E-mail address of the user.")],
) -> None:
    """Give a user a static token of your own: it is asked for, or read from a pipe."""
    if sys.stdin.isatty():
        given = getpass.getpass("Token (8 to 255 characters): ")
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    with attached() as current:
        asyncio.run(_set_token(current, email.strip().lower(), given))


async def _create_user(current: InstallationSettings, row: dict[str, Any], role: str | None) -> str:
    async with opened(current) as items:
        if role is not None:
            row["role"] = await _role_of(items, role)
        back = items.reading_by_keys(None, lambda: Query(_USERS, (Leaf("id", "id"),)))
        made = await items.create(_USERS, [row], back)
    return str(orjson.loads(made or b"[]")[0]["id"])


async def _reset_token(current: InstallationSettings, email: str) -> str:
    if not current.secret:
        raise InvalidPayload("This installation has no SECRET: tokens can't be signed")
    async with opened(current) as items, items.database.read() as session:
        return await reset_token(session, email, current.secret)


async def _create_token(current: InstallationSettings, email: str) -> str:
    made = new_token()
    await _set_token(current, email, made)
    return made


async def _set_token(current: InstallationSettings, email: str, given: str) -> None:
    async with opened(current) as items:
        key = await key_of_user(items, email)
        await items.update(_USERS, [(key, {"token": given})], None)


async def _role_of(items: Items, role: str) -> Any:
    """The key of a role that is named by its key or its name. Raises InvalidPayload."""
    named = Compare(("name",), "_eq", Value(role))
    keyed = items.by_key("directus_roles", role)
    condition = named if keyed is None else AnyOf((named, keyed))
    keys = await items.keys(Query("directus_roles", (), filter=condition))
    if not keys:
        raise InvalidPayload(f"There is no role {role}: make it first (POST /roles)")
    return keys[0]


async def key_of_user(items: Items, email: str) -> str:
    """The key of the user of an e-mail address. Raises InvalidPayload where there is none."""
    keys = await items.keys(Query(_USERS, (), filter=Compare(("email",), "_eq", Value(email))))
    if not keys:
        raise InvalidPayload(f"There is no user {email}: create it with `mintage user create`")
    return str(keys[0])
