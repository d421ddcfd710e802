"""Robots, link previews and prefetches: requests behind which no person waits.

What names a robot is the list of crawler-user-agents (github.com/monperrus/crawler-user-agents),
and what robots say of themselves. The browser of a phone is a person's, whatever app it is in
(KAKAOTALK, [Pinterest/iOS], Viber), unless it says that it is a robot: there the list would take
names of apps, and of telephones, for their previews.
"""

import re
from functools import lru_cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from starlette.types import Scope

from app.web.requests import header

LONGEST = 300
"""Characters of a user agent that are looked at: robots have said what they are by then."""

_PURPOSES = (b"purpose", b"sec-purpose", b"x-purpose", b"x-moz")
"""Browsers fetch ahead with these: W3C Speculation Rules 4.1 (Sec-Purpose), and older forms."""

_MEMORY = 8192
"""User agents that are remembered."""
_PHONE = re.compile(r"Mozilla/5\.0 \((?:Android|iPhone|iPad|iPod|Linux;(?=.*Android))")

_SAYS_SO = re.compile(
    r"(?<!\bcu)(?<!\bqr)bot\b|crawl|spider\b|preview|scrap(?:e|er|ing)?\b|unfurl|headless|lighthouse"
    r"|compatible; (?!MSIE|Konqueror)|\+(?:https?|mailto):|\bcardyb\b|\bline-?poker\b"
    r"|external(?:hit|fetcher|agent)\b|\biframely\b",
    re.IGNORECASE,
)
"""What robots say of themselves: a word, a name after "compatible;", an address that explains them.
The last ones are the previews of Bluesky and LINE, who say nothing else where they are alone, and
those of Meta and Iframely, who are no browser whatever they add.

Not CUBOT, who makes telephones, nor QRbot, an app that scans. Browsers that say "compatible;", too,
are older than telephones.
"""

_FEDIVERSE = ("Pleroma ", "Akkoma ", "Misskey/")
"""Servers that the list has not: each calls itself so (Pleroma.Application.user_agent/0 in Elixir,
`userAgent` in Misskey's config.ts). Mastodon, Lemmy and others are in the list.
"""

_META = re.compile(r"(?<!\\)[.^$*+?{}\[\]()|]|\\\w")
_ESCAPE = re.compile(r"\\(.)")


def is_robot(scope: Scope) -> bool:
    """Whether a request is a robot's, a link preview or fetched ahead of any wish."""
    if any(header(scope, name) for name in _PURPOSES):
        return True
    return is_robots_agent(header(scope, b"user-agent")[:LONGEST])


@lru_cache(maxsize=_MEMORY)
def is_robots_agent(agent: str) -> bool:
    """Whether a robot or a link preview calls itself that. Libraries are used by people's apps.

    >>> is_robots_agent("WhatsApp/2.23.20.0 A"), is_robots_agent("okhttp/4.9.3")
    (True, False)
    """
    platform, _, engine = agent.partition(")")
    if _PHONE.match(platform):
        return _SAYS_SO.search(engine) is not None
    if _SAYS_SO.search(agent) or agent.startswith(_FEDIVERSE):
        return True
    names, patterns = _listed()
    return any(name in agent for name in names) or any(one.search(agent) for one in patterns)


@lru_cache(maxsize=1)
def _listed() -> tuple[tuple[str, ...], tuple[re.Pattern[str], ...]]:
    """The list, as texts where it has texts: they are found ten times as fast as patterns."""
    names, patterns = [], []
    for entry in CRAWLER_USER_AGENTS_DATA:
        pattern = entry["pattern"]
        if "http-library" in entry.get("tags", ()):
            continue
        if _META.search(pattern):
            patterns.append(re.compile(pattern))
        else:
            names.append(_ESCAPE.sub(r"\1", pattern))
    return tuple(names), tuple(patterns)
