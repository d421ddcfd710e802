"""Rows that refer to one another are of one account, wherever both have one (DESIGN.md 9).

Who has an account sees no other's rows, and so refers to none. Of the installation's admin, who
sees all and says whose rows are, and of rows that come to an account with their keys, it is judged
here, as the rows are after the change.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from app.access.caller import Caller
from app.database.session import Session
from app.errors import FailedValidation
from app.items import statements
from app.items.rules import Row
from schema import OWN_ROWS, Collection, Field, Schema

OWNER = "account"

PEOPLE = "directus_users"
"""Users move between accounts, and what they made or asked for stays behind."""

Link = tuple[Collection, Field, Collection]
"""A many-to-one: who names, by which field, whom."""


async def require_one_account(
    session: Session,
    schema: Schema,
    collection: Collection,
    keys: Sequence[Any],
    *,
    moved: bool = False,
) -> None:
    """Raises FailedValidation where one of the rows names a row of another account.

    `moved`: they may be of another account than before, so what names them counts as well.
    """
    field = await _crossing(session, "source", list(_links(schema, collection)), keys)
    if field is not None:
        detail = f"The {field} belongs to another account than the row: name one of its own."
        raise FailedValidation(field, "eq", detail)
    links = list(_links_to(schema, collection)) if moved else []
    if await _crossing(session, "target", links, keys) is not None:
        detail = "Rows of another account refer to it: have them name another, or go with it."
        raise FailedValidation(OWNER, "eq", detail)


def may_cross(caller: Caller, collection: Collection, values: Iterable[Row]) -> bool:
    """Whether rows of two accounts may refer to one another after a write of these values."""
    if caller.account is not None or collection.tenancy != OWN_ROWS:
        return False
    names = [OWNER, *(field.name for field in collection.fields if _is_link(field))]
    return any(row.get(name) is not None for row in values for name in names)


def _is_link(field: Field) -> bool:
    """Whether a field names a row that has to be there: none of a record of what was."""
    relation = field.relation
    return relation is not None and not field.readonly and relation.on_delete != "NO ACTION"


def _links(schema: Schema, source: Collection) -> Iterator[Link]:
    if source.tenancy != OWN_ROWS:
        return
    for field in source.fields:
        if field.relation is not None and _is_link(field):
            target = schema[field.relation.to]
            if target.tenancy == OWN_ROWS and target.name != PEOPLE:
                yield source, field, target


def _links_to(schema: Schema, target: Collection) -> Iterator[Link]:
    for source in schema:
        for link in _links(schema, source):
            if link[2].name == target.name:
                yield link


async def _crossing(
    session: Session, of: str, links: Sequence[Link], keys: Sequence[Any]
) -> str | None:
    """The field of a link from one account to another, with one of the rows as its end `of`."""
    if not links or not keys:
        return None
    sql = statements.crossing(tuple(links), of)
    found = await session.fetch_value(sql, {"keys": list(keys)})
    return None if found is None else str(found)
