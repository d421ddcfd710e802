"""Patterns that people wrote: as `re` has them, and never for long."""

import asyncio
import contextvars
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import UnprocessableContent
from app.items.policy.payload_rules import Comparison, Rule, broken
from app.items.query.patterns import BadPattern, matches, matches_written

RUNAWAYS = [
    (r"^(a|a)*$", "a" * 60 + "!"),
    (r"(?=.*.*y)", "a" * 100_000),
    (r"\.+[^a]*b", "." * 1_000_000),
    (r"(?i)(ß|ss)*$", "ss" * 50_000 + "!"),
]
BOMBS = [
    "(?:(?:(?:x?){1000}){1000}){1000}y",
    "((a{0,99}){0,99}){0,99}",
    "(" * 400 + ")" * 400,
    "a{99999999999}",
    "a" * 1001,
    "(",
    "[z-a]",
]


def _alone(work):
    """Run as a request of its own, so that no other's time is counted."""
    return contextvars.copy_context().run(work)


@pytest.mark.parametrize(("pattern", "text"), RUNAWAYS)
def test_a_runaway_pattern_is_ended(pattern, text):
    start = time.thread_time()
    with pytest.raises(UnprocessableContent, match="takes too long"):
        _alone(lambda: matches(pattern, text))
    assert time.thread_time() - start < 0.5


@pytest.mark.parametrize("pattern", BOMBS)
def test_a_pattern_that_is_none_or_too_large_is_refused(pattern):
    start = time.thread_time()
    with pytest.raises(BadPattern):
        matches(pattern, "x" * 1000)
    assert time.thread_time() - start < 0.5


def test_all_slow_matches_of_a_request_share_their_time():
    def rule(pattern):
        return Rule((Comparison("name", ("name",), "_regex", pattern, is_told=True),))

    text = "a" * 60 + "!"

    def request():
        start = time.thread_time()
        for _ in range(200):
            with pytest.raises(UnprocessableContent):
                broken(rule("^(a|a)*$"), {"name": text}, {})
        assert broken(rule("^A"), {"name": "A"}, {}) == []
        return time.thread_time() - start

    assert _alone(request) < 2.0


async def test_another_request_has_time_of_its_own():
    async def slow():
        for _ in range(9):
            with pytest.raises(UnprocessableContent):
                matches("^(a|a)*$", "a" * 60 + "!")

    await asyncio.create_task(slow())
    start = time.thread_time()
    with pytest.raises(UnprocessableContent):
        await asyncio.create_task(asyncio.to_thread(matches, "^(a|b|ab)*$", "ab" * 60 + "!"))
    assert time.thread_time() - start < 0.5


@given(text=st.text(alphabet="abAB01.- \n", max_size=20))
@pytest.mark.parametrize(
    "pattern",
    [r"^[A-Z]", r"\d+$", r"(?=.*\d)(?=.*[a-z]).{3,}", r"^(a|b)+$", r"\bab\b", r"a.b", r"(?i)^AB"],
)
def test_patterns_mean_what_they_mean_to_re(pattern, text):
    # But for a `$` at the end: that is the end of the text, newline or not (directus.md 6.4).
    plain = pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern
    assert matches(pattern, text) == (re.search(plain, text) is not None)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("/^ab$/", "ab", True),
        ("/^ab$/", "AB", False),
        ("/^ab$/i", "AB", True),
        ("/^ab$/gi", "AB", True),
        ("^a/b$", "a/b", True),
        ("/", "a/b", True),
        ("/", "ab", False),
        ("/a/b/", "xa/bx", True),
        ("/ab", "x/ab", True),
    ],
)
def test_slashes_around_a_pattern_are_no_part_of_it(pattern, text, found):
    assert matches_written(pattern, text) == found
