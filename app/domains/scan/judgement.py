"""Whether a code is genuine: `judge` decides it, for every surface (systems.md 4.5, 6.6).

Who owns the key is settled before, by FACTS in `app.domains.scan.queries`: a code that its account
does not own by right is not in the facts.

Status words: genuine, inactive, blacklisted, unknown; product where no serial was scanned. Flags
are Scantrust's: counterfeit, genuine, inactive, blacklisted, out-of-market, after-sell-by-date and
scan-count.
"""

import re
from dataclasses import dataclass
from datetime import date

INACTIVE, ACTIVE, BLACKLISTED = 0, 1, 2
"""`unique_code.activation_status`."""
MAX_SCAN_COUNT = 10
"""`unique_code.blacklist_reason` of a code that too many devices scanned (systems.md 4.4)."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_WORDS = {INACTIVE: "inactive", ACTIVE: "genuine", BLACKLISTED: "blacklisted"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a scanned key: the rows it leads to, None where there are none."""

    key: str
    code: str | None
    account: str | None
    activation_status: int | None
    blacklist_reason: int | None
    intended_market: str | None
    sell_by_date: str | None
    product: str | None
    product_name: str | None
    product_redirection_url: str | None
    account_redirection_url: str | None
    max_scan_count: int | None
    blacklist_on_max_scan_count: bool | None

    @property
    def is_known(self) -> bool:
        """Whether it leads to anything of ours: a code, its product, or who owns the key."""
        return (self.code, self.product, self.account) != (None, None, None)

    @property
    def is_counted(self) -> bool:
        """Whether its devices are counted: its campaign says so, and it is not blacklisted yet."""
        return (
            self.code is not None
            and self.max_scan_count is not None
            and self.activation_status != BLACKLISTED
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    status: str
    result: str
    flags: tuple[str, ...]
    blacklists: bool = False
    """More devices than its campaign allows have scanned its code, which has to be blacklisted."""


def judge(
    facts: Facts, *, is_product: bool, country: str | None, today: date, devices: int = 0
) -> Judgement:
    """Decide whether a code is genuine, and what else a scan of it is told.

    `devices`: how many have scanned the code, with this one.
    """
    if facts.code is None:
        return _without_code(facts, is_product=is_product)
    most = facts.max_scan_count
    exceeds = facts.is_counted and most is not None and devices > most
    blacklists = exceeds and bool(facts.blacklist_on_max_scan_count)
    status = BLACKLISTED if blacklists else facts.activation_status or INACTIVE
    flags = [_WORDS[status]]
    market = (facts.intended_market or "").strip().lower()
    if market and country and market != country:
        flags.append("out-of-market")
    if is_past(facts.sell_by_date, today):
        flags.append("after-sell-by-date")
    if exceeds or (status == BLACKLISTED and facts.blacklist_reason == MAX_SCAN_COUNT):
        flags.append("scan-count")
    return Judgement(_WORDS[status], "ok", tuple(flags), blacklists)


def is_past(sell_by: str | None, today: date) -> bool:
    """Whether the day is over; a text that is no date says nothing.

    >>> is_past("2018-06-14", date(2018, 6, 14)), is_past("2018-06-14T09:00Z", date(2018, 6, 15))
    (False, True)
    """
    day = _DAY.match(sell_by or "")
    # Dates in this form sort as texts do, so one that is in no calendar does no harm.
    return day is not None and day[0] < today.isoformat()


def _without_code(facts: Facts, *, is_product: bool) -> Judgement:
    if is_product and facts.product is not None:
        return Judgement("product", "ok", ())
    # Codes can't be guessed: a serial of ours that was never issued was made by somebody else.
    is_copied = facts.is_known and not is_product
    return Judgement("unknown", "failure", ("counterfeit",) if is_copied else ())
