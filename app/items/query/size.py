"""How much one query asks for, counted while it is read: a wildcard multiplies at every level."""

from app.errors import InvalidQuery

_MOST = 2_500
"""Each costs a tenth of a millisecond before PostgreSQL hears of it. `*.*.*` of our largest
collection has half as many."""


class Size:
    """The fields, conditions and terms of orders of one query, all its levels together."""

    def __init__(self) -> None:
        self._parts = 0

    def add(self, parts: int) -> None:
        """Count some more. Raises InvalidQuery for too many."""
        self._parts += parts
        if self._parts > _MOST:
            raise InvalidQuery(
                f"It asks for more than {_MOST} fields and conditions, those of its relations "
                "among them: name the fields that you need, or use fewer wildcards"
            )
