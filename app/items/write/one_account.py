"""Rows that refer to one another are of one account, wherever both have one (DESIGN.md 9).

It is judged as the rows are after the change, when those that they name are held: whose these are
can't change any more (it takes a lock that waits for it), and who gives rows away sees what has
come to name them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from app.database.session import Session
from app.errors import FailedValidation
from app.items.policy.write_policy import OWNER
from app.items.write import statements
from schema import OWN_ROWS, Collection, Field, Schema

PEOPLE = "directus_users"
"""Users move between accounts, and what they made or asked for stays behind."""

Link = tuple[Collection, Field, Collection]
"""A many-to-one: who names, by which field, whom."""


async def require_one_account(
    session: Session,
    schema: Schema,
    collection: Collection,
    keys: Sequence[Any],
    written: Iterable[str] | None = None,
) -> None:
    """Raises FailedValidation where one of the rows names a row of another account.

    `written`: the fields that were; None: the rows may be of another account than before, so all
    that they name counts, and what names them.
    """
    links = list(_links(schema, collection))
    if written is not None:
        given = set(written)
        links = [link for link in links if link[1].name in given]
    field = await _crossing(session, "source", links, keys)
    if field is not None:
        detail = f"The {field} belongs to another account than the row: name one of its own."
        raise FailedValidation(field, "eq", detail)
    if written is not None:
        return
    if await _crossing(session, "target", list(_links_to(schema, collection)), keys) is not None:
        detail = "Rows of another account refer to it: have them name another, or go with it."
        raise FailedValidation(OWNER, "eq", detail)


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
