"""The rules of a domain: called with sets, inside the transaction, before and after."""

# ruff: noqa: ARG002 - every rule is called with all that any rule needs.

import pytest

from app.errors import (
    ErrorList,
    FailedValidation,
    InvalidPayload,
)
from app.items import hooks
from app.items.hooks import Rules
from tests.items.conftest import refused


@pytest.fixture
def ruled(monkeypatch):
    """Rules for books, for the time of the test."""

    def register(rules_of_book):
        monkeypatch.setitem(hooks._rules, "book", rules_of_book)
        return rules_of_book

    return register


class Watching(Rules):
    def __init__(self):
        self.seen = []

    async def before_create(self, session, caller, rows):
        self.seen.append(("before_create", [row["title"] for row in rows]))
        for row in rows:
            row["summary"] = "by rule"

    async def after_create(self, session, caller, rows):
        found = await session.fetch_value("SELECT count(*) FROM book")
        self.seen.append(("after_create", [row["id"] is not None for row in rows], found))

    async def before_update(self, session, caller, updates):
        self.seen.append(
            (
                "before_update",
                [(u.before["title"], u.patch["title"], u.changes["title"]) for u in updates],
            )
        )
        for update in updates:
            update.patch["summary"] = "by update"

    async def after_update(self, session, caller, updates):
        self.seen.append(("after_update", [u.before["title"] for u in updates]))

    async def before_delete(self, session, caller, keys):
        self.seen.append(("before_delete", len(keys)))

    async def after_delete(self, session, caller, keys):
        self.seen.append(("after_delete", await session.fetch_value("SELECT count(*) FROM book")))


async def test_rules_are_called_with_sets_inside_the_transaction(door, ruled):
    watching = ruled(Watching())
    made = await door.create("book", {"title": "a"}, {"title": "b"})
    assert {row["summary"] for row in made} == {"by rule"}
    changed = await door.update("book", *((row["id"], {"title": "c"}) for row in made))
    assert {row["summary"] for row in changed} == {"by update"}
    await door.delete("book", *(row["id"] for row in made))
    assert [name for name, *_ in watching.seen] == [
        "before_create",
        "after_create",
        "before_update",
        "after_update",
        "before_delete",
        "after_delete",
    ]
    assert watching.seen[1] == ("after_create", [True, True], 2)
    assert sorted(watching.seen[2][1]) == [("a", "c", "c"), ("b", "c", "c")]
    assert watching.seen[5] == ("after_delete", 0)


async def test_what_rules_refuse_joins_what_the_definition_refuses(door, ruled):
    class Refusing(Rules):
        async def before_create(self, session, caller, rows):
            raise ErrorList([FailedValidation("summary", "eq", "Value has to be better.")])

    ruled(Refusing())
    errors = await refused(door, "book", {"title": "a!"})
    assert [error.extensions["field"] for error in errors] == ["summary", "title"]


async def test_rules_never_see_values_that_cannot_be_stored(door, ruled):
    watching = ruled(Watching())
    await refused(door, "book", {"title": "a", "pages": "x"})
    assert watching.seen == []


async def test_a_rule_that_fails_afterwards_undoes_the_write(door, ruled):
    class Failing(Rules):
        async def after_create(self, session, caller, rows):
            raise InvalidPayload("Not today")

    ruled(Failing())
    await refused(door, "book", {"title": "a"})
