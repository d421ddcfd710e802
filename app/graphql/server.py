"""What the installation says of itself, by GraphQL (directus.md 4.8, 10)."""

from enum import Enum
from typing import Any

import strawberry

from app.domains.server.health import health
from app.domains.server.info import PROJECT, info
from app.graphql.declare import many, optional, plain
from app.graphql.resolvers import Info
from app.graphql.roots import Root
from app.graphql.scalars import BigInt, Json
from app.graphql.sdl import Sdl
from app.rest.openapi import document
from app.settings import Settings
from app.web.requests import absolute
from schema import Schema

_KINDS: dict[str, Any] = {"boolean": bool, "json": Json}


@strawberry.enum(name="graphql_sdl_scope")
class SdlScope(Enum):
    """Which schema is asked for."""

    items = "items"
    system = "system"


@strawberry.enum(name="server_info_websocket_rest_authentication")
class RestAuthentication(Enum):
    """When callers of a websocket would say who they are."""

    public = "public"
    handshake = "handshake"
    strict = "strict"


@strawberry.enum(name="server_info_websocket_graphql_authentication")
class GraphqlAuthentication(Enum):
    """The same of GraphQL's."""

    public = "public"
    handshake = "handshake"
    strict = "strict"


def queries(definitions: Schema, settings: Settings, sdl: Sdl) -> dict[str, Root]:
    """The root fields `server_...`. They say what the REST routes say."""
    return {
        "server_ping": (optional(str), {}, _ping),
        "server_info": (optional(_info_type(definitions, settings)), {}, _info),
        "server_health": (optional(Json), {}, _health),
        "server_specs_oas": (optional(Json), {}, _oas),
        "server_specs_graphql": (optional(str), {"scope": optional(SdlScope)}, _sdl(sdl)),
    }


def _info_type(definitions: Schema, settings: Settings) -> type:
    """As in Directus a limit is an object where it is set, and `false` where it is not.

    `websocket` is an object always: clients select what it has, and get null where none is served.
    """
    known = definitions.fields("directus_settings")
    project = {name: optional(_KINDS.get(known[name].type, str)) for name in PROJECT}
    limits = {"points": optional(int), "duration": optional(float)}
    each = plain("server_info_rate_limit", limits) if settings.rate_limiter_enabled else bool
    together: Any = bool
    if settings.rate_limiter_global_enabled:
        together = plain("server_info_rate_limit_global", limits)
    files = {"mimeTypeAllowList": optional(many(str)), "maxUploadSize": optional(BigInt)}
    rows = plain("server_info_query_limit", {"default": optional(int), "max": optional(int)})
    return plain(
        "server_info",
        {
            "project": optional(plain("server_info_project", project)),
            "rateLimit": optional(each),
            "rateLimitGlobal": optional(together),
            "websocket": optional(_websocket_type()),
            "queryLimit": optional(rows),
            "files": optional(plain("server_info_files", files)),
            "version": optional(str),
            "mintage": optional(plain("server_info_mintage", {"version": optional(str)})),
            "setupCompleted": optional(bool),
        },
    )


def _websocket_type() -> type:
    fields: dict[str, Any] = {}
    for surface, authentication in (
        ("rest", RestAuthentication),
        ("graphql", GraphqlAuthentication),
    ):
        members = {"authentication": optional(authentication), "path": optional(str)}
        fields[surface] = optional(plain(f"server_info_websocket_{surface}", members))
    return plain("server_info_websocket", {**fields, "heartbeat": optional(int)})


async def _ping(_root: Any, _info: Info) -> str:
    return "pong"


async def _info(_root: Any, asked: Info) -> dict[str, Any]:
    told = await info(asked.context.items, asked.context.settings)
    return told | {"websocket": told.get("websocket") or None}


async def _health(_root: Any, asked: Info) -> dict[str, Any]:
    state = asked.context.request.state
    address = absolute(asked.context.request)
    return await health(state.database, state.storage, asked.context.items.caller, address)


async def _oas(_root: Any, asked: Info) -> dict[str, Any]:
    context = asked.context
    return document(context.items, absolute(context.request))


def _sdl(sdl: Sdl) -> Any:
    async def resolve(_root: Any, asked: Info, **given: Any) -> str:
        scope = given.get("scope")
        # Strawberry gives the member of the enum, graphql-core its value.
        wanted = "items" if scope is None else getattr(scope, "value", scope)
        return sdl.text(wanted, asked.context.items.caller)

    return resolve
