"""`utils_...` at `/graphql/system`: what `/utils` does (directus.md 4.8, 10)."""

from typing import Any

import strawberry

from app.domains.server.hashes import hash_of, is_hash_of
from app.domains.server.random_text import random_text
from app.errors import Forbidden
from app.graphql.authentication import count
from app.graphql.declare import optional
from app.graphql.resolvers import Info
from app.graphql.roots import Root
from app.graphql.scalars import Void
from app.items.revert import revert


def mutations() -> dict[str, Root]:
    """The mutations. Imports and exports are files, which REST takes and gives."""
    done = optional(bool)
    moved = {"collection": str, "item": strawberry.ID, "to": strawberry.ID}
    return {
        "utils_random_string": (optional(str), {"length": optional(int)}, _random_string),
        "utils_hash_generate": (optional(str), {"string": str}, _generate_hash),
        "utils_hash_verify": (done, {"string": str, "hash": str}, _verify_hash),
        "utils_sort": (done, moved, _sort),
        "utils_revert": (done, {"revision": strawberry.ID}, _revert),
        "utils_cache_clear": (optional(Void), {}, _clear_cache),
    }


async def _random_string(_root: Any, _info: Info, **given: Any) -> str:
    length = given.get("length")
    return random_text() if length is None else random_text(length)


async def _generate_hash(_root: Any, info: Info, **given: Any) -> str:
    await count(info)
    return await hash_of(given["string"], info.context.items.caller)


async def _verify_hash(_root: Any, info: Info, **given: Any) -> bool:
    await count(info)
    return await is_hash_of(given["string"], given["hash"], info.context.items.caller)


async def _sort(_root: Any, info: Info, **given: Any) -> bool:
    await info.context.items.reorder(given["collection"], given["item"], given["to"])
    return True


async def _revert(_root: Any, info: Info, **given: Any) -> bool:
    await revert(info.context.items, given["revision"])
    return True


async def _clear_cache(_root: Any, info: Info) -> None:
    if not info.context.items.caller.is_admin:
        raise Forbidden
