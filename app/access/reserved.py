"""What nobody can have: the installation's own host names, and paths it answers itself.

The words are the first segments of the route table, which only web processes have: they write them
down when they start (`app.main`), and everybody else reads them here.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from app.database.session import Session, WriteSession
from app.settings import settings

_KEEP = """
INSERT INTO reserved_path (word) SELECT unnest(%(words)s::text[]) ON CONFLICT DO NOTHING
"""
_AMONG = "SELECT word FROM reserved_path WHERE word = ANY(%(words)s::text[])"
_OF_LENGTH = "SELECT word FROM reserved_path WHERE length(word) = %(length)s"


async def reserve(session: WriteSession, words: Iterable[str]) -> None:
    """Write down first words of paths. What was reserved once stays so: it may be in links."""
    await session.execute(_KEEP, {"words": sorted(set(words))})


async def reserved_words(session: Session, among: Iterable[str]) -> frozenset[str]:
    """Those of some words that are reserved. Case matters to paths."""
    words = list(set(among))
    if not words:
        return frozenset()
    return frozenset(row["word"] for row in await session.fetch_all(_AMONG, {"words": words}))


async def reserved_of_length(session: Session, length: int) -> list[str]:
    """The reserved words that a code of so many symbols could be."""
    return [row["word"] for row in await session.fetch_all(_OF_LENGTH, {"length": length})]


def is_own_host(name: str) -> bool:
    """Whether the installation itself answers at a host name: PUBLIC_URL and OWN_HOSTS."""
    current = settings()
    own = {host.strip().lower() for host in current.own_hosts.split(",")}
    if current.public_url is not None:
        own.add((urlsplit(current.public_url).hostname or "").lower())
    return name.lower().rstrip(".") in own - {""}
