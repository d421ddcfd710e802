"""The host of the links of an account, as an SQL expression."""

from sqlalchemy import ColumnElement, func, literal, select

from app.database.tables import METADATA

FALLBACK_HOST = "id.gs1.org"
"""Host of canonical links. GS1 Digital Link Standard: URI Syntax, section 5."""

_domain = METADATA.tables["domain"]
_account = METADATA.tables["account"]


def link_host(
    account: ColumnElement[str], own: ColumnElement[str] | None = None
) -> ColumnElement[str]:
    """The domain name `own` is the key of; else the account's default for links; else GS1's.

    The same choice minting makes: the default `digital_link` domain, then the account's
    `default_domain`.
    """
    link, fallback, given = _domain.alias(), _domain.alias(), _domain.alias()
    of_type = (
        select(link.c.domain_name)
        .where(link.c.account == account, link.c.type == "digital_link", link.c.is_default)
        .scalar_subquery()
    )
    of_account = (
        select(fallback.c.domain_name)
        .join(_account, _account.c.default_domain == fallback.c.id)
        .where(_account.c.id == account)
        .scalar_subquery()
    )
    hosts: list[ColumnElement[str]] = [of_type, of_account, literal(FALLBACK_HOST)]
    if own is not None:
        hosts.insert(0, select(given.c.domain_name).where(given.c.id == own).scalar_subquery())
    return func.coalesce(*hosts)
