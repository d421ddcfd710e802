"""Schemathesis as a library: requests to every operation of an OpenAPI document, counted.

A third of them is drawn by Schemathesis alone, right or wrong by the document, and two thirds have
parameters, keys and bodies of `tests.acceptance.drawn` put in.
"""

from collections import Counter
from typing import Any
from urllib.parse import quote

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from tests.acceptance.drawn import Drawing

_TIMEOUT = 20.0
"""Seconds after which a server counts as hung."""
_BODIES = {"post", "patch", "delete"}
_NOT_SENT = {("patch", "/users/me")}
"""What would change who sends: its token is its own to change."""

Operation = APIOperation[Any, Any, Any, Any]


class Fuzzing:
    """One caller's requests, what they were answered, and how to repeat those that failed."""

    def __init__(self, server: str, headers: dict[str, str], drawing: Drawing) -> None:
        self.server = server
        self.headers = headers
        self.drawing = drawing
        self.statuses: Counter[int] = Counter()
        self.failures: list[str] = []
        self.collections: dict[str, str] = {}

    def __str__(self) -> str:
        counts = ", ".join(f"{count} x {status}" for status, count in sorted(self.statuses.items()))
        return f"{self.statuses.total()} requests: {counts}; {len(self.failures)} failed."

    def run(self, document: dict[str, Any], examples: int, first: int = 1) -> None:
        """Send so many requests or a few more, spread evenly; `first` seeds what is drawn."""
        self.collections = collections_of(document)
        every = [result.ok() for result in _operations(_with_keys(document))]
        found = [one for one in every if (one.method.lower(), one.path) not in _NOT_SENT]
        for operation in found:
            self._try(operation, -(-examples // len(found)), first)

    def _try(self, operation: Operation, examples: int, first: int) -> None:
        right, wrong = (operation.as_strategy(mode) for mode in _MODES)
        guided = right.flatmap(self._guided)

        @seed(first)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=st.one_of(guided, guided, guided, guided, right, wrong))
        def send(case: Case) -> None:
            self._send(case)

        send()

    def _send(self, case: Case) -> None:
        try:
            response = case.call(base_url=self.server, headers=self.headers, timeout=_TIMEOUT)
            self.statuses[response.status_code] += 1
            case.validate_response(response, checks=[not_a_server_error])
        except (FailureGroup, requests.RequestException) as failure:
            command = case.as_curl_command(headers=self.headers)
            self.failures.append(f"{failure}\n{command}")

    def _guided(self, case: Case) -> st.SearchStrategy[Case]:
        """The case, with what is drawn for its collection put in."""
        tags = case.operation.tags or [""]
        collection, method = self.collections.get(tags[0]), case.method.lower()
        if collection is None:
            return st.just(case)
        parameters = {
            name: texts
            for name in (parameter.name for parameter in case.operation.query)
            if (texts := self.drawing.parameter(name, collection)) is not None
        }
        drawn: dict[str, st.SearchStrategy[Any]] = {"query": _some_of(parameters)}
        is_one = bool(case.path_parameters)
        if is_one:
            drawn["key"] = self.drawing.key(collection)
        if case.operation.body and method in _BODIES:
            drawn["body"] = self.drawing.body(method, collection, one=is_one)

        def put(values: dict[str, Any]) -> Case:
            case.query = values["query"]
            if "key" in values:
                case.path_parameters = {"id": quote(values["key"], safe="")}
            if "body" in values:
                case.body, case.media_type = values["body"], "application/json"
            return case

        return st.fixed_dictionaries(drawn).map(put)


_MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def _some_of(parameters: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A few of the parameters: of many at once, one is wrong and the others are not looked at."""
    if not parameters:
        return st.just({})
    names = st.lists(st.sampled_from(sorted(parameters)), max_size=3, unique=True)
    return names.flatmap(lambda some: st.fixed_dictionaries({n: parameters[n] for n in some}))


def collections_of(document: dict[str, Any]) -> dict[str, str]:
    """The collection that each tag of a document is about, if it is about one."""
    return {tag["name"]: tag["x-collection"] for tag in document["tags"] if "x-collection" in tag}


def _with_keys(document: dict[str, Any]) -> dict[str, Any]:
    """The document with keys for relations: all items in each other take minutes to draw from."""
    schemas = {
        name: {**schema, "properties": {n: _key(p) for n, p in schema["properties"].items()}}
        for name, schema in document["components"]["schemas"].items()
    }
    return {**document, "components": {**document["components"], "schemas": schemas}}


def _key(shown: dict[str, Any]) -> dict[str, Any]:
    if "items" in shown:
        return {**shown, "items": _key(shown["items"])}
    if "oneOf" in shown:
        return {**shown["oneOf"][0], "nullable": shown.get("nullable", False)}
    return shown


def _operations(document: dict[str, Any]) -> Any:
    return schemathesis.openapi.from_dict(document).get_all_operations()
