"""The policies every installation has: the public one, the Administrator's (directus.md 6.1)."""

from typing import Any

from app.database.session import Session
from app.errors import UnprocessableContent
from app.items.write.writer import Writer

PUBLIC = "abf8a154-5b1c-4a46-ac9c-7300570f4f17"
"""The key of the public policy, the same in every Directus."""

# An active user with a policy of admin_access, its own, its role's or an ancestor's. Who has an
# account may do everything there only; not every installation has accounts, so no column is named.
_AN_ADMIN = """
WITH RECURSIVE holds (role) AS (
  SELECT a.role FROM directus_access AS a JOIN directus_policies AS p ON p.id = a.policy
  WHERE p.admin_access AND a.role IS NOT NULL
  UNION
  SELECT r.id FROM directus_roles AS r JOIN holds ON r.parent = holds.role
)
SELECT EXISTS (
  SELECT FROM directus_users AS u
  WHERE u.status = 'active' AND to_jsonb(u) ->> 'account' IS NULL AND (
    u.role IN (SELECT role FROM holds)
    OR u.id IN (
      SELECT a."user" FROM directus_access AS a JOIN directus_policies AS p ON p.id = a.policy
      WHERE p.admin_access))
)
"""
_ONE_BY_ONE = "SELECT pg_advisory_xact_lock(1835626101)"
_ADMIN_ROLE = """
SELECT a.role FROM directus_access AS a
JOIN directus_policies AS p ON p.id = a.policy
JOIN directus_roles AS r ON r.id = a.role
WHERE p.admin_access ORDER BY r.name <> 'Administrator', r.id LIMIT 1
"""


async def is_administered(session: Session) -> bool:
    """Whether an active user may do everything, in all accounts."""
    return bool(await session.fetch_value(_AN_ADMIN))


async def require_an_admin(session: Session) -> None:
    """Raises UnprocessableContent when no active user may do everything.

    One transaction after the other: two that each leave the other's admin would leave none.
    """
    await session.fetch_value(_ONE_BY_ONE)
    if not await is_administered(session):
        raise UnprocessableContent("Cannot remove the last admin user from the system")


async def admin_role(session: Session, writer: Writer) -> Any:
    """The key of the role of administrators, made with its policy where there is none."""
    known = await session.fetch_value(_ADMIN_ROLE)
    if known is not None:
        return known
    policy = {
        "name": "Administrator",
        "icon": "verified",
        "admin_access": True,
        "app_access": True,
    }
    role = {"name": "Administrator", "icon": "verified", "policies": [{"policy": policy}]}
    return (await writer.create("directus_roles", [role]))[0]


async def ensure_public(session: Session, writer: Writer) -> None:
    """Make the public policy, attached to everybody without a role, where there is none."""
    there = "SELECT 1 FROM directus_policies WHERE id = %(key)s::uuid"
    if await session.fetch_value(there, {"key": PUBLIC}) is None:
        policy = {"id": PUBLIC, "name": "$t:public_label", "icon": "public"}
        await writer.create("directus_access", [{"policy": policy}])
