"""Minting against drawing: codes a second on one core, radix 62, length 8, in one run.

    python bench/minting.py

The peer is what one writes without a code space: draw every symbol with `secrets.choice`, keep a
set of what has been drawn, draw again on a repeat.
"""

import os
import secrets
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.codes.alphabets import CHARACTER_SETS
from app.codes.code_space import CodeSpace
from app.codes.key_wrap import new_key

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


def main() -> list[tuple[str, float, float]]:
    """Rows of name, measured value and the least that is expected, printed as well."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    minted, drawn = rate(mint), rate(draw)
    rows = [
        ("CodeSpace.mint, codes/s", minted, LEAST_RATE),
        ("secrets.choice and a set, codes/s", drawn, 0),
        ("ratio", minted / drawn, LEAST_RATIO),
    ]
    for name, value, least in rows:
        verdict = "" if value >= least else "  TOO SLOW"
        print(f"{name:36}{value:>16,.1f}   at least {least:>12,}{verdict}")
    return rows


if __name__ == "__main__":
    sys.exit(any(value < least for _, value, least in main()))
