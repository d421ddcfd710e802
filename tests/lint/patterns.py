"""`make lint`: every regular expression of ours takes time in proportion to its text.

A pattern has to be one that can be read here: a literal, or made of constants of its module. What
people write (`_regex`, the password policy) goes through `app.items.query.patterns`, with a limit.
"""

import ast
import importlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from app.codes.application_identifiers import _formats
from app.settings import _URLS
from schema import BUILTIN
from tests.lint.ambiguity import Automaton

ROOT = Path(__file__).parents[2]
_TOPS = ("app", "schema", "workers", "migrations")
_CALLS = {"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
_WHOLE = "fullmatch"


@dataclass(frozen=True, slots=True)
class Use:
    """A pattern, where it stands, and how it is matched."""

    where: str
    pattern: str
    flags: int
    method: str

    @property
    def automaton(self) -> Automaton:
        return Automaton(
            self.pattern, self.flags, searched=self.method not in {_WHOLE, "match", "compile"}
        )

    def complaint(self) -> str | None:
        """What makes it slow on some text; None where nothing does."""
        found = self.automaton.complaint(whole=self.method in {_WHOLE, "compile"})
        return None if found is None else f"{self.where}: {self.pattern!r}: {found}"


def uses() -> list[Use]:
    """All uses of all patterns. Raises ValueError for a pattern that can't be read."""
    paths = sorted(path for top in _TOPS for path in (ROOT / top).rglob("*.py"))
    trees = {path: ast.parse(path.read_text()) for path in paths}
    methods = _methods(trees.values())
    found = [use for path, tree in trees.items() for use in _in_module(path, tree, methods)]
    return list(dict.fromkeys([*found, *_made()]))


def _made() -> Iterator[Use]:
    """Patterns that are made of definitions while the program runs."""
    for collection in BUILTIN:
        for item in collection.fields:
            if item.pattern is not None:
                yield Use(f"schema.{collection.name}.{item.name}", item.pattern, 0, "search")
    for name, (_, pattern) in _URLS.items():
        yield Use(f"app.settings.{name}", pattern, 0, "match")
    for ai, (_, made) in _formats().items():
        yield Use(f"application identifier {ai}", made.pattern, 0, _WHOLE)


_OF_DEFINITIONS = {"app.settings", "app.codes.application_identifiers", "schema.registry"}
"""Modules that make patterns of what `_made` lists."""
_OF_OTHERS = {"app.web.robots"}
"""Modules that make patterns of a package's list, and cut what meets them to 300 characters."""


def _methods(trees: Iterable[ast.Module]) -> dict[str, set[str]]:
    """The methods called on anything of a name, by the name."""
    found: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in _CALLS:
                name = _name(node.value)
                if name is not None and name != "re":
                    found.setdefault(name, set()).add(node.attr)
    return found


def _name(node: ast.expr) -> str | None:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return _name(value)
    return None


def _in_module(path: Path, tree: ast.Module, methods: dict[str, set[str]]) -> Iterator[Use]:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    names = {
        id(call): _name(statement.targets[0])
        for statement in ast.walk(tree)
        if isinstance(statement, ast.Assign)
        for call in ast.walk(statement.value)
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and _is_re(node.func)):
            continue
        where, call = f"{name}:{node.lineno}", node.func.attr
        try:
            pattern, flags = _read(importlib.import_module(name), node, call)
        except NameError:
            if name in _OF_DEFINITIONS | _OF_OTHERS:
                continue
            raise ValueError(f"{where}: name the pattern's parts at the module's level") from None
        if call != "compile":
            yield Use(where, pattern, flags, call)
            continue
        for method in sorted(methods.get(names.get(id(node)) or "", {"search", _WHOLE})):
            yield Use(where, pattern, flags, method)


def _is_re(node: ast.expr) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="re"), attr=name):
            return name in _CALLS
    return False


_FLAGS_AT = {"compile": 1, "split": 3, "sub": 4, "subn": 4}


def _read(module: ModuleType, call: ast.Call, name: str) -> tuple[str, int]:
    """The pattern and the flags of a call, as the module's constants make them."""
    at = _FLAGS_AT.get(name, 2)
    given = call.args[at : at + 1] + [item.value for item in call.keywords if item.arg == "flags"]
    flags = _evaluated(module, given[0]) if given else 0
    pattern = _evaluated(module, call.args[0])
    return (str(pattern), int(flags)) if isinstance(pattern, str) else ("", 0)


def _evaluated(module: ModuleType, node: ast.expr) -> object:
    return eval(compile(ast.Expression(node), module.__file__ or "", "eval"), vars(module))


def main() -> int:
    """Print what is slow; 1 if there is anything."""
    complaints = [said for use in uses() if (said := use.complaint()) is not None]
    for said in complaints:
        print(said)  # noqa: T201 - a command prints
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
