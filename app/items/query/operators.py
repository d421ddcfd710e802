"""Filter operators: which a field type admits (directus.md 3.1)."""

_TEXT = frozenset(
    "_contains _ncontains _icontains _starts_with _nstarts_with _istarts_with _nistarts_with "
    "_ends_with _nends_with _iends_with _niends_with _eq _neq _empty _nempty _null _nnull _in "
    "_nin".split()
)
_ORDERED = frozenset("_eq _neq _lt _lte _gt _gte _between _nbetween _null _nnull _in _nin".split())
_MOMENT = _ORDERED | {"_contains", "_ncontains", "_empty", "_nempty"}

ADMITTED: dict[str, frozenset[str]] = {
    "string": _TEXT,
    "text": _TEXT,
    "csv": _TEXT,
    "hash": frozenset({"_empty", "_nempty", "_null", "_nnull"}),
    "uuid": frozenset({"_eq", "_neq", "_null", "_nnull", "_in", "_nin"}),
    "json": frozenset({"_null", "_nnull", "_json"}),
    "boolean": frozenset({"_eq", "_neq", "_null", "_nnull"}),
    "integer": _ORDERED,
    "bigInteger": _ORDERED,
    "float": _ORDERED,
    "decimal": _ORDERED,
    "date": _ORDERED,
    "dateTime": _ORDERED,
    "time": _ORDERED,
    "timestamp": _MOMENT,
}
"""The operators each field type takes. Concealed fields take those of `hash`."""

KNOWN = frozenset().union(*ADMITTED.values())
LISTS = frozenset({"_in", "_nin", "_between", "_nbetween"})
CLAIMS = frozenset({"_null", "_nnull", "_empty", "_nempty"})
"""Operators whose value says whether the claim or its opposite is asked for."""

OPPOSITE = {"_null": "_nnull", "_nnull": "_null", "_empty": "_nempty", "_nempty": "_empty"}

_LIKE = {
    f"_{prefix}{kind}": pattern
    for kind, pattern in {"contains": "%{}%", "starts_with": "{}%", "ends_with": "%{}"}.items()
    for prefix in ("", "n", "i", "ni")
}


_ESCAPED = str.maketrans({special: f"\\{special}" for special in ("\\", "%", "_")})


def like_pattern(operator: str, value: str) -> str | None:
    r"""The LIKE pattern of a text operator, or None for other operators.

    `%`, `_` and `\` in the value are characters like any other.
    """
    pattern = _LIKE.get(operator)
    return None if pattern is None else pattern.format(value.translate(_ESCAPED))
