"""What the computed fields of a code read as: all of them follow from its key.

Each is an expression over the row, evaluated by PostgreSQL only when it is asked for.
"""

from sqlalchemy import ColumnElement, FromClause, case, func, literal

from app.domains.domain.service import link_host
from app.items.hooks import register_expression

FILTER = 0
"""EPC filter value "all others". EPC Tag Data Standard, tables 10-1 and 10-3."""


def epc_join_key(code: FromClause) -> ColumnElement[str]:
    return code.c.id


def digital_link(code: FromClause) -> ColumnElement[str | None]:
    """The GS1 Digital Link at the code's domain, or the short link."""
    return func.gs1_digital_link(code.c.id, link_host(code.c.account, code.c.domain))


def epc_uri(code: FromClause) -> ColumnElement[str | None]:
    return func.gs1_epc_uri(code.c.id, code.c.company_prefix_length)


def epc_hex(code: FromClause) -> ColumnElement[str | None]:
    return func.gs1_epc_hex(code.c.id, code.c.company_prefix_length, literal(FILTER))


def extended_id(code: FromClause) -> ColumnElement[str | None]:
    """Stored where it was given; else the EPC in hex; else the key (systems.md 6.5).

    A GS1 key that is none, by its check digit or prefix, has neither.
    """
    own = func.gs1_extended_id(code.c.id, code.c.company_prefix_length)
    return func.coalesce(code.c.extended_id, own)


def serial_number(code: FromClause) -> ColumnElement[str | None]:
    """Stored where it was given; else the serial of an SGTIN."""
    return func.coalesce(code.c.serial_number, case((code.c.type == "sgtin", code.c.code)))


def register_expressions() -> None:
    for expression in (
        epc_join_key,
        digital_link,
        epc_uri,
        epc_hex,
        extended_id,
        serial_number,
    ):
        register_expression("unique_code", expression.__name__, expression)
