"""`/graphql`: GET and POST, Directus's errors, GraphiQL for a browser (directus.md 4.1, 4.2)."""

import re
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from app.errors import AppError, ErrorList, InvalidPayload, InvalidQuery, MethodNotAllowed
from app.graphql import graphiql
from app.graphql.execution import Context
from app.graphql.schema import build_schema
from app.rest.items import body_of
from app.rest.responses import error_body, json_response
from app.settings import Settings
from schema import Schema

_INTROSPECTION = re.compile(r"\b__(schema|type)\b")
_READ_ONLY = frozenset({OperationType.QUERY})
_ALL = frozenset({OperationType.QUERY, OperationType.MUTATION})


class Endpoint:
    """Serves one GraphQL schema."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self.schema = schema

    async def __call__(self, request: Request) -> Response:
        if request.method in {"GET", "HEAD"}:
            if "query" not in request.query_params and "text/html" in request.headers.get(
                "accept", ""
            ):
                return graphiql.page()
            return await self._answer(request, _get_params(request), _READ_ONLY)
        body = await body_of(request)
        if not isinstance(body, dict):
            raise InvalidPayload("The body has to be an object with a query")
        return await self._answer(request, body, _ALL)

    async def _answer(
        self, request: Request, params: dict[str, Any], allowed: frozenset[OperationType]
    ) -> Response:
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
        context = Context(request.state.items, request.state.settings)
        if context.items.caller.is_anonymous and _INTROSPECTION.search(query):
            message = "Introspection needs a token: send Authorization: Bearer <token>."
            return _refused(
                "GRAPHQL_VALIDATION", "GraphQL validation error.", [{"message": message}]
            )
        try:
            result = await self.schema.execute(
                query,
                variable_values=variables,
                context_value=context,
                operation_name=operation if isinstance(operation, str) else None,
                allowed_operation_types=allowed,
            )
        except InvalidOperationTypeError:
            raise MethodNotAllowed(request.method, ("POST",)) from None
        except CannotGetOperationTypeError as error:
            message = error.as_http_error_reason()
            return json_response(orjson.dumps({"errors": [{"message": message}]}))
        if isinstance(result, PreExecutionError):
            errors = [_located(error) for error in result.errors or ()]
            return _refused("GRAPHQL_VALIDATION", "GraphQL validation error.", errors)
        body: dict[str, Any] = {}
        if result.data is not None or not result.errors:
            body["data"] = result.data
        if result.errors:
            body["errors"] = [shown for error in result.errors for shown in _shown(error)]
        return json_response(orjson.dumps(body))


def _get_params(request: Request) -> dict[str, Any]:
    params: dict[str, Any] = dict(request.query_params)
    if params.get("variables"):
        try:
            params["variables"] = orjson.loads(params["variables"])
        except orjson.JSONDecodeError:
            raise InvalidQuery("Variables are invalid JSON") from None
    else:
        params["variables"] = None
    return params


def _refused(code: str, message: str, errors: list[Any]) -> Response:
    """A document that can't be run: HTTP 400, what is wrong under `extensions.errors`."""
    error = {"message": message, "extensions": {"errors": errors, "code": code}}
    return json_response(orjson.dumps({"errors": [error]}), 400)


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
    elif original is None:
        return [_located(error) | ({"path": error.path} if error.path else {})]
    else:
        errors = [AppError("An unexpected error occurred.")]
    place = {k: v for k, v in _located(error).items() if k != "message"} | {"path": error.path}
    return [body | place for body in error_body(errors)]


async def _wrong_method(request: Request) -> Response:
    raise MethodNotAllowed(request.method, ("GET", "POST"))


def graphql_routes(definitions: Schema, settings: Settings) -> list[Route]:
    """The routes of the GraphQL schema and of its browser page."""
    endpoint = Endpoint(build_schema(definitions, settings))

    async def serve(request: Request) -> Response:
        return await endpoint(request)

    return [
        Route("/graphql", serve, methods=["GET", "POST"]),
        Route("/graphql", _wrong_method, methods=["PUT", "PATCH", "DELETE", "SEARCH"]),
        *graphiql.routes,
    ]
