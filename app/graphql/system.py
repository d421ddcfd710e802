"""`/graphql/system`: what is there beside the system collections (directus.md 4.8)."""

from typing import Any

from app.errors import Forbidden, InvalidCredentials
from app.graphql import authentication, definitions, server, utilities
from app.graphql.declare import forward, many, optional, output
from app.graphql.execution import Compiled
from app.graphql.inputs import Inputs
from app.graphql.outputs import Outputs
from app.graphql.reading import SelectionReader
from app.graphql.resolvers import Info, finished, read_one_of, update_one_of
from app.graphql.roots import Root
from app.graphql.scalars import Json
from app.graphql.sdl import Sdl
from app.items.policy.actions import flags_of
from app.items.query.tree import Compare, Value
from app.settings import Settings

USERS, ROLES = "directus_users", "directus_roles"


def queries(outputs: Outputs, settings: Settings, sdl: Sdl) -> dict[str, Root]:
    """The queries that are no collection."""
    flags = dict.fromkeys(("app_access", "admin_access", "enforce_tfa"), optional(bool))
    outputs.types["policies_me_globals"] = output(forward("policies_me_globals"), flags)
    return {
        **server.queries(outputs.schema, settings, sdl),
        **definitions.queries(),
        "users_me": (optional(outputs.types[USERS]), {}, _users_me),
        "roles_me": (optional(many(outputs.types[ROLES], of_nulls=True)), {}, _roles_me),
        "policies_me_globals": (optional(outputs.types["policies_me_globals"]), {}, _globals),
        "permissions_me": (optional(Json), {}, _permissions_me),
    }


def mutations(inputs: Inputs, outputs: Outputs) -> dict[str, Root]:
    """The mutations that are no collection's."""
    own = {"data": optional(inputs.types[f"update_{USERS}_input"])}
    return {
        **authentication.mutations(outputs),
        **utilities.mutations(),
        "update_users_me": (optional(outputs.types[USERS]), own, _update_users_me),
    }


async def _users_me(_root: Any, info: Info) -> Compiled | None:
    user = info.context.items.caller.user
    return None if user is None else await read_one_of(info, USERS, user)


async def _update_users_me(_root: Any, info: Info, **arguments: Any) -> Compiled | None:
    user = info.context.items.caller.user
    if user is None:
        raise InvalidCredentials
    return await update_one_of(info, USERS, user, arguments.get("data") or {})


async def _roles_me(_root: Any, info: Info) -> Compiled:
    context = info.context
    items = context.items
    if items.caller.user is None:
        raise InvalidCredentials
    items.allow("read", ROLES)
    reader = SelectionReader(context.executor, items)
    query = reader.own_query(ROLES, info.field_nodes)
    own = Compare(("id",), "_in", Value(list(items.caller.roles)))
    return Compiled(await items.many(reader.narrowed(query, own)))


async def _globals(_root: Any, info: Info) -> Compiled:
    return finished(info, "policies_me_globals", dict(flags_of(info.context.items.caller)))


async def _permissions_me(_root: Any, info: Info) -> Any:
    items = info.context.items
    if items.caller.is_anonymous:
        raise Forbidden
    return items.permissions()
