"""`/schema`: what is defined as a Directus snapshot, and whether one says the same (8.4, 8.5)."""

import json
from typing import Any

import orjson
import yaml
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.errors import Forbidden, InvalidPayload, InvalidQuery
from app.items.export.exports import MEDIA_TYPES, filename
from app.items.items import Items
from app.json_text import DEEPEST, NotJson, read_json
from app.pools import DESCRIPTIONS
from app.rest.definitions import NOT_HERE
from app.rest.queries import read_export
from app.web.multipart import is_form, read_parts
from app.web.requests import body_of
from app.web.responses import data_response, no_content
from schema import BadDefinition, Schema
from schema.snapshot_changes import changes
from schema.snapshot_writing import DIRECTUS, VENDOR, VERSION, snapshot_of

_OF = {"version": VERSION, "directus": DIRECTUS, "vendor": VENDOR}
"""What a snapshot says of where it is from."""
_NAMED = 5
"""Changes that a refusal names."""


async def snapshot(request: Request) -> Response:
    """The served collections, for admins; `?export=yaml` or `json`: as a file."""
    found = snapshot_of(_of_admin(request).schema)
    form = read_export(dict(request.query_params))
    if form is None:
        return data_response(orjson.dumps(found))
    if form == "json":
        text = orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
    elif form == "yaml":
        text = await DESCRIPTIONS.run(_yaml, found)
    else:
        raise InvalidQuery('"export" of a snapshot must be one of [json, yaml]')
    name = filename("schema_snapshot", form)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache"}
    return Response(text, headers=headers, media_type=MEDIA_TYPES[form])


def _yaml(found: dict[str, Any]) -> str:
    # What is there twice is copied: it would be written once, and pointed at.
    plain = orjson.loads(orjson.dumps(found))
    text: str = yaml.dump(plain, Dumper=yaml.CSafeDumper, sort_keys=False)
    return text


async def diff(request: Request) -> Response:
    """204 for a snapshot that says what is served; Forbidden for any other, with what it changes.

    Raises InvalidPayload for what is no snapshot, or (without `?force`) of another Directus.
    """
    schema = _of_admin(request).schema
    given = await _given(request)
    is_forced = "force" in request.query_params
    if found := await DESCRIPTIONS.run(_changes, given, schema, is_forced):
        more = len(found) - _NAMED
        named = "; ".join(f"{change:.200}" for change in found[:_NAMED])
        rest = f"; and {more} more" if more > 0 else ""
        raise Forbidden(f"{NOT_HERE} This snapshot says something else: {named}{rest}.")
    return no_content()


def _changes(given: Any, schema: Schema, is_forced: bool) -> list[str]:
    snapshot = _of_yaml(given) if isinstance(given, bytes) else given
    try:
        found = changes(snapshot, schema)
    except BadDefinition as error:
        raise InvalidPayload(str(error).rstrip(".")) from None
    for name, here in _OF.items():
        if snapshot.get(name) != here and not is_forced:
            said = json.dumps(snapshot.get(name), default=str)
            raise InvalidPayload(
                f'The "{name}" of the snapshot is {said:.100}, here it is {json.dumps(here)}: '
                'send "force" to leave that aside'
            )
    return found


async def _given(request: Request) -> Any:
    """The snapshot of a JSON body, or of the first file of a form: bytes of what may be YAML."""
    if not is_form(request):
        return await body_of(request)
    async for part in read_parts(request):
        if part.filename is None:
            continue
        text = b"".join([block async for block in part.blocks])
        if "json" not in part.content_type and not part.filename.endswith(".json"):
            return text
        try:
            return read_json(text)
        except NotJson as error:
            raise InvalidPayload(str(error)) from None
    raise InvalidPayload("The form has no file")


def _of_yaml(text: bytes) -> Any:
    """The value of a YAML text. An alias in it would make any number of values of a few bytes."""
    depth = 0
    try:
        for event in yaml.parse(text, yaml.CSafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > DEEPEST:
                raise InvalidPayload(
                    f"YAML can be nested {DEEPEST} levels deep at most, and have no aliases"
                )
        return yaml.load(text, yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise InvalidPayload(f"The file is not valid YAML: {reason}") from None


async def apply(request: Request) -> Response:
    """Refused: it only changes."""
    _of_admin(request)
    raise Forbidden(NOT_HERE)


def _of_admin(request: Request) -> Items:
    items: Items = request.state.items
    if not items.caller.is_admin:
        raise Forbidden
    return items


routes = [
    Route("/schema/snapshot", snapshot, methods=["GET"]),
    Route("/schema/diff", diff, methods=["POST"]),
    Route("/schema/apply", apply, methods=["POST"]),
]
