"""How a stored value is shown in JSON (directus.md 3.5): the SQL expression of each field."""

from typing import Any

from sqlalchemy import ColumnElement, Double, Text, case, cast, func, literal_column

from app.items.query import Surface
from schema import Field

TIMESTAMP: ColumnElement[str] = literal_column("""'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'""")
DATE_TIME: ColumnElement[str] = literal_column("""'YYYY-MM-DD"T"HH24:MI:SS'""")
TIME: ColumnElement[str] = literal_column("'HH24:MI:SS'")
CONCEALED: ColumnElement[str] = literal_column("'**********'")


def rendered(field: Field, column: ColumnElement[Any], surface: Surface) -> ColumnElement[Any]:
    """The expression whose JSON form is what the wire shows. Sessions run in UTC."""
    if field.concealed:
        return case((column.is_(None), None), else_=CONCEALED)
    match field.type:
        case "timestamp":
            return func.to_char(column, TIMESTAMP)
        case "dateTime":
            return func.to_char(column, DATE_TIME)
        case "time":
            return func.to_char(column, TIME)
        case "bigInteger":
            return cast(column, Text)
        case "decimal":
            return cast(column, Text) if surface == "rest" else cast(column, Double)
        case "integer" if surface == "graphql" and field.primary_key:
            return cast(column, Text)
        case "csv":
            return case(
                (column == "", func.array_to_json(func.string_to_array("", ","))),
                else_=func.array_to_json(func.string_to_array(column, ",")),
            )
    return column


def quoted(text: str) -> ColumnElement[str]:
    """A text constant of the shape: names and keys, never a caller's value."""
    return literal_column("'" + text.replace("'", "''").replace("%", "%%") + "'")
