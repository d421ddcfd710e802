"""Where a value of the caller's own row, `$CURRENT_USER.role.name`, may stand in a filter.

Which value it is only the statement knows, so what fits is told by the types alone.
"""

from app.errors import InvalidQuery, shown
from app.items.query.operators import CLAIMS, LISTS, like_pattern
from app.items.query.relations import Readable
from app.items.query.tree import Current
from schema import Field

_KINDS = {
    **dict.fromkeys(("string", "text", "csv", "hash"), "text"),
    **dict.fromkeys(("integer", "bigInteger", "float", "decimal"), "number"),
    **dict.fromkeys(("timestamp", "dateTime", "date"), "moment"),
}
"""What PostgreSQL compares with each other; any other type only with itself."""


def check(schema: Readable, own: Current, field: Field, operator: str) -> None:
    """Raise InvalidQuery unless `field` can be compared with the value by the operator."""
    named = named_field(schema, own)
    if operator in CLAIMS:
        raise InvalidQuery(f'"{operator}" has to be a boolean')
    if operator in LISTS - {"_in", "_nin"}:
        raise InvalidQuery(f'"{operator}" has to be an array of values')
    if own.many and operator not in LISTS:
        raise InvalidQuery(
            f'The filter value for "{operator}" has to be a string, number, or boolean'
        )
    is_text = like_pattern(operator, "") is not None or _kind(field) == "text"
    if not is_text and _kind(field) != _kind(named):  # anything can be compared as a text
        raise InvalidQuery(f'"{shown(".".join(own.path))}" is not a valid {field.type}')


def named_field(schema: Readable, own: Current) -> Field:
    """The field the variable names. Raises InvalidQuery, where the caller's own row has none such,
    or nobody may see it.
    """
    collection = own.collection
    for place, name in enumerate(own.path):
        field = schema.fields(collection).get(name)
        last = place == len(own.path) - 1
        if field is None or field.concealed or field.many or (field.relation is None and not last):
            break
        if last:
            return field
        if field.relation is not None:
            collection = field.relation.to
    raise InvalidQuery(f'"{shown(".".join(own.path))}" is not a field of "{own.collection}"')


def _kind(field: Field) -> str:
    return _KINDS.get(field.type, field.type)
