"""Uploads: `POST /files` and `PATCH /files/:id` as forms (directus.md 10, 11.3).

Everything else of `/files` is what every collection has (`app.rest.system`).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.domains.directus_files.names import plain_name, plain_type, title_of
from app.domains.directus_files.uploads import Upload, announced, discard, store
from app.errors import Forbidden, InvalidPayload, RouteNotFound, shown
from app.items.items import Items
from app.items.write.values import as_key
from app.rest.items import METHODS, serve_collection, serve_item
from app.rest.queries import read_back
from app.web.multipart import Part, is_form, read_parts
from app.web.requests import json_or_text, query_of
from app.web.responses import data_response, no_content

FILES = "directus_files"
Payload = dict[str, Any]


async def _files(request: Request) -> Response:
    if request.method == "POST" and is_form(request):
        return await _upload(request)
    return await serve_collection(request, FILES)


async def _file(request: Request) -> Response:
    key = request.path_params["key"]
    if request.method == "PATCH" and is_form(request):
        return await _replace(request, key)
    return await serve_item(request, FILES, key)


async def _upload(request: Request) -> Response:
    """A form's files as new files, all or none. Fields say something of the file after them."""
    items: Items = request.state.items
    items.allow("create", FILES)
    back = read_back(items, FILES, query_of(request))
    payloads: list[Payload] = []
    async with _stored(request) as stored:
        payload: Payload = {}
        async for part in read_parts(request):
            if part.filename is None:
                payload[part.name] = _value(items, part.name, await part.text())
                continue
            payload = {**payload, **_described(part, payload)}
            stored.append(await _store(request, part, payload, _given_key(items, payload)))
            payloads.append(payload)
            payload = {}
        if not payloads:
            raise InvalidPayload("No files were included in the body")
        with announced(stored):
            data = await items.create(FILES, payloads, back)
    return _shown(data, many=len(payloads) > 1)


async def _replace(request: Request, given: str) -> Response:
    """New bytes for a file, new values for its fields, or both."""
    items: Items = request.state.items
    items.allow("update", FILES)
    key = await _known_key(items, given)
    back = read_back(items, FILES, query_of(request))
    payload: Payload = {}
    async with _stored(request) as stored:
        async for part in read_parts(request):
            if part.filename is None:
                payload[part.name] = _value(items, part.name, await part.text())
            elif stored:
                raise InvalidPayload("A file has the bytes of one upload; the form has several")
            else:
                payload |= {
                    "filename_download": plain_name(part.filename),
                    "type": plain_type(part.content_type),
                }
                stored.append(await _store(request, part, payload, key))
        with announced(stored):
            data = await items.update(FILES, [(key, payload)], back)
        if data == b"[]" and items.caller.is_admin:  # who sees all there is
            raise Forbidden  # somebody deleted it in the meantime
    return _shown(data, many=False)


@asynccontextmanager
async def _stored(request: Request) -> AsyncIterator[list[Upload]]:
    """Uploads to be added to the list; their bytes go again when the block fails."""
    stored: list[Upload] = []
    try:
        yield stored
    except BaseException:
        await discard(request.state.database, request.state.storage, stored)
        raise


async def _store(request: Request, part: Part, payload: Payload, key: str | None) -> Upload:
    return await store(
        request.state.storage,
        part.blocks,
        filename=payload["filename_download"],
        content_type=payload["type"],
        key=key,
    )


def _described(part: Part, payload: Payload) -> Payload:
    """What a file part says of itself; its title only if no field has said one."""
    if not part.filename:
        raise InvalidPayload("File is missing filename")
    name = plain_name(part.filename)
    said: Payload = {"filename_download": name, "type": plain_type(part.content_type)}
    if not payload.get("title"):
        said["title"] = title_of(name)
    return said


def _given_key(items: Items, payload: Payload) -> str | None:
    """The key the client wants for a file; None: the server makes one. Raises InvalidPayload."""
    given = payload.get("id")
    if not given:
        payload.pop("id", None)
        return None
    key = as_key(items.schema[FILES].primary_key, given)
    if key is None:
        raise InvalidPayload(f'Invalid uuid "{shown(given)}" in field "id"')
    return str(key)


async def _known_key(items: Items, given: str) -> str:
    """The key, if the caller sees a file of it. Raises Forbidden before any byte is read."""
    key = as_key(items.schema[FILES].primary_key, given)
    if key is None or (items.may_read(FILES) and not await items.has(FILES, key)):
        raise Forbidden
    return str(key)


def _value(items: Items, name: str, text: str) -> Any:
    """A field of a form as a value: `null`, and JSON where the field holds JSON."""
    if text == "null":
        return None
    field = items.schema.fields(FILES).get(name)
    if field is None or field.type != "json":
        return text
    return json_or_text(text)


def _shown(array: bytes | None, *, many: bool) -> Response:
    """What was written; 204 when the caller can't see it (1.1)."""
    if array is None or (not many and array == b"[]"):
        return no_content()
    return data_response(array if many else array.strip()[1:-1])


async def _import(_request: Request) -> Response:
    """Left out: a server that fetches any URL it is given can be sent into its own network."""
    raise RouteNotFound("/files/import")


routes = [
    Route("/files", _files, methods=METHODS),
    Route("/files/import", _import, methods=["POST"]),
    Route("/files/{key}", _file, methods=METHODS),
]
