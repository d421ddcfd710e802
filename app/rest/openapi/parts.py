"""What the operations of the OpenAPI document are made of: parameters, answers, bodies."""

from collections.abc import Sequence
from typing import Any

Document = dict[str, Any]

_TEXT: Document = {"type": "string"}
_PARAMETERS: dict[str, tuple[str, Document]] = {
    "fields": ("The fields of each item, comma-separated: `*`, `account.account_name`.", _TEXT),
    "filter": ('Which items, as JSON: `{"status": {"_eq": "new"}}`.', _TEXT),
    "search": ("A text that any field contains.", _TEXT),
    "sort": ("The order, comma-separated; `-` is descending.", _TEXT),
    "limit": ("Most items; -1: all.", {"type": "integer", "minimum": -1}),
    "offset": ("Items to leave out at the start.", {"type": "integer", "minimum": 0}),
    "page": ("The page, counted in limits from 1.", {"type": "integer", "minimum": 0}),
    "aggregate": ('Sums and counts, as JSON: `{"count": "*"}`.', _TEXT),
    "groupBy": ("What to group by, comma-separated.", _TEXT),
    "deep": ("Options for each relation, as JSON.", _TEXT),
    "alias": ("Other keys for relations, as JSON.", _TEXT),
    "meta": ("Counts: `total_count`, `filter_count`, `*`.", _TEXT),
    "export": (
        "A file instead.",
        {"type": "string", "enum": ["csv", "csv_utf8", "json", "xml", "yaml"]},
    ),
    "export_safe": ("No cell of a CSV is a formula to a spreadsheet.", {"type": "boolean"}),
}
EVERY = tuple(_PARAMETERS)
"""The parameters of a list."""
SHAPING = ("fields", "deep", "alias")
"""Those of what is read back."""

_ERRORS = {
    "400": ("BadRequest", "What was sent is wrong; every error says what."),
    "401": ("UnauthorizedError", "The token or login is invalid."),
    "403": ("ForbiddenError", "Not allowed, or not there."),
}
_OBJECT: Document = {"type": "object"}
NOTHING: Document = {"description": "Done; there is nothing to show."}


def reference(name: str) -> Document:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def json_of(schema: Document, media_type: str = "application/json") -> Document:
    """Content of one type, JSON if no other is named."""
    return {media_type: {"schema": schema}}


def answer(schema: Document, **others: Document) -> Document:
    """The answer `{"data": ...}`, and what is beside it."""
    inner = {"type": "object", "properties": {"data": schema, **others}}
    return {"description": "What was asked for.", "content": json_of(inner)}


def answers(**by_status: Document) -> Document:
    """Answers by their status, as `_200`, and the errors that any operation may end in."""
    errors = {
        status: {"$ref": f"#/components/responses/{name}"} for status, (name, _) in _ERRORS.items()
    }
    return {status.removeprefix("_"): shown for status, shown in by_status.items()} | errors


def parameters(names: Sequence[str]) -> list[Document]:
    """Query parameters by name."""
    return [{"$ref": f"#/components/parameters/{_title(name)}"} for name in names]


def in_path(name: str, schema: Document | None = None) -> Document:
    """A part of the path."""
    return {"name": name, "in": "path", "required": True, "schema": schema or _TEXT}


def query(name: str, note: str, schema: Document) -> Document:
    """A query parameter of one operation."""
    return {"name": name, "in": "query", "description": note, "schema": schema}


def body(schema: Document, **others: Document) -> Document:
    """A JSON body. `others`: content of other types."""
    return {"required": True, "content": {**json_of(schema), **others}}


def object_of(required: str = "", **properties: Document) -> Document:
    """An object; `required`: the names of what it has to have."""
    shown: Document = {"type": "object", "properties": properties}
    return {**shown, "required": required.split()} if required else shown


def operation(
    name: str,
    summary: str,
    tag: str,
    responses: Document,
    sent: Document | None = None,
    queried: Sequence[Document] = (),
) -> Document:
    """One operation. `sent`: its body; `queried`: its query parameters."""
    shown: Document = {
        "summary": summary,
        "operationId": name,
        "tags": [tag],
        "responses": responses,
    }
    if queried:
        shown["parameters"] = list(queried)
    if sent is not None:
        shown["requestBody"] = sent
    return shown


def data(schema: Document) -> Document:
    """The answers of an operation that always shows something."""
    return answers(_200=answer(schema))


def components(schemas: Document) -> Document:
    """All that operations refer to."""
    facts = object_of("code", code=_TEXT)
    errors = object_of("message extensions", message=_TEXT, extensions=facts)
    count: Document = {"type": "integer"}
    return {
        "schemas": {
            **schemas,
            "Error": object_of("errors", errors={"type": "array", "items": errors}),
            "x-metadata": object_of(total_count=count, filter_count=count),
        },
        "parameters": {
            _title(name): {"name": name, "in": "query", "description": note, "schema": kind}
            for name, (note, kind) in _PARAMETERS.items()
        },
        "responses": {
            name: {"description": note, "content": json_of(reference("Error"))}
            for name, note in _ERRORS.values()
        },
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    }


def _title(name: str) -> str:
    return name[0].upper() + name[1:]
