"""The host of the links of an account, as an SQL expression."""

from typing import Any

from sqlalchemy import ColumnElement, func, literal, or_, select
from sqlalchemy.sql.elements import KeyedColumnElement

from app.database.tables import METADATA

FALLBACK_HOST = "id.gs1.org"
"""Host of canonical links. GS1 Digital Link Standard: URI Syntax, section 5."""

_domain = METADATA.tables["domain"]
_account = METADATA.tables["account"]


def link_host(
    account: KeyedColumnElement[Any], own: ColumnElement[str] | None = None
) -> ColumnElement[str]:
    """The domain name `own` is the key of; else the account's default for links; else GS1's.

    The same choice minting makes: the default `digital_link` domain, then the account's
    `default_domain`.
    """
    link, fallback, given = _domain.alias(), _domain.alias(), _domain.alias()
    # Told what they belong to: a guess would make a cross join of it where levels are nested.
    holder = account.table
    of_type = (
        select(link.c.domain_name)
        .where(
            link.c.account == account,
            link.c.type == "digital_link",
            link.c.is_default,
            link.c.state == "verified",
        )
        .correlate(holder)
        .scalar_subquery()
    )
    of_account = (
        select(fallback.c.domain_name)
        .join(_account, _account.c.default_domain == fallback.c.id)
        .where(
            _account.c.id == account,
            fallback.c.state == "verified",
            or_(fallback.c.account.is_(None), fallback.c.account == account),
        )
        .correlate(holder)
        .scalar_subquery()
    )
    hosts: list[ColumnElement[str]] = [of_type, of_account, literal(FALLBACK_HOST)]
    if own is not None:
        of_code = select(given.c.domain_name)
        of_code = of_code.where(
            given.c.id == own,
            given.c.state == "verified",
            or_(account.is_(None), given.c.account.is_(None), given.c.account == account),
        )
        hosts.insert(0, of_code.correlate(holder).scalar_subquery())
    return func.coalesce(*hosts)
