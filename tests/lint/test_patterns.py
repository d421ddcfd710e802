"""No pattern of ours takes long, whatever the text; and the lint finds those that would."""

import re
import time

import pytest

from tests.lint.ambiguity import Automaton
from tests.lint.patterns import Use, uses

LENGTH = 20_000
SECONDS = 0.25
"""Of this thread: a linear pattern takes some milliseconds, one that is not takes many seconds."""
USES = uses()


def test_the_patterns_are_found():
    places = {use.where.partition(":")[0] for use in USES}
    assert {"app.rest.params", "app.items.query.variables", "app.codes.epc_uri"} <= places
    assert {"schema.domain.domain_name", "application identifier 01"} <= places


def test_no_pattern_is_ambiguous():
    assert [said for use in USES if (said := use.complaint()) is not None] == []


@pytest.mark.parametrize(
    "use", {(u.pattern, u.method): u for u in USES}.values(), ids=lambda use: use.where
)
def test_no_text_makes_a_pattern_slow(use: Use):
    compiled = re.compile(use.pattern, use.flags)
    texts = dict.fromkeys(use.automaton.attacks(LENGTH))
    assert texts
    for text in texts:
        start = time.thread_time()
        _run(compiled, use.method, text)
        assert time.thread_time() - start < SECONDS, (use.where, text[:50], text[-5:])


def _run(compiled: re.Pattern[str], method: str, text: str) -> None:
    match method:
        case "sub" | "subn":
            getattr(compiled, method)("", text)
        case "finditer":
            list(compiled.finditer(text))
        case "compile":
            compiled.search(text)
        case _:
            getattr(compiled, method)(text)


@pytest.mark.parametrize(
    ("pattern", "method", "is_slow"),
    [
        (r"[^@\s]+@[^@\s]+\.[^@\s]+", "fullmatch", True),
        (r"\$NOW(?:\(\s*([+-]?)\s*(\d+)\s*\))?", "fullmatch", True),
        (r"json\(\s*(\w+)\s*,\s*([^()]+?)\s*\)", "fullmatch", True),
        (r"(a+)+b", "fullmatch", True),
        (r"(a*)*", "fullmatch", True),
        (r"(?:a|ab|b)*c", "fullmatch", True),
        (r"a*-?a*", "fullmatch", True),
        (r"\s+$", "search", True),
        (r"a+b", "search", True),
        (r"a+b", "match", False),
        (r"\{([^{}]*)\}", "sub", False),
        (r"[-_.\s]+", "split", False),
        (r"(?:\w+\.)*\w+", "fullmatch", False),
        (r"[a-z](?:[a-z-]{0,61}[a-z])?", "fullmatch", False),
        (r"^\s+a", "search", False),
    ],
)
def test_the_lint_knows_slow_patterns(pattern, method, is_slow):
    assert (Use("here", pattern, 0, method).complaint() is not None) == is_slow


def test_attacks_find_what_the_lint_finds():
    """The two tests above are right about the same patterns."""
    slow = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
    took = []
    for text in Automaton(slow.pattern).attacks(2000):
        start = time.thread_time()
        slow.fullmatch(text)
        took.append(time.thread_time() - start)
    assert max(took) > 100 * sorted(took)[len(took) // 2]
