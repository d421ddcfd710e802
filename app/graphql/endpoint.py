"""`/graphql`: GET and POST, Directus's errors, GraphiQL for a browser (directus.md 4.1, 4.2)."""

import asyncio
import logging
from asyncio import Semaphore
from inspect import isawaitable
from typing import Any

import strawberry
from graphql import DocumentNode, ExecutionResult, GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from app.access.caller import Caller
from app.database.gate import Gate, Turn
from app.errors import (
    AppError,
    ErrorList,
    InvalidPayload,
    InvalidQuery,
    MethodNotAllowed,
    RequestsExceeded,
    ServiceUnavailable,
)
from app.graphql import graphiql
from app.graphql.documents import ROOTS, Document, Documents
from app.graphql.execution import REFUSALS, CompiledExecutor, Context
from app.graphql.garbage import let_go
from app.graphql.schema import Scope, build_schema, core_schema
from app.graphql.sdl import Sdl
from app.graphql.weight import require_light_document
from app.items.items import Items
from app.items.write.constraint_errors import as_refusal
from app.json_text import NotJson, TooDeep, listed, read_json, written
from app.settings import Settings
from app.web.requests import header, json_of, whole_body
from app.web.responses import error_body, json_response
from app.web.streaming import unless_gone
from schema import Schema

logger = logging.getLogger(__name__)


_MOST_PARTS, _MOST_PARTS_OF_NOBODY = 50_000, 2_000
"""Objects and lists of a body; those of the document count, too."""
_MOST_COMMAS = 100_000
_MOST_OPERATORS = 5_000
_MOST_LISTED = 20_000
"""Values of all lists in variables: each is looked at by itself, as many as a filter's."""


class Endpoint:
    """Serves one GraphQL schema."""

    def __init__(self, schema: strawberry.Schema, settings: Settings) -> None:
        self.documents = Documents(
            core_schema(schema),
            tokens=settings.graphql_token_limit,
            aliases=settings.graphql_alias_limit,
            depth=settings.max_relational_depth,
        )
        # Mutations have no bound of their own: they hold a statement each, one after another.
        # Neither have short documents: they cost what a request costs.
        self._gate = Gate(
            "GraphQL documents", settings.account_statements, settings.account_patience
        )

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        response = await self._served(Request(scope, receive, send))
        await response(scope, receive, send)

    async def _served(self, request: Request) -> Response:
        if request.method in {"GET", "HEAD"}:
            accepted = header(request.scope, b"accept")
            if "query" not in request.query_params and "text/html" in accepted:
                return graphiql.page()
            size = len(request.scope["query_string"])
            return await self._answer(request, _get_params(request), size, read_only=True)
        raw = await whole_body(request)
        if len(raw) > _MOST_PARTS_OF_NOBODY:  # a shorter body has no more of anything
            _require_small(raw, request.state.items.caller)
        body = json_of(request, raw)
        if not isinstance(body, dict):
            raise InvalidPayload("The body has to be an object with a query")
        return await self._answer(request, body, len(raw), read_only=False)

    async def _answer(
        self, request: Request, params: dict[str, Any], size: int, *, read_only: bool
    ) -> Response:
        """`size`: bytes that came; of fewer nothing can be too much."""
        query, variables = params.get("query"), params.get("variables")
        operation = params.get("operationName")
        if not isinstance(query, str) or not query.strip():
            raise InvalidPayload("Must provide query string")
        if variables is not None and not isinstance(variables, dict):
            return _refused(
                "GRAPHQL_EXECUTION",
                "GraphQL execution error.",
                ["Variables must be provided as an object."],
            )
        if variables and size > _MOST_LISTED and listed(variables) > _MOST_LISTED:
            raise InvalidPayload(f"The lists of the variables have more than {_MOST_LISTED} values")
        state = request.state
        items: Items = state.items
        name = operation if isinstance(operation, str) else None
        document = await self._document(query, request)
        if document.introspects and items.caller.is_anonymous:
            message = "Introspection needs a token: send Authorization: Bearer <token>."
            return _refused(
                "GRAPHQL_VALIDATION", "GraphQL validation error.", [{"message": message}]
            )
        if document.tree is None or document.errors:
            errors = [_located(error) for error in document.errors]
            return _refused("GRAPHQL_VALIDATION", "GraphQL validation error.", errors)
        if read_only and document.is_mutation(name):
            raise MethodNotAllowed(request.method, ("POST",))
        require_light_document(size, document.tree, name, variables or {})
        roots = Semaphore(ROOTS) if document.has_many_roots else None
        context = Context(items, state.settings, request, roots)
        asked = (document.tree, context, variables, name)
        if document.is_short or document.is_mutation(name):
            result = await self._run(*asked)
        else:
            async with Turn(self._gate, items.caller.share):
                result = await self._run(*asked)
        return _answered(result, context)

    async def _document(self, text: str, request: Request) -> Document:
        caller = request.state.items.caller
        document = self.documents.read_at_once(text, caller)
        if document is not None:
            return document
        # Who is gone stands in no line.
        return await unless_gone(request.receive, self.documents.read_in_turn(text, caller))

    async def _run(
        self,
        tree: DocumentNode,
        context: Context,
        variables: dict[str, Any] | None,
        operation: str | None,
    ) -> ExecutionResult:
        # As graphql-core's `execute` does, which looks for directives that this schema has not.
        executor = CompiledExecutor.build(
            self.documents.schema,
            tree,
            context_value=context,
            raw_variable_values=variables,
            operation_name=operation,
            hide_suggestions=context.items.caller.is_anonymous,
        )
        if isinstance(executor, list):
            return ExecutionResult(None, executor)
        answer: Any = executor.execute_operation()
        result: ExecutionResult = await answer if isawaitable(answer) else answer
        if executor.background_futures:  # fields beside one that was refused at once
            await asyncio.wait(executor.background_futures)
        # It refers to itself: what it holds, the request and all, would stay until the next look
        # for garbage.
        vars(executor).clear()
        for error in result.errors or ():
            _judge(error)
        if result.errors:
            _require_served(result)
        return result


def _judge(error: GraphQLError) -> None:
    """What a caller did wrong is a refusal. Anything else is our mistake, logged whole."""
    original = error.original_error
    if original is not None and not isinstance(original, REFUSALS):
        refused = as_refusal(original)
        if refused is None:
            logger.error("graphql field failed", exc_info=original)
        else:
            error.original_error = refused
        let_go(original)
    let_go(error)


def _require_served(result: ExecutionResult) -> None:
    """Raises ServiceUnavailable or RequestsExceeded where that is why nothing at all was done."""
    away = [error.original_error for error in result.errors or ()]
    if any(value is not None for value in (result.data or {}).values()):
        return
    if away and isinstance(away[0], ServiceUnavailable | RequestsExceeded):
        raise away[0]


def _answered(result: ExecutionResult, context: Context) -> Response:
    """The answer to a document that ran, with the cookies of its logins."""
    body: dict[str, Any] = {}
    # A path says that fields ran: then `data` is there, null too (GraphQL specification 7.1).
    if not result.errors or any(error.path for error in result.errors):
        body["data"] = result.data
    if result.errors:
        body["errors"] = [shown for error in result.errors for shown in _shown(error)]
    response = json_response(written(body))
    for give in context.cookies:
        give(response)
    return response


def _require_small(body: bytes, caller: Caller) -> None:
    """Raises InvalidPayload for more objects, lists and conditions than variables may have.

    All of them are looked at, one by one, before it is known what the caller may do with them.
    """
    parts = body.count(b"{") + body.count(b"[")
    most = _MOST_PARTS_OF_NOBODY if caller.is_anonymous else _MOST_PARTS
    if parts > most:
        raise InvalidPayload(f"The body has more than {most} objects and lists")
    if body.count(b",") > _MOST_COMMAS:
        raise InvalidPayload(f"The body has more than {_MOST_COMMAS} commas")
    if body.count(b'"_') > _MOST_OPERATORS:
        raise InvalidPayload(f"The variables have more than {_MOST_OPERATORS} operators")


def _get_params(request: Request) -> dict[str, Any]:
    params: dict[str, Any] = dict(request.query_params)
    if params.get("variables"):
        try:
            params["variables"] = read_json(params["variables"])
        except TooDeep as error:
            raise InvalidQuery(str(error)) from None
        except NotJson:
            raise InvalidQuery("Variables are invalid JSON") from None
    else:
        params["variables"] = None
    return params


def _refused(code: str, message: str, errors: list[Any]) -> Response:
    """A document that can't be run: HTTP 400, what is wrong under `extensions.errors`."""
    error = {"message": message, "extensions": {"errors": errors, "code": code}}
    return json_response(written({"errors": [error]}), 400)


def _located(error: GraphQLError) -> dict[str, Any]:
    shown: dict[str, Any] = {"message": error.message}
    if error.locations:
        shown["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    return shown


def _shown(error: GraphQLError) -> list[dict[str, Any]]:
    """A field's errors: a refusal as it is (each one of a list), a crash in one plain sentence."""
    original = error.original_error
    if isinstance(original, ErrorList):
        errors = original.errors
    elif isinstance(original, AppError):
        errors = [original]
    elif original is None or isinstance(original, GraphQLError):
        code = "GRAPHQL_EXECUTION" if error.path else "GRAPHQL_VALIDATION"
        said = _located(error) | {"extensions": {**(error.extensions or {}), "code": code}}
        return [said | ({"path": error.path} if error.path else {})]
    else:
        errors = [AppError("An unexpected error occurred.")]
    place = {k: v for k, v in _located(error).items() if k != "message"} | {"path": error.path}
    return [body | place for body in error_body(errors)]


async def _wrong_method(request: Request) -> Response:
    raise MethodNotAllowed(request.method, ("GET", "POST"))


def graphql_routes(definitions: Schema, settings: Settings) -> list[Route]:
    """The routes of both GraphQL schemas and of their browser page. The first is asked most."""
    routes: list[Route] = []
    sdl = Sdl()
    for path, scope in _SCOPES.items():
        schema = build_schema(definitions, scope, settings, sdl)
        sdl.texts[scope] = schema.as_str()
        routes += _routes(path, Endpoint(schema, settings))
    return [*routes, *sdl.routes(), *graphiql.routes]


_SCOPES: dict[str, Scope] = {"/graphql": "items", "/graphql/system": "system"}


def _routes(path: str, endpoint: Endpoint) -> list[Route]:
    return [
        Route(path, endpoint, methods=["GET", "POST"]),
        Route(path, _wrong_method, methods=["PUT", "PATCH", "DELETE", "SEARCH"]),
    ]
