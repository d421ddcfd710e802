"""Directus `aggregate` and `groupBy`: from names to an aggregate query (directus.md 2.6)."""

from collections.abc import Mapping

from app.errors import Forbidden, InvalidQuery, shown
from app.items.query.functions import functions_of
from app.items.query.operations import ANY_FIELD, NUMBERS, OPERATIONS
from app.items.query.search import search_condition
from app.items.query.selection import Options, QueryReader, call_of
from app.items.query.tree import Aggregate, AggregateQuery, Group, Value

_EVERY_ROW = "*"


def aggregate_query(
    reader: QueryReader,
    collection: str,
    operations: Mapping[str, list[str]],
    groups: list[str],
    options: Options,
) -> AggregateQuery:
    """The query of operations over fields (`{"sum": ["quantity"], "count": ["*"]}`) by groups.

    Raises InvalidQuery, and Forbidden for what is not there.
    """
    by = tuple(
        {
            group.key: group
            for text in dict.fromkeys(groups)
            for group in [read_group(reader, collection, text)]
        }.values()
    )
    limit, offset = reader.page(options)
    return AggregateQuery(
        collection,
        tuple(
            found
            for name, fields in operations.items()
            for found in _aggregates(reader, collection, name, list(dict.fromkeys(fields)))
        ),
        groups=by,
        filter=reader.filters.read(collection, options.filter),
        search=search_condition(reader.schema, collection, options.search),
        # Of one row there is no order, so any is taken: clients send their list's (refine does).
        sort=reader.order.of_groups(collection, list(options.sort), by) if by else (),
        limit=None if limit is None else Value(limit),
        offset=None if offset is None else Value(offset),
        surface=reader.surface,
    )


def _aggregates(
    reader: QueryReader, collection: str, name: str, fields: list[str]
) -> list[Aggregate]:
    """One operation, of rows (`*`) or of fields. `countAll` is GraphQL's: REST shows nothing."""
    if name not in OPERATIONS:
        known = ", ".join(OPERATIONS)
        raise InvalidQuery(f'"aggregate" has no operation "{shown(name)}": use {known}')
    if name == "countAll":
        return []
    for field in fields:
        if field != _EVERY_ROW:
            require_operand(reader, collection, name, field)
    if _EVERY_ROW in fields:
        if not name.startswith("count"):
            raise InvalidQuery(f'"{name}" needs a field')
        return [Aggregate(name, "count", ())]
    return [Aggregate(name, name, tuple((field, field) for field in fields))]


def require_operand(reader: QueryReader, collection: str, operation: str, name: str) -> None:
    """Raises Forbidden for a field that is not there, InvalidQuery for one of the wrong type.

    Of a concealed field it can be told how many there are, and no more.
    """
    field = reader.schema.fields(collection).get(name)
    if field is None or (field.concealed and not operation.startswith("count")):
        raise Forbidden.field(name, collection)
    allowed = ANY_FIELD if operation.startswith("count") else NUMBERS
    if operation in {"min", "max"}:
        allowed = NUMBERS | {"date", "time", "dateTime", "timestamp", "string", "text"}
    if field.type not in allowed:
        raise InvalidQuery(f'"{operation}" can\'t be taken of "{name}": its type is {field.type}')


def read_group(reader: QueryReader, collection: str, text: str) -> Group:
    """A group: a field, or a date part of one."""
    function, name = call_of(text) if "(" in text else (None, text)
    reader.order.term(collection, name)  # refuses unknown and concealed fields
    field = reader.schema.fields(collection).get(name)
    if field is None or field.many is not None:
        raise InvalidQuery(f'Can\'t group by "{shown(text)}"')
    if function is not None and (function not in functions_of(field) or field.type == "json"):
        raise InvalidQuery(f'Can\'t group by "{shown(text)}"')
    return Group(f"{name}_{function}" if function else name, name, function)
