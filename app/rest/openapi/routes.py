"""The routes of the OpenAPI document that are no collection's, by who may use them."""

from app.access.caller import Caller
from app.items.export.exports import FORMATS
from app.rest.openapi.parts import (
    NOTHING,
    Document,
    answers,
    body,
    data,
    in_path,
    json_of,
    object_of,
    operation,
    query,
    reference,
)

_TEXT: Document = {"type": "string"}
_WHOLE: Document = {"type": "integer"}
_YES: Document = {"type": "boolean"}
_OBJECT: Document = {"type": "object"}
_EMAIL: Document = {"type": "string", "format": "email"}
_MODE: Document = {"type": "string", "enum": ["json", "cookie", "session"]}
_KEY: Document = {"oneOf": [_TEXT, _WHOLE]}
_HEALTH = "application/health+json"
_BYTES: Document = {"type": "string", "format": "binary"}

_DONE = answers(_204=NOTHING)
_EMPTY = answers(_200={"description": "Done; the body is empty."})


def paths(caller: Caller, tags: frozenset[str]) -> Document:
    """The paths that a caller may use. `tags`: the schemas of collections the document has."""
    found = {**_AUTHENTICATION, **_SERVER, **_UTILITIES, **_ASSETS}
    user = reference("Users") if "Users" in tags else _OBJECT
    found["/users/me"] = {
        "get": operation("getMe", "Who you are", "Users", data(user)),
        "patch": operation("updateMe", "Change what you are", "Users", data(user), body(user)),
    }
    mine = data(_OBJECT)
    found["/permissions/me"] = {
        "get": operation("getMyPermissions", "What you may do", "Permissions", mine)
    }
    return found | _OF_ADMINS if caller.is_admin else found


def _public(shown: Document) -> Document:
    return {**shown, "security": []}


_LOGIN = data(object_of(access_token=_TEXT, refresh_token=_TEXT, expires=_WHOLE))
_REFRESH = body(object_of(refresh_token=_TEXT, mode=_MODE))
_AUTHENTICATION: Document = {
    f"/auth{path}": {method: _public(shown)}
    for path, method, shown in (
        (
            "",
            "get",
            operation(
                "oauth",
                "Other ways in",
                "Authentication",
                data({"type": "array", "items": _OBJECT}),
            ),
        ),
        (
            "/login",
            "post",
            operation(
                "login",
                "Log in",
                "Authentication",
                _LOGIN,
                body(
                    object_of("email password", email=_EMAIL, password=_TEXT, otp=_TEXT, mode=_MODE)
                ),
            ),
        ),
        (
            "/refresh",
            "post",
            operation("refresh", "Stay logged in", "Authentication", _LOGIN, _REFRESH),
        ),
        (
            "/logout",
            "post",
            operation("logout", "Log out", "Authentication", _DONE, _REFRESH),
        ),
        (
            "/password/request",
            "post",
            operation(
                "passwordRequest",
                "Ask for a new password",
                "Authentication",
                _DONE,
                body(object_of("email", email=_EMAIL, reset_url=_TEXT)),
            ),
        ),
        (
            "/password/reset",
            "post",
            operation(
                "passwordReset",
                "Set a new password",
                "Authentication",
                _DONE,
                body(object_of("token password", token=_TEXT, password=_TEXT)),
            ),
        ),
    )
}

_ASSETS: Document = {
    "/assets/{id}": {
        "parameters": [in_path("id", {"type": "string", "format": "uuid"})],
        "get": operation(
            "getAsset",
            "The bytes of a file",
            "Assets",
            answers(
                _200={"description": "All of them.", "content": json_of(_BYTES, "*/*")},
                _206={"description": "The range asked for.", "content": json_of(_BYTES, "*/*")},
                _304={"description": "The client has them."},
            ),
            queried=(query("download", "Whether it is to be saved, not shown.", _TEXT),),
        ),
    }
}

_SERVER: Document = {
    "/server/ping": {
        "get": _public(
            operation(
                "ping",
                "Whether the server is there",
                "Server",
                {"200": {"description": "pong", "content": json_of(_TEXT, "text/html")}},
            )
        )
    },
    "/server/info": {
        "get": _public(operation("serverInfo", "The project", "Server", data(_OBJECT)))
    },
    "/server/health": {
        "get": _public(
            operation(
                "serverHealth",
                "How the server is",
                "Server",
                {
                    status: {"description": note, "content": json_of(_OBJECT, _HEALTH)}
                    for status, note in (("200", "Well."), ("503", "Not well."))
                },
            )
        )
    },
    "/server/specs/oas": {
        "get": operation(
            "readOpenApiSpec",
            "This document",
            "Server",
            answers(_200={"description": "It.", "content": json_of(_OBJECT)}),
        )
    },
    "/server/specs/graphql": {
        "get": operation(
            "readGraphqlSdl",
            "The GraphQL schema",
            "Server",
            answers(
                _200={"description": "As SDL.", "content": json_of(_TEXT, "application/graphql")}
            ),
        )
    },
}

_OF_COLLECTION = [in_path("collection")]
_EXPORT: Document = {"type": "string", "enum": list(FORMATS)}
_UTILITIES: Document = {
    "/utils/random/string": {
        "get": operation(
            "random",
            "Random letters and digits",
            "Utilities",
            data(_TEXT),
            queried=(
                query("length", "How many.", {"type": "integer", "minimum": 1, "maximum": 500}),
            ),
        )
    },
    "/utils/hash/generate": {
        "post": operation(
            "hash-generate",
            "The hash of a text",
            "Utilities",
            data(_TEXT),
            body(object_of("string", string=_TEXT)),
        )
    },
    "/utils/hash/verify": {
        "post": operation(
            "hash-verify",
            "Whether a hash is of a text",
            "Utilities",
            data(_YES),
            body(object_of("string hash", string=_TEXT, hash=_TEXT)),
        )
    },
    "/utils/sort/{collection}": {
        "parameters": _OF_COLLECTION,
        "post": operation(
            "sort",
            "Put an item at the place of another",
            "Utilities",
            _EMPTY,
            body(object_of("item to", item=_KEY, to=_KEY)),
        ),
    },
    "/utils/revert/{revision}": {
        "parameters": [in_path("revision")],
        "post": operation("revert", "Make an item what it was", "Utilities", _DONE),
    },
    "/utils/import/{collection}": {
        "parameters": _OF_COLLECTION,
        "post": operation(
            "import",
            "Write the rows of a CSV or JSON file",
            "Utilities",
            _EMPTY,
            {
                "required": True,
                "content": json_of(object_of("file", file=_BYTES), "multipart/form-data"),
            },
        ),
    },
    "/utils/export/{collection}": {
        "parameters": _OF_COLLECTION,
        "post": operation(
            "export",
            "Have a file made of rows",
            "Utilities",
            _DONE,
            body(object_of("query format", query=_OBJECT, format=_EXPORT, file=_OBJECT)),
        ),
    },
}

_OF_ADMINS: Document = {
    "/utils/cache/clear": {"post": operation("clear-cache", "Forget answers", "Utilities", _EMPTY)},
}
