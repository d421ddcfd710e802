"""Whatever a caller sends, the answer is no HTTP 500: Schemathesis, on our own OpenAPI document.

`make fuzz` sends 2,000 requests, the test suite fewer; both send the same every time, unless told
another `SEED`.
"""

import os
from typing import Any

import httpx
import pytest

from app.served import served
from tests.acceptance.drawn import Drawing
from tests.acceptance.fuzzing import Fuzzing, collections_of
from tests.installation import ADMIN

EXAMPLES = int(os.environ.get("EXAMPLES", "500"))
SEED = int(os.environ.get("SEED", "1"))
NOT_THE_ADMINS = {
    "directus_users": {"email": "other@example.com", "first_name": "Other"},
    "directus_roles": {"name": "Other"},
    "directus_policies": {"name": "Other"},
}
"""Rows that may be written and removed; on the admin's own its access hangs."""


@pytest.fixture
def admin(server):
    with httpx.Client(base_url=server, headers=ADMIN, timeout=20) as client:
        yield client


@pytest.fixture
def document(admin):
    return admin.get("/server/specs/oas").json()


@pytest.fixture
def drawing(admin, document, installation):
    """What is drawn: the keys are those of rows there are."""
    schema = served(installation).compiler.schema
    keys: dict[str, list[Any]] = {}
    collections = collections_of(document)
    for path, methods in document["paths"].items():
        name = collections.get(methods.get("get", {"tags": [""]})["tags"][0])
        if name is None or "{" in path or path.endswith("/me"):
            continue
        if name in NOT_THE_ADMINS:
            keys[name] = [admin.post(path, json=NOT_THE_ADMINS[name]).json()["data"]["id"]]
        elif name not in {"directus_access", "directus_settings"}:
            primary = schema[name].primary_key.name
            keys[name] = [row[primary] for row in admin.get(path).json()["data"]]
    return Drawing(schema, keys)


@pytest.mark.parametrize(
    ("headers", "share"), [(ADMIN, 1.0), ({}, 0.2)], ids=["admin", "anonymous"]
)
def test_no_answer_is_an_internal_error(server, admin, document, drawing, headers, share):
    # Without a token of ours Schemathesis puts one of its own into some requests: those end in 401.
    fuzzing = Fuzzing(server, headers, drawing)
    fuzzing.run(document, round(EXAMPLES * share), SEED)
    print(f"\n{fuzzing}")  # noqa: T201 - `make fuzz` shows it
    assert fuzzing.failures == [], "\n\n".join(fuzzing.failures)
    assert admin.get("/users/me").status_code == 200, "The fuzzer has locked itself out."
