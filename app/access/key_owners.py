"""Whose a key is: it lies under a company prefix or a verified domain, and that has an owner.

DESIGN.md 9: a row of an account has a key of that account, or one that the installation shares.
Rows of no account are the installation's own, whose admin needs no prefixes.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg.errors import LockNotAvailable

from app.database.session import Session
from app.errors import FailedValidation, Stored

# Of a key, what covers it; no row: nothing does. `{key}` is an SQL expression.
COVER = """
SELECT p.account, CASE p.kind WHEN 'gtin8' THEN 8 ELSE length(p.digits) END AS prefix_length,
  p.digits AS name
FROM company_prefix AS p
WHERE (p.kind = 'ordinary' AND p.digits = ANY(gs1_ordinary_prefixes({key})))
  OR (p.kind = 'gtin8' AND p.digits = gs1_gtin8_prefix({key}))
UNION ALL
SELECT d.account, NULL, d.domain_name FROM domain AS d
WHERE d.domain_name = split_part({key}, '/', 1) AND d.state = 'verified'
"""

# The same for a set of keys. What covers one is held: it can't change while something comes to be
# under it.
_COVERS = """
WITH asked AS MATERIALIZED (SELECT unnest(%(keys)s::text[]) AS key),
prefixes AS MATERIALIZED (
  SELECT id, account, kind, digits FROM company_prefix
  WHERE digits = ANY(ARRAY(SELECT unnest(gs1_ordinary_prefixes(key)) FROM asked
    UNION SELECT gs1_gtin8_prefix(key) FROM asked)) FOR KEY SHARE
), domains AS MATERIALIZED (
  SELECT id, account, domain_name FROM domain
  WHERE domain_name = ANY(ARRAY(SELECT split_part(key, '/', 1) FROM asked)) AND state = 'verified'
  FOR KEY SHARE
)
SELECT asked.key, p.id, p.account, p.digits AS name,
  CASE p.kind WHEN 'gtin8' THEN 8 ELSE length(p.digits) END AS prefix_length
FROM asked JOIN prefixes AS p
  ON (p.kind = 'ordinary' AND p.digits = ANY(gs1_ordinary_prefixes(asked.key)))
  OR (p.kind = 'gtin8' AND p.digits = gs1_gtin8_prefix(asked.key))
UNION ALL
SELECT asked.key, d.id, d.account, d.domain_name, NULL
FROM asked JOIN domains AS d ON d.domain_name = split_part(asked.key, '/', 1)
"""

# Whoever gives a key its owner waits for those who found that it has none, and they for it.
GIVE = "SELECT pg_advisory_xact_lock(hashtextextended('key owners', 0))"
_AS_GIVEN = "SELECT pg_advisory_xact_lock_shared(hashtextextended('key owners', 0))"
_IF_AS_GIVEN = "SELECT pg_try_advisory_xact_lock_shared(hashtextextended('key owners', 0))"

_LONGER = """
SELECT p.id, p.digits FROM company_prefix AS p
WHERE p.kind = 'ordinary' AND p.digits > %(digits)s AND starts_with(p.digits, %(digits)s)
ORDER BY p.digits LIMIT 1
"""

OWNED_BY = "({row}.account IS NULL OR {row}.account = {cover}.account OR ({cover}.name IS NOT NULL"
OWNED_BY += " AND {cover}.account IS NULL))"
"""Whether a row has its key by right. `{cover}`: the outcome of COVER, left joined."""

_GS1_KEY = re.compile(
    r"/(?:0[01]|253|255|40[0-3]|41[0-9]|80(?:0[346]|10|13|17|18))/[0-9]{4}[^/]{0,60}(?:/|$)"
)
"""Paths that `gs1_key_body` knows. Others are keys of somebody's own making."""
_SSCC_STEM = len("/00/") + 13
_STEMS = {"/01/": len("/01/") + 14, "/8003/": len("/8003/") + 14, "/00/": _SSCC_STEM}


@dataclass(frozen=True, slots=True)
class Cover:
    """A company prefix or a verified domain. `account` None: it is shared by all accounts.

    `prefix_length`: digits of the company prefix as EPCs have it; None for a domain. `name`: the
    digits or the domain name. `id`: the key of its row.
    """

    account: str | None
    prefix_length: int | None
    name: str
    id: str | None = field(default=None, compare=False)

    def allows(self, account: str | None) -> bool:
        """Whether a row of that account may be under it; one of no account belongs to its owner."""
        return self.account is None or self.account == account


def is_gs1_key(key: str) -> bool:
    """Whether a text is the path of a GS1 key that has an owner.

    >>> is_gs1_key("/417/0614141000005"), is_gs1_key("/shelf/12")
    (True, False)
    """
    return _GS1_KEY.match(key) is not None


def stem(key: str) -> str:
    """What of a code's key tells whose it is: the same for all serials of a product or domain.

    >>> stem("/01/09312345551927/21/a"), stem("go.example.com/x7Kp")
    ('/01/09312345551927', 'go.example.com/')
    """
    for start, length in _STEMS.items():
        if key.startswith(start):
            return key[:length]
    return key if key.startswith("/") else key.partition("/")[0] + "/"


async def covers_of(session: Session, stems: Iterable[str]) -> dict[str, Cover]:
    """What covers each of some stems of keys. Prefixes stay as they are until the transaction ends.

    Those that nothing covers are left out.
    """
    keys = sorted(set(stems))
    if not keys:
        return {}
    rows = await session.fetch_all(_COVERS, {"keys": keys})
    return {row.pop("key"): Cover(**row) for row in rows}


async def settled_covers(
    session: Session, stems: Iterable[str], *, holds: bool = False
) -> Mapping[str, Cover]:
    """The same, and what nothing covers stays so, too, until the transaction ends.

    For what comes to be of no account under it: it would be left behind by whom it is given to.
    `holds`: the transaction has locked rows already, for which who gives a key away may wait: so it
    waits for nobody. Raises LockNotAvailable then; it is to be done again.
    """
    keys = set(stems)
    covers = await covers_of(session, keys)
    if bare := keys - covers.keys():
        if not holds:
            await session.fetch_value(_AS_GIVEN)
        elif not await session.fetch_value(_IF_AS_GIVEN):
            raise LockNotAvailable("Keys are being given to an account")
        covers |= await covers_of(session, bare)
    return covers


async def longer_prefix(session: Session, digits: str) -> Mapping[str, str] | None:
    """A company prefix that begins with these digits and has more: its `digits`, its `id`."""
    return await session.fetch_one(_LONGER, {"digits": digits})


def unowned(field: str, key: str, *, domain: str | None = None) -> FailedValidation:
    """Why a row of an account can't have a key: it lies under nothing of that account's.

    The same whether the key is anybody else's or nobody's, taken or free. `domain`: the row that
    the key has its domain from, where nobody has said the name.
    """
    if key.startswith("/"):
        digits = _digits(key)
        detail = (
            f'"{digits}" begins with no company prefix of this account. The admin of the '
            f"installation assigns one: POST /items/company_prefix, or `mintage prefix add`."
        )
        return FailedValidation(field, "in", detail)
    named = FailedValidation(field, "in", _unverified(key.partition("/")[0]))
    if domain is None:
        return named
    refused = FailedValidation(field, "in", _unverified(None))
    return refused.or_fuller(named, Stored("domain", "domain_name", (domain,)))


def _unverified(name: str | None) -> str:
    shown, named = ("It", "<name>") if name is None else (f'"{name}"', name)
    return (
        f"{shown} is not a verified domain of this account. The admin of the installation "
        f"verifies it: PATCH /items/domain, or `mintage domain verify {named}`."
    )


def refusals(
    field: str, keys: Sequence[tuple[str, str | None]], covers: Mapping[str, Cover]
) -> list[FailedValidation]:
    """Why rows with these keys and accounts can't be. `covers`: of the stems of the keys."""
    return [
        unowned(field, key)
        for key, account in keys
        if not is_allowed(covers.get(stem(key)), account)
    ]


def is_allowed(cover: Cover | None, account: str | None) -> bool:
    """Whether a row of that account may have a key with that cover."""
    return account is None if cover is None else cover.allows(account)


def _digits(key: str) -> str:
    """The digits that a company prefix would be at the beginning of."""
    digits = key.split("/")[2]
    skipped = 1 if key.startswith(("/00/", "/01/", "/8003/", "/8006/")) else 0
    return digits[skipped : skipped + 12]
