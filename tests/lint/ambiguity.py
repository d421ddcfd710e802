"""Whether a regular expression can be matched in more and more ways, as its text grows.

That is what makes Python's `re` slow: it tries each way before it gives up. A pattern becomes its
position automaton (Glushkov 1961), and that is looked at for the two criteria of Weber and Seidl,
"On the degree of ambiguity of finite automata" (1991): EDA, ways that double with each repetition,
and IDA, ways that grow with every character, as of adjacent repetitions of the same characters.
"""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from re import _constants as kinds
from re import _parser as parser
from typing import Any

ALPHABET = [chr(code) for code in range(256)] + list("\u0131\u017f\u0660\u2028\u212a\u4e2d\ufeff")
_ALL = (1 << len(ALPHABET)) - 1
_REPEATS = {kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT}
_ENDS = {kinds.AT_END, kinds.AT_END_STRING}
_MASKS: dict[tuple[str, str, int], int] = {}
_STARTS = {kinds.AT_BEGINNING, kinds.AT_BEGINNING_STRING}


@dataclass
class _Part:
    """A part of the pattern: whether it can be empty, and the positions it can begin and end at."""

    nullable: bool = True
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)


class Automaton:
    """The positions of a pattern: which characters each takes, and which may come after it.

    Characters are bits, by their place in ALPHABET. Position 0 is what stands before a match.
    """

    def __init__(self, pattern: str, flags: int = 0, *, searched: bool = False) -> None:
        tree = parser.parse(pattern, flags)
        self.flags = tree.state.flags
        self.masks = [_ALL]
        self.edges: Counter[tuple[int, int]] = Counter()
        whole = self._sequence(tree)
        self.last = set(whole.last)
        self.searched = searched and not _is_anchored(tree)
        self._link([0], whole.first)
        if self.searched:
            self.edges[0, 0] += 1
        self.after: list[list[int]] = [[] for _ in self.masks]
        for here, there in self.edges:
            self.after[here].append(there)
        self.reached = [set(self._reach(here)) for here in range(len(self.masks))]

    def loops(self) -> list[int]:
        """The positions that can come again and again."""
        return [here for here in range(len(self.masks)) if here in self.reached[here]]

    def complaint(self, *, whole: bool) -> str | None:
        """What is ambiguous; None where nothing is. `whole`: the match has to be of all the text.

        What may end at once, wherever the text goes on, never tries another way.
        """
        loops = [here for here in self.loops() if whole or here not in self.last]
        for (here, there), times in self.edges.items():
            if times > 1 and here in self.reached[there]:
                return f"a repetition of a repetition of {self._shown(there)}"
        for here in loops:
            if self._doubles(here):
                return f"several ways to repeat {self._shown(here)}"
        for here in self.loops():
            for there in loops:
                if here != there and there in self.reached[here] and self._grows(here, there):
                    return f"{self._shown(here)} and {self._shown(there)} share characters"
        return None

    def attacks(self, length: int) -> Iterator[str]:
        """Texts that fit as long as can be, and then don't."""
        loops = self.loops()
        for here in loops:
            start, cycle = self._word(0, here), self._word(here, here)
            repeated = {cycle}
            for mask in self.masks:
                if shared := self.masks[here] & mask:
                    repeated.add(_sample(shared))
            for piece in repeated:
                text = start + piece * (length // len(piece))
                for end in ("", "\x00", "!", "\n", " ", start):
                    yield text + end
                yield piece * (length // len(piece)) + "\x00"
        for here in range(1, len(self.masks)):
            if self.masks[here]:
                yield _sample(self.masks[here]) * length

    def _word(self, start: int, end: int) -> str:
        """A shortest text from behind one position to behind another."""
        before: dict[int, int] = {}
        waiting = deque([start])
        while waiting:
            here = waiting.popleft()
            for there in self.after[here]:
                if there not in before and self.masks[there]:
                    before[there] = here
                    waiting.append(there)
        path = [end]
        while before[path[-1]] != start:
            path.append(before[path[-1]])
        return "".join(_sample(self.masks[here]) for here in reversed(path))

    def _doubles(self, here: int) -> bool:
        """EDA: two different paths from a position to itself with the same text."""
        seen, waiting = {(here, here, False)}, deque([(here, here, False)])
        while waiting:
            left, right, parted = waiting.popleft()
            for a in self.after[left]:
                for b in self.after[right]:
                    if not self.masks[a] & self.masks[b]:
                        continue
                    state = (a, b, parted or a != b)
                    if state == (here, here, True):
                        return True
                    if state not in seen and here in self.reached[a] and here in self.reached[b]:
                        seen.add(state)
                        waiting.append(state)
        return False

    def _grows(self, here: int, there: int) -> bool:
        """IDA: a text from one position to itself, to another one, and from that to itself."""
        goal, begin = (here, there, there), (here, here, there)
        seen, waiting = {begin}, deque([begin])
        while waiting:
            state = waiting.popleft()
            for a in self.after[state[0]]:
                if here not in self.reached[a]:
                    continue
                for b in self.after[state[1]]:
                    both = self.masks[a] & self.masks[b]
                    if not both or (b != there and there not in self.reached[b]):
                        continue
                    for c in self.after[state[2]]:
                        following = (a, b, c)
                        if not both & self.masks[c] or there not in self.reached[c]:
                            continue
                        if following == goal:
                            return True
                        if following not in seen:
                            seen.add(following)
                            waiting.append(following)
        return False

    def _reach(self, start: int) -> Iterator[int]:
        seen: set[int] = set()
        waiting = [start]
        while waiting:
            for there in self.after[waiting.pop()]:
                if there not in seen:
                    seen.add(there)
                    waiting.append(there)
                    yield there

    def _shown(self, here: int) -> str:
        if here == 0 and self.searched:
            return "what is passed over before a match"
        taken = "".join(c for n, c in enumerate(ALPHABET) if self.masks[here] >> n & 1)
        return f"[{taken[:12].encode('unicode_escape').decode()}{'...' * (len(taken) > 12)}]"

    def _link(self, before: Iterable[int], after: Iterable[int]) -> None:
        after = list(after)
        self.edges.update((here, there) for here in before for there in after)

    def _place(self, mask: int) -> _Part:
        self.masks.append(mask)
        place = len(self.masks) - 1
        return _Part(nullable=False, first=[place], last=[place])

    def _sequence(self, tree: Any) -> _Part:
        made = _Part()
        for kind, argument in tree:
            made = self._joined(made, self._part(kind, argument))
        return made

    def _joined(self, left: _Part, right: _Part) -> _Part:
        self._link(left.last, right.first)
        return _Part(
            left.nullable and right.nullable,
            left.first + (right.first if left.nullable else []),
            right.last + (left.last if right.nullable else []),
        )

    def _part(self, kind: Any, argument: Any) -> _Part:
        if kind in _REPEATS:
            return self._repeated(*argument)
        if kind is kinds.BRANCH:
            parts = [self._sequence(branch) for branch in argument[1]]
            return _Part(
                any(part.nullable for part in parts),
                [place for part in parts for place in part.first],
                [place for part in parts for place in part.last],
            )
        if kind is kinds.SUBPATTERN:
            return self._sequence(argument[3])
        if kind is kinds.ATOMIC_GROUP:
            return self._sequence(argument)
        if kind is kinds.AT:
            # An end is a place that nothing takes: what stands before it may fail there.
            return self._place(0) if argument in _ENDS else _Part()
        if kind in {kinds.ASSERT, kinds.ASSERT_NOT}:
            return _Part()
        return self._place(self._mask(kind, argument))

    def _repeated(self, least: int, most: Any, tree: Any) -> _Part:
        if most is not kinds.MAXREPEAT:
            return self._counted(least, most, tree)
        made = self._sequence(tree)
        self._link(made.last, made.first)
        made.nullable = made.nullable or least == 0
        return made

    def _counted(self, least: int, most: int, tree: Any) -> _Part:
        """A repetition with a bound: twice shows what meets, more would be more of the same."""
        made, before = _Part(nullable=least == 0), list[int]()
        can_begin = True
        for number in range(1, min(most, 2) + 1):
            part = self._sequence(tree)
            self._link(before, part.first)
            made.first += part.first if can_begin else []
            made.last += part.last if number >= min(least, 2) else []
            before = part.last + (before if part.nullable else [])
            can_begin = can_begin and part.nullable
        made.nullable = made.nullable or can_begin
        return made

    def _mask(self, kind: Any, argument: Any) -> int:
        known = (str(kind), repr(argument), self.flags)
        if known not in _MASKS:
            _MASKS[known] = sum(
                1 << number
                for number, char in enumerate(ALPHABET)
                if any(self._takes(kind, argument, form) for form in self._forms(char))
            )
        return _MASKS[known]

    def _forms(self, char: str) -> set[str]:
        if not self.flags & re.IGNORECASE:
            return {char}
        return {form for form in (char, char.lower(), char.upper()) if len(form) == 1}

    def _takes(self, kind: Any, argument: Any, char: str) -> bool:
        if kind is kinds.LITERAL:
            return ord(char) == argument
        if kind is kinds.NOT_LITERAL:
            return ord(char) != argument
        if kind is kinds.RANGE:
            return argument[0] <= ord(char) <= argument[1]
        if kind is kinds.CATEGORY:
            return re.fullmatch(_CATEGORIES[argument], char, self.flags & re.ASCII) is not None
        if kind is kinds.IN:
            negated = argument[0][0] is kinds.NEGATE
            return negated != any(self._takes(k, a, char) for k, a in argument[negated:])
        if kind is kinds.ANY:
            return bool(self.flags & re.DOTALL) or char != "\n"
        raise ValueError(f"{kind} in a pattern: write it another way")


_CATEGORIES = {
    kinds.CATEGORY_DIGIT: r"\d",
    kinds.CATEGORY_NOT_DIGIT: r"\D",
    kinds.CATEGORY_SPACE: r"\s",
    kinds.CATEGORY_NOT_SPACE: r"\S",
    kinds.CATEGORY_WORD: r"\w",
    kinds.CATEGORY_NOT_WORD: r"\W",
}


def _sample(mask: int) -> str:
    """One of the characters, a plain one where there is one."""
    taken = [char for number, char in enumerate(ALPHABET) if mask >> number & 1]
    return next((char for char in "a0. " if char in taken), taken[0])


def _is_anchored(tree: Any) -> bool:
    """Whether a match can begin at the beginning only."""
    return bool(tree) and tree[0][0] is kinds.AT and tree[0][1] in _STARTS
