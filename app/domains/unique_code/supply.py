"""Codes that can still be handed out: of one account, found by the range of the primary key.

No index says which codes are free: minting would pay for it with every row. All codes of a product
(or of a short domain) stand side by side in the primary key instead, in byte order.
"""

from dataclasses import dataclass
from typing import Any

from app.database.session import Session, WriteSession

# A blacklisted code is for nobody, and that of a work order is for the order.
_FREE = """id >= %(first)s AND id < %(end)s AND status = 'unassigned' AND activation_status < 2
  AND workorder IS NULL AND account IS NOT DISTINCT FROM %(account)s::uuid
  AND (%(product)s::text IS NULL OR product = %(product)s)
  AND (%(domain)s::uuid IS NULL OR domain = %(domain)s::uuid)"""

# Codes are taken from the front, so that is where few are free: count from the other end.
COUNT = f"""
SELECT count(*) FROM (
  SELECT FROM unique_code WHERE {_FREE} ORDER BY id DESC LIMIT %(at_most)s
) AS free
"""

# Materialized: a join may run a subquery again and again, and each time it would lock others. The
# range is said twice, so that whatever joins them looks at nothing else.
RESERVE = f"""
WITH free AS MATERIALIZED (
  SELECT id FROM unique_code WHERE {_FREE} ORDER BY id LIMIT %(quantity)s FOR UPDATE SKIP LOCKED
)
UPDATE unique_code AS code
SET status = 'reserved', reservation = %(reservation)s::uuid,
    date_updated = now(), user_updated = %(user)s::uuid
FROM free WHERE code.id = free.id AND code.id >= %(first)s AND code.id < %(end)s
"""

# Whoever has been given a code keeps it; only what is merely set aside becomes free again.
RELEASE = """
UPDATE unique_code SET status = 'unassigned', reservation = NULL, date_updated = now()
WHERE reservation = ANY(%(reservations)s::uuid[]) AND status = 'reserved'
"""

HELD = "SELECT count(*) FROM unique_code WHERE reservation = %(reservation)s::uuid"


@dataclass(frozen=True, slots=True)
class Supply:
    """Codes whose keys begin with `prefix`, of one account; of one product or domain if given.

    `account` None: codes of no account. `prefix`: "/01/<gtin14>/21/", "/00/", "<domain>/", ...
    """

    prefix: str
    account: str | None
    product: str | None = None
    domain: str | None = None

    def values(self) -> dict[str, Any]:
        """What the statements bind: keys compare byte by byte, so a range is all of a prefix."""
        end = self.prefix[:-1] + chr(ord(self.prefix[-1]) + 1)
        return {
            "first": self.prefix,
            "end": end,
            "account": self.account,
            "product": self.product,
            "domain": self.domain,
        }


async def count_free(session: Session, supply: Supply, at_most: int) -> int:
    """How many codes are free; counting stops at `at_most`."""
    return int(await session.fetch_value(COUNT, {**supply.values(), "at_most": at_most}))


async def reserve(
    session: WriteSession, supply: Supply, quantity: int, reservation: str, user: str | None
) -> int:
    """Set free codes aside for a reservation; how many, `quantity` at most.

    Codes that another transaction holds are left out (systems.md 1.6).
    """
    values = {
        **supply.values(),
        "quantity": quantity,
        "reservation": reservation,
        "user": user,
    }
    return await session.execute(RESERVE, values)


async def release(session: WriteSession, reservations: list[str]) -> int:
    """Free the codes of reservations, unless they are assigned or encoded; how many."""
    return await session.execute(RELEASE, {"reservations": reservations})


async def count_held(session: Session, reservation: str) -> int:
    """How many codes a reservation has, whatever became of them since."""
    return int(await session.fetch_value(HELD, {"reservation": reservation}))
