"""What a document says counts as often as it is named: in fields, fragments and variables."""

import pytest
from graphql import parse

from app.errors import InvalidPayload
from app.graphql import weight
from app.graphql.weight import require_light_document


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(weight, "_LITTLE", 10)
    monkeypatch.setattr(weight, "MOST_WRITTEN", 1000)


def judged(text, variables=None, operation=None):
    try:
        require_light_document(len(text) + 11, parse(text), operation, variables or {})
    except InvalidPayload:
        return "refused"
    return "light"


LONG = "x" * 400


@pytest.mark.parametrize(
    ("text", "variables", "said"),
    [
        ("query($t: String) { a(t: $t) b(t: $t) }", {"t": LONG}, "light"),
        ("query($t: String) { a(t: $t) b(t: $t) c(t: $t) }", {"t": LONG}, "refused"),
        ("query($t: String) { a(t: {u: [$t]}) b { c(t: $t) d(t: $t) } }", {"t": LONG}, "refused"),
        (f'{{ a(t: "{LONG}") b(t: "{LONG}") }}', {}, "light"),
        (f'{{ a(t: "{LONG}") b(t: "{LONG}") c(t: "{LONG}") }}', {}, "refused"),
        (
            "query($t: String) { ...F x { ...F } y { ...F } } fragment F on Q { a(t: $t) }",
            {"t": LONG},
            "refused",
        ),
        (
            "query($t: String) { ...F x { ...F } } fragment F on Q { a(t: $t) }",
            {"t": LONG},
            "light",
        ),
        (
            (
                "query($t: String) { ...F } fragment F on Q { ...G x { ...G } y { ...G } } "
                "fragment G on Q { a(t: $t) }"
            ),
            {"t": LONG},
            "refused",
        ),
        (f'query($t: String = "{LONG}") {{ a(t: $t) b(t: $t) c(t: $t) }}', {}, "refused"),
        (f'query($t: String = "{LONG}") {{ a(t: $t) b(t: $t) c(t: $t) }}', {"t": "x"}, "light"),
        ("query($t: [String]) { a(t: $t) b(t: $t) c(t: $t) }", {"t": ["x" * 90] * 4}, "refused"),
        ("query($t: String) { a }", {"t": LONG * 9}, "light"),
    ],
)
def test_a_value_counts_each_time_that_it_is_named(text, variables, said):
    assert judged(text, variables) == said


def test_only_the_operation_that_is_asked_for_counts():
    text = "query A($t: String) { a(t: $t) } query B($t: String) { a(t: $t) b(t: $t) c(t: $t) }"
    assert judged(text, {"t": LONG}, "A") == "light"
    assert judged(text, {"t": LONG}, "B") == "refused"


def test_what_is_short_is_not_looked_at():
    require_light_document(10, parse("{ a }"), None, {"t": LONG * 9})
