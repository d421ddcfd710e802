"""What a benchmark prints: a figure, and the limit it has to keep where there is one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure. `at_least` or `at_most` is what the project promises."""

    what: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def keeps(self) -> bool:
        """Whether the figure keeps its limit."""
        low = self.at_least is not None and self.value < self.at_least
        high = self.at_most is not None and self.value > self.at_most
        return not (low or high)

    def __str__(self) -> str:
        limit = ""
        if self.at_least is not None:
            limit = f"at least {self.at_least:,g}"
        elif self.at_most is not None:
            limit = f"at most {self.at_most:,g}"
        mark = "" if not limit else ("ok" if self.keeps else "MISSED")
        return f"{self.what:<52} {self.value:>14,.2f}   {limit:<20} {mark}".rstrip()
