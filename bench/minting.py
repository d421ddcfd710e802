"""Minting against drawing: codes a second on one core, radix 62, length 8, in one run.

The peer is what one writes without a code space: draw every symbol with `secrets.choice`, keep a
set of what has been drawn, draw again on a repeat.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.codes.alphabets import CHARACTER_SETS
from app.codes.code_space import CodeSpace
from app.codes.key_wrap import new_key
from bench.rows import Row

ALPHABET = CHARACTER_SETS["alphanumeric"]
LENGTH = 8
MINTED = 1_000_000
DRAWN = 100_000
REPEATS = 5
LEAST_RATE = 1_500_000
LEAST_RATIO = 15


def mint() -> int:
    """How many codes a code space made."""
    return len(CodeSpace(new_key(), ALPHABET, LENGTH).mint(0, MINTED))


def draw() -> int:
    """How many codes were drawn, each one symbol by symbol."""
    codes: set[str] = set()
    while len(codes) < DRAWN:
        codes.add("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))
    return len(codes)


def rate(make: Callable[[], int]) -> float:
    """Codes a second, the best of several runs, which other programs disturbed least."""
    best = 0.0
    for _ in range(REPEATS):
        start = time.perf_counter()
        made = make()
        best = max(best, made / (time.perf_counter() - start))
    return best


def main() -> list[Row]:
    """Measure; the rows to print."""
    with _one_core():
        minted, drawn = rate(mint), rate(draw)
    return [
        Row("minting, codes/s on one core", minted, at_least=LEAST_RATE),
        Row("secrets.choice and a set, codes/s on one core", drawn),
        Row("minting: times the peer", minted / drawn, at_least=LEAST_RATIO),
    ]


@contextmanager
def _one_core() -> Iterator[None]:
    """Where the system can, everything in the block runs on one core."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


if __name__ == "__main__":
    for row in main():
        print(row)
