"""Operations of aggregate queries, and the field types they take (directus.md 2.6)."""

OPERATIONS = (
    "count",
    "countDistinct",
    "countAll",
    "sum",
    "sumDistinct",
    "avg",
    "avgDistinct",
    "min",
    "max",
)

NUMBERS = frozenset({"integer", "bigInteger", "float", "decimal"})
"""The field types that sums, averages and extremes are taken of."""

ANY_FIELD = NUMBERS | set(
    "string text boolean dateTime timestamp date time json csv uuid hash alias".split()
)
"""The field types that can be counted."""
