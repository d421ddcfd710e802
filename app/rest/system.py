"""The system collections under their own names: `/users`, `/roles`, ... (directus.md 6.1, 10).

Routes that do something else (`/users/me`, uploads) come before these in `app.main`.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.rest.items import METHODS, serve_collection, serve_item
from schema.unkept import UNKEPT

NAMES = (
    "users",
    "roles",
    "policies",
    "access",
    "permissions",
    "activity",
    "revisions",
    "settings",
    "folders",
    "files",
    "presets",
    "comments",
    "translations",
    *(collection.name.removeprefix("directus_") for collection in UNKEPT),
)


def _routes_of(name: str) -> list[Route]:
    collection = f"directus_{name}"

    async def serve_all(request: Request) -> Response:
        return await serve_collection(request, collection)

    async def serve_one(request: Request) -> Response:
        return await serve_item(request, collection, request.path_params["key"])

    return [
        Route(f"/{name}", serve_all, methods=METHODS),
        Route(f"/{name}/{{key}}", serve_one, methods=METHODS),
    ]


routes = [route for name in NAMES for route in _routes_of(name)]
