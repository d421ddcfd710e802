"""What workers do again and again, besides the sweep: each action with its interval."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from app.database.session import Database

Action = Callable[[Database], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Periodic:
    """An action and the seconds between two. Every worker does it: it has to mind the others.

    It holds one connection at a time.
    """

    seconds: float
    act: Action


_all: list[Periodic] = []


def register_periodic(seconds: float, act: Action) -> None:
    _all.append(Periodic(seconds, act))


def all_periodic() -> Iterable[Periodic]:
    return tuple(_all)
