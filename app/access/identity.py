"""From a user (or nobody) to a caller: its roles, policies and permissions (directus.md 6.1, 6.2).

A request costs one small statement: the user's row, and with it the stamp that every change of
roles, policies, access and permissions renews (app/database/after_tables). What those say is kept
by this process while the stamp is the same; no user is.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.access.app_permissions import OF_ACCOUNTS, OF_APP
from app.access.caller import Caller, Client
from app.access.permissions import Permission, Permissions
from app.access.secrets import token_hash
from app.database.session import Session
from app.errors import InvalidCredentials
from app.json_text import loaded

_STAMP = "(SELECT version FROM directus_access_version WHERE id = 1) AS stamp"
# `account` is there only where Mintage's own collections are served.
_USER = f"SELECT u.id, u.role, {{account}} AS account, {_STAMP} FROM directus_users AS u"
_BY_TOKEN = f"{_USER} WHERE u.token = %(token)s AND u.status = 'active'"
_BY_KEY = f"{_USER} WHERE u.id = %(user)s::uuid AND u.status = 'active'"
_ANONYMOUS = f"SELECT {_STAMP}"

# The roles of a user: its own, then each ancestor's; `depth` ends a circle.
_ROLES = """
WITH RECURSIVE up (id, parent, depth) AS (
  SELECT id, parent, 0 FROM directus_roles WHERE id = %(role)s::uuid
  UNION ALL
  SELECT r.id, r.parent, up.depth + 1 FROM directus_roles AS r JOIN up ON r.id = up.parent
  WHERE up.depth < 50
)
SELECT id FROM up GROUP BY id ORDER BY min(depth)
"""
# Policies in the order of directus.md 6.2: of the roles, nearest last, then the user's own.
_POLICIES = """
SELECT p.id, p.ip_access, p.admin_access, p.app_access, p.enforce_tfa
FROM directus_access AS a JOIN directus_policies AS p ON p.id = a.policy
WHERE a.role = ANY(%(roles)s::uuid[]) OR a."user" = %(user)s::uuid
  OR (%(is_public)s AND a.role IS NULL AND a."user" IS NULL)
ORDER BY a."user" IS NOT NULL, array_position(%(roles)s::uuid[], a.role) DESC NULLS FIRST,
  a.sort NULLS LAST, a.id
"""
_PERMISSIONS = """
SELECT policy, collection, action, permissions, validation, presets, fields
FROM directus_permissions WHERE policy = ANY(%(policies)s::uuid[])
ORDER BY array_position(%(policies)s::uuid[], policy), id
"""

_MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class _Policy:
    key: str
    addresses: tuple[str, ...]
    is_admin: bool
    has_app_access: bool
    asks_for_tfa: bool
    permissions: tuple[Permission, ...]


@dataclass(frozen=True, slots=True)
class _Granted:
    """What one user (or the public) has, wherever it calls from.

    `permissions` are kept by the policies that count, and whether the user has an account.
    """

    roles: tuple[str, ...]
    policies: tuple[_Policy, ...]
    permissions: dict[tuple[tuple[str, ...], bool], Permissions] = field(default_factory=dict)

    def of(self, policies: Sequence[_Policy], *, has_account: bool) -> Permissions:
        """What the policies allow, and what nobody has to give."""
        place = (tuple(policy.key for policy in policies), has_account)
        if place not in self.permissions:
            given = [permission for policy in policies for permission in policy.permissions]
            if any(policy.is_admin or policy.has_app_access for policy in policies):
                given += OF_APP
            if has_account:
                given += OF_ACCOUNTS
            self.permissions[place] = Permissions(given)
        return self.permissions[place]


_kept: dict[tuple[str, str | None, str | None], _Granted] = {}


async def caller_by_token(
    session: Session, token: str, client: Client, *, accounts: bool
) -> Caller:
    """The active user a static token belongs to. Raises InvalidCredentials for an unknown one."""
    row = await session.fetch_one(_text(_BY_TOKEN, accounts), {"token": token_hash(token)})
    if row is None:
        raise InvalidCredentials
    return await _caller(session, row, client)


async def caller_by_user(
    session: Session, user: str, client: Client, *, accounts: bool
) -> Caller | None:
    """The active user of that key; None when there is none."""
    row = await session.fetch_one(_text(_BY_KEY, accounts), {"user": user})
    return None if row is None else await _caller(session, row, client)


async def asker(session: Session, user: str | None, account: str | None) -> Caller | None:
    """Who asked a worker for something, with what it may do now.

    None when it is no active user any more, or of another account than `account`. A row keeps null
    of a user that was deleted, as of nobody: what is told then is nobody's to read.
    """
    if user is None:
        return None
    caller = await caller_by_user(session, user, Client(), accounts=True)
    return caller if caller is not None and caller.account in {None, account} else None


async def anonymous(session: Session, client: Client) -> Caller:
    """Nobody: what the public policies allow."""
    stamp = await session.fetch_value(_ANONYMOUS)
    row = {"id": None, "role": None, "account": None, "stamp": stamp}
    return await _caller(session, row, client)


def _text(statement: str, accounts: bool) -> str:
    return statement.format(account="u.account" if accounts else "NULL::uuid")


async def _caller(session: Session, row: Mapping[str, Any], client: Client) -> Caller:
    user, role, stamp = row["id"], row["role"], str(row["stamp"])
    place = (stamp, role, user)
    granted = _kept.get(place)
    if granted is None:
        granted = await _load(session, user, role)
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[place] = granted
    policies = tuple(item for item in granted.policies if _counts_at(item.addresses, client.ip))
    account, is_admin = row["account"], any(policy.is_admin for policy in policies)
    return Caller(
        user=user,
        account=account,
        is_admin=is_admin,
        has_app_access=is_admin or any(policy.has_app_access for policy in policies),
        asked_for_tfa=any(policy.asks_for_tfa for policy in policies),
        role=role,
        roles=granted.roles,
        policies=tuple(policy.key for policy in policies),
        permissions=granted.of(policies, has_account=account is not None),
        client=client,
    )


async def _load(session: Session, user: str | None, role: str | None) -> _Granted:
    roles: list[str] = []
    if role is not None:
        roles = [row["id"] for row in await session.fetch_all(_ROLES, {"role": role})]
    wanted = {"roles": roles, "user": user, "is_public": role is None}
    policies = await session.fetch_all(_POLICIES, wanted)
    keys = list(dict.fromkeys(row["id"] for row in policies))
    found = await session.fetch_all(_PERMISSIONS, {"policies": keys})
    by_key = {row["id"]: row for row in policies}
    return _Granted(
        tuple(roles),
        tuple(_policy(by_key[key], [r for r in found if r["policy"] == key]) for key in keys),
    )


def _policy(row: Mapping[str, Any], permissions: Iterable[Mapping[str, Any]]) -> _Policy:
    return _Policy(
        key=row["id"],
        addresses=_listed(row["ip_access"]),
        is_admin=bool(row["admin_access"]),
        has_app_access=bool(row["app_access"]),
        asks_for_tfa=bool(row["enforce_tfa"]),
        permissions=tuple(_permission(item) for item in permissions),
    )


def _permission(row: Mapping[str, Any]) -> Permission:
    return Permission(
        row["collection"],
        row["action"],
        fields=frozenset(_listed(row["fields"])),
        rule=_object(row["permissions"], _NO_RULE),
        validation=_object(row["validation"], _NO_RULE),
        presets=_object(row["presets"], _NO_PRESETS),
    )


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


_NO_RULE: Mapping[str, Any] = {"_or": "no object is stored"}
_NO_PRESETS: Mapping[str, Any] = {"_or": "$CURRENT_"}
"""What nobody understands, and so allows nothing: instead of what is stored and is no object."""


def _object(raw: bytes | None, otherwise: Mapping[str, Any]) -> Mapping[str, Any]:
    value = None if raw is None else loaded(raw)
    if value is None:
        return {}
    return value if isinstance(value, dict) else otherwise


def _counts_at(addresses: tuple[str, ...], ip: str | None) -> bool:
    """Whether a policy counts at an address: one of its addresses, networks or ranges."""
    if not addresses:
        return True
    try:
        own = ipaddress.ip_address(ip or "")
    except ValueError:
        return False
    mapped = getattr(own, "ipv4_mapped", None)  # as a socket for both kinds writes IPv4
    own = own if mapped is None else mapped
    return any(_holds(text, own) for text in addresses)


def _holds(text: str, own: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address, a network or a range (`a-b`) holds an address. What is none, does not."""
    try:
        if "-" in text:
            first, last = (ipaddress.ip_address(end.strip()) for end in text.split("-", 1))
            return first.version == own.version and int(first) <= int(own) <= int(last)
        return own in ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
