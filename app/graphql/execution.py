"""Execution: roots answer finished JSON, and the executor passes it through as a leaf.

`complete_list_value` and `complete_object_value` are internal to graphql-core (pinned below 3.4);
tests/graphql/test_execution.py is the contract test (reference: graphql_sql.md section 3, B).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLError
from graphql.execution.executor import Executor
from graphql.pyutils import Path
from starlette.requests import Request
from starlette.responses import Response

from app.errors import AppError, ErrorList
from app.graphql.garbage import let_go
from app.items.items import Items
from app.settings import InstallationSettings

REFUSALS = (AppError, ErrorList, GraphQLError)
"""What a caller did wrong. Anything else is our mistake: logged whole, told in one sentence."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """JSON that PostgreSQL made for a whole root field."""

    json: bytes


@dataclass(slots=True)
class Context:
    """What a resolver needs: the caller's door, the settings, the request, the running executor.

    `roots`: what the root fields of the document stand in line for, where it has many of them.
    `cookies`: what gives the answer cookies, or takes them, when it is made.
    """

    items: Items
    settings: InstallationSettings
    request: Request
    roots: asyncio.Semaphore | None = None
    executor: Any = None
    cookies: list[Callable[[Response], None]] = field(default_factory=list)


class CompiledExecutor(Executor[Any]):
    """Leaves a value that SQL already shaped as it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.context_value, Context):
            self.context_value.executor = self

    def handle_field_error(
        self,
        raw_error: Exception,
        return_type: Any,
        field_details_list: Any,
        path: Path,
    ) -> None:
        """A refusal is its sentence from here on: hundreds of them may be kept to the end."""
        if isinstance(raw_error, REFUSALS):
            let_go(raw_error)
        try:
            super().handle_field_error(raw_error, return_type, field_details_list, path)
        except GraphQLError as error:  # its frames refer to it, and to the executor and the request
            raise error.with_traceback(None) from None

    def complete_list_value(
        self,
        return_type: Any,
        field_details_list: Any,
        info: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        if type(result) is Compiled:
            return orjson.Fragment(result.json)
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def complete_object_value(
        self,
        return_type: Any,
        field_details_list: Any,
        info: Any,
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        if type(result) is Compiled:
            return orjson.Fragment(result.json)
        return super().complete_object_value(
            return_type, field_details_list, info, path, result, position_context
        )
