"""Credentials: tokens for the surfaces of other products (systems.md 6.2 api_credential, 7.1).

A credential stands for its user, and may be good for only a share of what its user may do. What
the user may do at all comes from `app.access.identity.caller_by_user`.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from app.access.secrets import token_hash
from app.database.session import Session

# The credential of a token that is good now. That it is used is written down by the way, at most
# once a minute, and never waited for: who else uses it at the same moment writes down the same.
# A user that was moved to another account takes no credentials along.
_GOOD_NOW = """
WITH found AS (
  SELECT c.id, c."user", c.account, c.kind, c.name, c.permissions, c.valid_until, c.last_used_at
  FROM api_credential AS c
  JOIN directus_users AS u ON u.id = c."user"
  WHERE c.token = %(token)s AND c.kind = %(kind)s AND c.revoked_at IS NULL
    AND (c.valid_until IS NULL OR c.valid_until > now())
    AND u.status = 'active' AND u.account IS NOT DISTINCT FROM c.account
), unnoted AS (
  SELECT id FROM api_credential
  WHERE id IN (
    SELECT id FROM found
    WHERE last_used_at IS NULL OR last_used_at <= now() - interval '1 minute'
  )
  FOR UPDATE SKIP LOCKED
), noted AS (
  UPDATE api_credential SET last_used_at = now() WHERE id IN (SELECT id FROM unnoted)
)
SELECT id, "user", account, kind, name, permissions,
  extract(epoch FROM valid_until)::float8 AS valid_until
FROM found
"""


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential that is good now.

    `permissions`: scopes such as `codes_view`; empty: all there are. `valid_until`: seconds since
    1970, None for ever. Keep no credential beyond that moment, nor beyond a notice on
    `app.access.known.CHANNEL`: it may have been revoked.
    """

    id: str
    user: str
    account: str | None
    kind: str
    name: str | None = None
    permissions: tuple[str, ...] = ()
    valid_until: float | None = None

    def has_scope(self, scope: str) -> bool:
        """Whether it is good for what needs that scope, as far as its user may do it."""
        return not self.permissions or scope in self.permissions


async def credential_by_token(session: Session, kind: str, token: str) -> Credential | None:
    """The credential a token of that kind belongs to; None where it is good for nothing.

    That is an unknown token, one of another kind (7.1: refused on another family), a revoked one,
    one whose time is over, and one whose user is not active or has changed its account.
    """
    row = await session.fetch_one(_GOOD_NOW, {"kind": kind, "token": token_hash(token)})
    return None if row is None else _credential(row)


def _credential(row: dict[str, Any]) -> Credential:
    words = orjson.loads(row["permissions"] or b"[]") or []
    return Credential(
        id=row["id"],
        user=row["user"],
        account=row["account"],
        kind=row["kind"],
        name=row["name"],
        permissions=tuple(words),
        valid_until=row["valid_until"],
    )
