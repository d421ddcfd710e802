"""The rules of codes: the key is the name (DESIGN.md 5); what may become of one (6.5, 6.8)."""

from typing import Any, NamedTuple

from app.access.caller import Caller
from app.codes.code_path import CodePath, product_of
from app.codes.errors import CodeError
from app.codes.raw_tag import START as RAW_TAG
from app.database.session import Session, WriteSession
from app.domains.unique_code.changes import CodeChange, apply_rules
from app.domains.unique_code.extended_id import named_codes, taken_names
from app.domains.unique_code.ownership import keep_lengths, refusals_of_moves, settle
from app.errors import AppError, ErrorList, FailedValidation, Stored
from app.items.hooks import Row, Rules, Update
from app.slices import sliced

PARTS = frozenset({"type", "code", "product"})
"""What the key of a code says already."""

BELONGS = frozenset({"product", "account"})
"""Whom a code belongs to."""

DEFAULT_TYPE = "sgtin"
"""The type of a row that does not say; a key says it better."""

# The names of the domains that short codes belong to, and of the accounts' own where none is given.
DOMAIN_NAMES = """
SELECT id, id AS domain, domain_name FROM domain WHERE id = ANY(%(domains)s::uuid[])
  AND (%(account)s::uuid IS NULL OR account IS NULL OR account = %(account)s::uuid)
"""
ACCOUNT_DOMAINS = """
SELECT account.id, coalesce(own.id, short.id) AS domain,
  coalesce(own.domain_name, short.domain_name) AS domain_name
FROM account
LEFT JOIN domain AS own ON own.id = account.default_domain AND own.state = 'verified'
  AND (own.account IS NULL OR own.account = account.id)
LEFT JOIN domain AS short ON short.account = account.id AND short.type = 'short'
  AND short.is_default AND short.state = 'verified'
WHERE account.id = ANY(%(accounts)s::uuid[])
"""


class Host(NamedTuple):
    """The domain that short codes are made with: the key of its row, and its name."""

    domain: str
    name: str


class UniqueCodeRules(Rules):
    """Builds the key from type, product, code and domain, or reads type and code from the key."""

    async def before_create(self, session: WriteSession, caller: Caller, rows: list[Row]) -> None:
        hosts = await _short_hosts(session, caller, rows)
        found = [
            error async for part in sliced(rows) for row in part for error in _complete(row, hosts)
        ]
        if found:
            raise ErrorList(found)
        found += await settle(session, caller, rows)
        found += await taken_names(session, caller, rows)
        found += await named_codes(session, caller, rows)
        if found:
            raise ErrorList(found)
        await apply_rules(session, caller, [CodeChange({}, row) for row in rows])
        await keep_lengths(session, rows)

    async def before_update(
        self, session: WriteSession, caller: Caller, updates: list[Update]
    ) -> None:
        """A patch contradicts neither the key nor the state of a code. Raises ErrorList."""
        if found := [error for update in updates for error in _contradictions(update)]:
            raise ErrorList(found)
        moved = [
            {**update.before, **update.patch}
            for update in updates
            if not BELONGS.isdisjoint(update.changes)
        ]
        found = await refusals_of_moves(session, caller, moved)
        named = [update for update in updates if update.changes.get("extended_id") is not None]
        found += await taken_names(session, caller, [{**u.before, **u.patch} for u in named])
        if found:
            raise ErrorList(found)
        changes = [CodeChange(update.before, update.patch) for update in updates]
        await apply_rules(session, caller, changes)


def _contradictions(update: Update) -> list[AppError]:
    changes = update.changes
    if PARTS.isdisjoint(changes):
        return []
    kind, code = _read(str(update.key))
    own = {"type": kind, "code": code}
    if (product := product_of(str(update.key))) is not None:
        own["product"] = product  # where the key names none, a code moves from one to another
    return [
        _has_to_be(name, own[name]).saying(["id"])
        for name in sorted(own.keys() & changes.keys())
        if changes[name] != own[name]
    ]


async def _short_hosts(session: Session, caller: Caller, rows: list[Row]) -> dict[str, Host]:
    """Domains by the key of the domain, or of the account where the row names no domain."""
    short = [row for row in rows if row.get("type") == "short_code" and row.get("id") is None]
    domains = [row["domain"] for row in short if row.get("domain") is not None]
    accounts = [row["account"] for row in short if not row.get("domain") and row.get("account")]
    found: list[dict[str, Any]] = []
    if domains:
        values = {"domains": domains, "account": caller.account}
        found += await session.fetch_all(DOMAIN_NAMES, values)
    if accounts:
        found += await session.fetch_all(ACCOUNT_DOMAINS, {"accounts": accounts})
    return {
        row["id"]: Host(row["domain"], row["domain_name"]) for row in found if row["domain_name"]
    }


def _complete(row: Row, hosts: dict[str, Host]) -> list[AppError]:
    """Fill in key, type and code; the reasons why that can't be."""
    row["type"] = row.get("type") or DEFAULT_TYPE
    missing = [] if row.get("id") is not None else _missing_parts(row, hosts)
    if missing:
        return [FailedValidation(name, "required", "Value is required.") for name in missing]
    field = "code" if row.get("id") is None else "id"
    key = str(row["id"] if row.get("id") is not None else _key(row, hosts))
    try:
        kind, code = _read(key)
    except CodeError as error:
        detail = "Value doesn't have the correct format."
        refused = FailedValidation(field, "regex", f"{detail} {error}")
        if row.get("id") is None and (host := _host(row, hosts)) is not None:
            stored = Stored("domain", "domain_name", (host.domain,))
            refused = FailedValidation(field, "regex", detail).or_fuller(refused, stored)
        return [refused]
    if problems := _disagreements(row, kind, code):
        return problems
    row.update(id=key, type=kind, code=code)
    return []


def _missing_parts(row: Row, hosts: dict[str, Host]) -> list[str]:
    if row["type"] == "short_code" and row.get("code") is None:
        row["code"] = row.get("extended_id")  # a key of another system's is the short code, too
    needed = ["code"]
    if row["type"] in {"sgtin", "grai"}:
        needed.append("product")
    missing = [name for name in needed if row.get(name) is None]
    if row["type"] == "short_code" and _host(row, hosts) is None:
        missing.append("domain")
    return missing


def _key(row: Row, hosts: dict[str, Host]) -> str:
    code = row["code"]
    match row["type"]:
        case "sgtin":
            return f"{row['product']}/21/{code}"
        case "grai":
            return f"{row['product']}{code}"
        case "sscc":
            return f"/00/{code}"
        case "tag":
            row["code"] = str(code).upper()
            return f"{RAW_TAG}{row['code']}"
        case _:
            host = _host(row, hosts)
            return f"{host and host.name}/{code}"


def _host(row: Row, hosts: dict[str, Host]) -> Host | None:
    return hosts.get(row.get("domain") or row.get("account") or "")


def _read(key: str) -> tuple[str, str]:
    """Type and code of a key as it is stored. Raises CodeError."""
    code = CodePath.parse(key)
    if code.path != key:
        raise CodeError(f'Write it as "{code.path}".')
    return str(code.kind), code.serial


def _disagreements(row: Row, kind: str, code: str) -> list[AppError]:
    found: list[AppError] = []
    if row["type"] not in {kind, DEFAULT_TYPE}:
        found.append(_has_to_be("type", kind))
    if row.get("code") not in {None, code}:
        found.append(_has_to_be("code", code))
    own = product_of(str(row["id"])) if row.get("id") else None
    if own is not None and row.get("product") not in {None, own}:
        found.append(_has_to_be("product", own))
    return found


def _has_to_be(field: str, value: str | None) -> FailedValidation:
    detail = f'Value has to be "{value}": the key of the code says so.'
    return FailedValidation(field, "eq", detail, valid=value)
