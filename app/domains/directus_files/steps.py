"""The steps of a transformation, read from what a client says: known names, checked numbers.

The names are those of sharp, which Directus hands them to; each is one that `transforming` knows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PIL import ImageColor, features

from app.errors import InvalidQuery, shown

FITS = ("cover", "contain", "inside", "outside", "fill")
FORMATS = ("jpg", "png", "webp", "tiff", *(("avif",) if features.check("avif") else ()))
RESIZE = ("width", "height", "fit", "withoutEnlargement")

_SIDES = ("top", "bottom", "left", "right")
_BOX = ("left", "top", "width", "height")
_LONGEST_COLOR = 40
_LEAST_BLUR, _MOST_BLUR = 0.3, 1000.0
_BLACK = (0, 0, 0, 255)

Step = tuple[str, dict[str, Any]]
"""What is done, and with what."""


def whole(name: str, value: Any, least: int, most: int) -> int:
    """A whole number, also as text. Raises InvalidQuery."""
    number = _number(value)
    if number is None or number != int(number) or not least <= number <= most:
        raise _wrong(name, f"a whole number from {least} to {most}", value)
    return int(number)


def chosen(name: str, value: Any, choices: tuple[str, ...]) -> str:
    """One of some words. Raises InvalidQuery."""
    if not isinstance(value, str) or value not in choices:
        raise _wrong(name, f"one of {', '.join(choices)}", value)
    return value


def image_format(value: Any, *more: str) -> str:
    """The name of a format, as FORMATS has it, or one `more` word."""
    return chosen("format", "jpg" if value == "jpeg" else value, (*FORMATS, *more))


def quality(value: Any) -> int:
    return whole("quality", value, 1, 100)


@dataclass(frozen=True, slots=True)
class StepReader:
    """Reads steps. `most`: pixels that a side of a picture may have."""

    most: int

    def read(self, raw: Any) -> Step:
        """A step of `transforms`: a list of its name and what it takes. Raises InvalidQuery."""
        known = self._known()
        if not isinstance(raw, list) or not raw or str(raw[0]) not in known:
            raise _wrong("transforms", f"lists that begin with {', '.join(known)}", raw)
        name, read = known[str(raw[0])]
        return name, read(raw[1:])

    def resize(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A new size: one side or both, what becomes of the rest, whether pictures may grow."""
        _only("resize", given, RESIZE)
        numbers: dict[str, Any] = {
            name: whole(name, given[name], 1, self.most)
            for name in ("width", "height")
            if given.get(name) is not None
        }
        numbers["fit"] = chosen("fit", given.get("fit", "cover"), FITS)
        numbers["withoutEnlargement"] = _flag(given.get("withoutEnlargement", False))
        return numbers

    def _known(self) -> dict[str, tuple[str, Callable[[list[Any]], dict[str, Any]]]]:
        """By the names clients use: our name, and what reads the rest of the list."""
        plain = ("flip", "flop", "negate", "grayscale", "normalize", "sharpen")
        return {
            "resize": ("resize", self._resize_step),
            "extract": ("extract", self._extract),
            "extend": ("extend", self._extend),
            "rotate": ("rotate", _rotate),
            "blur": ("blur", _blur),
            "threshold": ("threshold", _threshold),
            "flatten": ("flatten", _flatten),
            **{name: (name, _nothing) for name in plain},
            "greyscale": ("grayscale", _nothing),
            "normalise": ("normalize", _nothing),
            "toFormat": ("toFormat", _to_format),
            **{name: ("toFormat", _format_called(name)) for name in (*FORMATS, "jpeg")},
        }

    def _resize_step(self, rest: list[Any]) -> dict[str, Any]:
        if rest and not isinstance(rest[0], dict):
            sides = dict(zip(("width", "height"), rest[:2], strict=False))
            rest = [{**sides, **_options("resize", rest[2:])}]
        numbers = self.resize(_options("resize", rest))
        if "width" not in numbers and "height" not in numbers:
            raise _wrong("resize", "a width or a height", rest)
        return numbers

    def _extract(self, rest: list[Any]) -> dict[str, Any]:
        given = _options("extract", rest)
        _only("extract", given, _BOX)
        least = {"left": 0, "top": 0, "width": 1, "height": 1}
        return {name: whole(name, given.get(name), least[name], self.most) for name in _BOX}

    def _extend(self, rest: list[Any]) -> dict[str, Any]:
        if rest and not isinstance(rest[0], dict):
            rest = [dict.fromkeys(_SIDES, rest[0])]
        given = _options("extend", rest)
        _only("extend", given, (*_SIDES, "background"))
        sides = {name: whole(name, given.get(name, 0), 0, self.most) for name in _SIDES}
        return {**sides, "background": _color(given.get("background"))}


def _options(name: str, rest: list[Any]) -> Mapping[str, Any]:
    """What a step takes, where that is one object or nothing."""
    if not rest:
        return {}
    if len(rest) > 1 or not isinstance(rest[0], dict):
        raise _wrong(name, "an object", rest)
    return dict(rest[0])


def _value(name: str, rest: list[Any]) -> Any:
    """What a step takes, where that is one value or nothing."""
    if len(rest) > 1:
        raise _wrong(name, "one value", rest)
    return rest[0] if rest else None


def _nothing(rest: list[Any]) -> dict[str, Any]:
    if rest:
        raise _wrong("transforms", "nothing after this name", rest)
    return {}


def _rotate(rest: list[Any]) -> dict[str, Any]:
    angle = _number(_value("rotate", rest))
    if angle is None or abs(angle) > 360:  # noqa: PLR2004 - degrees
        raise _wrong("rotate", "an angle from -360 to 360", rest)
    return {"angle": angle}


def _blur(rest: list[Any]) -> dict[str, Any]:
    sigma = 1.0 if not rest else _number(_value("blur", rest))
    if sigma is None or not _LEAST_BLUR <= sigma <= _MOST_BLUR:
        raise _wrong("blur", f"a number from {_LEAST_BLUR} to {_MOST_BLUR:g}", rest)
    return {"sigma": sigma}


def _threshold(rest: list[Any]) -> dict[str, Any]:
    return {"value": 128 if not rest else whole("threshold", _value("threshold", rest), 0, 255)}


def _flatten(rest: list[Any]) -> dict[str, Any]:
    given = _options("flatten", rest)
    _only("flatten", given, ("background",))
    return {"background": _color(given.get("background"))}


def _to_format(rest: list[Any]) -> dict[str, Any]:
    given = _options("toFormat", rest[1:])
    _only("toFormat", given, ("quality",))
    asked = given.get("quality")
    return {
        "format": image_format(rest[0] if rest else None),
        "quality": None if asked is None else quality(asked),
    }


def _format_called(name: str) -> Callable[[list[Any]], dict[str, Any]]:
    return lambda rest: _to_format([name, *rest])


def _only(step: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise InvalidQuery(f'"{step}" takes {", ".join(known)}, not "{shown(name)}"')


def _number(value: Any) -> float | None:
    """A number, also as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e9 else None  # noqa: PLR2004 - and no nan


def _flag(value: Any) -> bool:
    if value in (True, "true", "1", ""):
        return True
    if value in (False, "false", "0"):
        return False
    raise _wrong("withoutEnlargement", "true or false", value)


def _color(value: Any) -> tuple[int, ...]:
    """A color as red, green, blue and alpha, 0 to 255 each: of a CSS text, or sharp's object."""
    if value is None:
        return _BLACK
    if isinstance(value, dict):
        _only("background", value, ("r", "g", "b", "alpha"))
        parts = [whole(name, value.get(name, 0), 0, 255) for name in "rgb"]
        alpha = _number(value.get("alpha", 1))
        if alpha is None or not 0 <= alpha <= 1:
            raise _wrong("alpha", "a number from 0 to 1", value)
        return (*parts, round(alpha * 255))
    try:
        if isinstance(value, str) and len(value) <= _LONGEST_COLOR:
            color = ImageColor.getcolor(value, "RGBA")
            return color if isinstance(color, tuple) else _BLACK
    except ValueError:
        pass
    raise _wrong("background", "a color as #rrggbb or by its name", value)


def _wrong(name: str, expected: str, value: Any) -> InvalidQuery:
    return InvalidQuery(f'"{name}" has to be {expected}, not {shown(value)}')
