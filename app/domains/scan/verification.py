"""Is this code genuine, and how do we know? What a scan is told, and where the code came from."""

from dataclasses import dataclass
from datetime import UTC, datetime

from app.database.session import Session
from app.domains.code_space.verify import Verification, verify
from app.domains.scan.judgement import Facts, judge
from app.domains.scan.service import recognised


@dataclass(frozen=True, slots=True)
class Verdict:
    """`status`: genuine, inactive, blacklisted or unknown, as scans are told it.

    `origin`: the job that made it, by arithmetic: known of codes that are gone, too.
    """

    key: str
    status: str
    facts: Facts
    origin: Verification

    @property
    def is_present(self) -> bool:
        """Whether the owner of its key has the code: minted it or brought it in, and kept it."""
        return self.facts.code is not None


async def verdict_of(session: Session, text: str, secret: str) -> Verdict:
    """The verdict on a code, in any form a scan may come in.

    Raises CodeError for a text that is no code, and WrongSecret.
    """
    key, facts = await recognised(session, text)
    today = datetime.now(UTC).date()
    judgement = judge(facts, is_product=key.is_product, country=None, today=today)
    return Verdict(key.key, judgement.status, facts, await verify(session, key.key, secret))
