"""One upload of SCM data: which codes, and what they get (systems.md 4.6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.codes.scanned_text import other_path_of, paths_of
from app.domains.scm_data.queries import EXTENDED_ID
from app.items.write.payloads import weight_of
from app.pools import CODES

SPECIAL = frozenset({"product", "activation_status", "blacklist_reason", "serial_number"})
"""Fields that are not kept as SCM data, but change the code itself."""

ACTIVATION = frozenset({"activation_status", "blacklist_reason"})


@dataclass(frozen=True, slots=True)
class Upload:
    """What is to be done. The first constraint's values are the places of the answer.

    `data`: an object for every value of the first constraint, or one for all of them. `first` and
    `last`: the codes whose keys are between these, if given.
    """

    constraints: Mapping[str, Sequence[str]]
    data: Sequence[Mapping[str, Any]] | Mapping[str, Any]
    first: str | None = None
    last: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self.constraints)

    @property
    def of_each(self) -> bool:
        return not isinstance(self.data, Mapping)

    @property
    def names(self) -> frozenset[str]:
        """Every field that any code is to get."""
        each = [self.data] if isinstance(self.data, Mapping) else self.data
        own = {self.keys[0]} if self.of_each else set()
        return frozenset(set().union(*each) - own)

    @property
    def weights(self) -> Sequence[int]:
        """The characters that each value of the first constraint gives to a code."""
        if isinstance(self.data, Mapping):
            return [weight_of(self.data)] * len(self.constraints[self.keys[0]])
        return [weight_of(data) for data in self.data]

    @property
    def weight(self) -> int:
        """The characters of all codes, where each value names one."""
        return sum(self.weights)

    async def values(self) -> dict[str, Any]:
        """What finding the codes binds."""
        bound: dict[str, Any] = {"first": self.first, "last": self.last}
        for n, (key, values) in enumerate(self.constraints.items()):
            listed = list(values)
            paths: list[str | None] = [None] * len(listed)
            if key == EXTENDED_ID:
                paths = await CODES.run(paths_of, listed)
            bound |= {f"key_{n}": key, f"values_{n}": listed, f"paths_{n}": paths}
        return bound


def in_doubt(texts: Sequence[str]) -> dict[int, str]:
    """The other paths of texts that may name either of two codes, by their places."""
    others = ((place, other_path_of(text)) for place, text in enumerate(texts))
    return {place: other for place, other in others if other is not None}


def by_key(data_key: str, items: Sequence[Mapping[str, Any]]) -> Upload:
    """The upload of items that name their code by `data_key`; of the same code, in their order.

    Every item has that key, and it is a text or a number.
    """
    merged: dict[str, dict[str, Any]] = {}
    for item in items:
        value = str(item[data_key])
        known = merged.get(value)
        if known is None:
            merged[value] = dict(item)
        else:
            known.update(item)
    return Upload({data_key: list(merged)}, list(merged.values()))
