"""`/graphql/system`: what is there beside the system collections (directus.md 4.8)."""

import secrets
import string
from typing import Any

from app.domains.directus_users.sessions import MODES, Mode, Sessions
from app.errors import Forbidden, InvalidCredentials, InvalidPayload, InvalidQuery
from app.graphql import definitions, server
from app.graphql.declare import forward, many, optional, output
from app.graphql.execution import Compiled
from app.graphql.inputs import Inputs
from app.graphql.outputs import Outputs
from app.graphql.reading import SelectionReader
from app.graphql.resolvers import Info, finished, read_one_of, update_one_of
from app.graphql.roots import Root
from app.graphql.scalars import BigInt, Json
from app.graphql.sdl import Sdl
from app.items.allowed import flags_of
from app.items.query import Compare, Value
from app.rest.rate_limiter import RateLimits
from app.settings import Settings

USERS, ROLES = "directus_users", "directus_roles"
_LONGEST = 500
_LETTERS = string.ascii_letters + string.digits


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
    tokens = {
        "access_token": optional(str),
        "expires": optional(BigInt),
        "refresh_token": optional(str),
    }
    outputs.types["auth_tokens"] = output(forward("auth_tokens"), tokens)
    answer = optional(outputs.types["auth_tokens"])
    mode = {"mode": optional(str)}
    token = {"refresh_token": optional(str)} | mode
    login = {"email": str, "password": str, "otp": optional(str)} | mode
    own = {"data": optional(inputs.types[f"update_{USERS}_input"])}
    return {
        "auth_login": (answer, login, _login),
        "auth_refresh": (answer, token, _refresh),
        "auth_logout": (optional(bool), token, _logout),
        "update_users_me": (optional(outputs.types[USERS]), own, _update_users_me),
        "utils_random_string": (optional(str), {"length": optional(int)}, _random_string),
        "utils_cache_clear": (optional(bool), {}, _clear_cache),
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


def _sessions(info: Info) -> Sessions:
    context = info.context
    accounts = "account" in context.items.schema.fields(USERS)
    # Not by the share of the public, which slow readers may have taken.
    return Sessions(context.request.state.database, context.settings, accounts=accounts)


def _mode(given: str | None) -> Mode:
    """GraphQL answers tokens in the body; cookies are REST's."""
    if given not in (None, *MODES):
        raise InvalidPayload(f'"mode" must be one of [{", ".join(MODES)}]')
    if given not in (None, "json"):
        raise InvalidPayload(
            'Only the mode "json" is served here: use POST /auth/login for cookies'
        )
    return "json"


async def _count(info: Info) -> None:
    """One more login or refresh: a document may hold many. Raises RequestsExceeded."""
    request = info.context.request
    limits: RateLimits = request.state.rate_limits
    refused = await limits.of_login(request.scope)
    if refused is not None:
        raise refused


async def _login(_root: Any, info: Info, **given: Any) -> Compiled:
    await _count(info)
    mode = _mode(given.get("mode"))
    client = info.context.items.caller.client
    made = await _sessions(info).login(
        given["email"], given["password"], mode, client, given.get("otp")
    )
    return _tokens(info, made.access_token, made.refresh_token, made.expires)


async def _refresh(_root: Any, info: Info, **given: Any) -> Compiled:
    await _count(info)
    mode, token = _mode(given.get("mode")), _held(given)
    made = await _sessions(info).refresh(token, mode, info.context.items.caller.client)
    return _tokens(info, made.access_token, made.refresh_token, made.expires)


async def _logout(_root: Any, info: Info, **given: Any) -> bool:
    await _sessions(info).logout(_held(given))
    return True


def _held(given: dict[str, Any]) -> str:
    token = given.get("refresh_token")
    if not token:
        raise InvalidPayload("The refresh token is required in either the payload or cookie")
    return str(token)


def _tokens(info: Info, access: str, refresh: str, expires: int) -> Compiled:
    shown = {"access_token": access, "refresh_token": refresh, "expires": str(expires)}
    return finished(info, "auth_tokens", shown)


async def _random_string(_root: Any, _info: Info, **given: Any) -> str:
    length = given.get("length") or 32
    if not 1 <= length <= _LONGEST:
        raise InvalidQuery(f'"length" must be between 1 and {_LONGEST}')
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


async def _clear_cache(_root: Any, info: Info) -> None:
    if not info.context.items.caller.is_admin:
        raise Forbidden
