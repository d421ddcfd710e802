"""What is defined, in the OpenAPI document: for those who may look at it."""

from app.access.caller import Caller
from app.rest.openapi.parts import (
    NOTHING,
    Document,
    answers,
    body,
    data,
    in_path,
    object_of,
    operation,
    query,
    reference,
)

_TEXT: Document = {"type": "string"}
_OBJECT: Document = {"type": "object"}


def paths(caller: Caller) -> Document:
    """The paths that a caller may use."""
    if caller.is_admin:
        return _DEFINITIONS | _OF_ADMINS
    return _DEFINITIONS if caller.has_app_access else {}


def schemas(caller: Caller) -> Document:
    """What they answer with."""
    return _DEFINED if caller.is_admin or caller.has_app_access else {}


def _list(schema: Document) -> Document:
    return data({"type": "array", "items": schema})


_DEFINED: Document = {
    "Collections": object_of(collection=_TEXT, meta=_OBJECT, schema={**_OBJECT, "nullable": True}),
    "Fields": object_of(
        collection=_TEXT,
        field=_TEXT,
        type=_TEXT,
        meta=_OBJECT,
        schema={**_OBJECT, "nullable": True},
    ),
    "Relations": object_of(
        collection=_TEXT,
        field=_TEXT,
        related_collection=_TEXT,
        meta=_OBJECT,
        schema={**_OBJECT, "nullable": True},
    ),
}
_DEFINITIONS: Document = {
    path: {
        "parameters": [in_path(name) for name in ("collection", "id") if f"{{{name}}}" in path],
        "get": operation(name, summary, tag, (_list if is_list else data)(reference(tag))),
    }
    for path, name, summary, tag, is_list in (
        ("/collections", "getCollections", "The collections", "Collections", True),
        ("/collections/{id}", "getCollection", "A collection", "Collections", False),
        ("/fields", "getFields", "The fields", "Fields", True),
        ("/fields/{collection}", "getCollectionFields", "Its fields", "Fields", True),
        ("/fields/{collection}/{id}", "getCollectionField", "A field", "Fields", False),
        ("/relations", "getRelations", "The relations", "Relations", True),
        ("/relations/{collection}", "getRelationByCollection", "Its own", "Relations", True),
        ("/relations/{collection}/{id}", "getRelation", "A relation", "Relations", False),
    )
}

_OF_ADMINS: Document = {
    "/schema/snapshot": {
        "get": operation(
            "schemaSnapshot",
            "All definitions",
            "Schema",
            data(_OBJECT),
            queried=(
                query("export", "A file instead.", {"type": "string", "enum": ["json", "yaml"]}),
            ),
        )
    },
    "/schema/diff": {
        "post": operation(
            "schemaDiff",
            "Whether a snapshot is what is served",
            "Schema",
            answers(_204=NOTHING),
            body(_OBJECT),
            queried=(query("force", "Of any version and vendor.", {"type": "boolean"}),),
        )
    },
}
