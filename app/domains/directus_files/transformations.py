"""What a URL of a picture asks for: sizes, formats, effects (Directus's parameters of `/assets`).

Nothing is looked at here but the parameters; `transforming` does what they say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import orjson

from app.domains.directus_files.steps import (
    FORMATS,
    RESIZE,
    Step,
    StepReader,
    image_format,
    quality,
    whole,
)
from app.errors import InvalidQuery, shown
from app.json_text import NotJson, TooDeep, read_json

PARAMETERS = frozenset(
    (*RESIZE, *"key transforms format quality focal_point_x focal_point_y".split())
)
_TYPES = {name: f"image/{name}" for name in FORMATS} | {"jpg": "image/jpeg"}
TRANSFORMED = frozenset(f"image/{name}" for name in "jpeg png webp tiff avif".split())
"""Types of files that are transformed. All others are served as they are, as Directus does."""

_MOST_STEPS = 5
"""Of `transforms`: Directus's ASSETS_TRANSFORM_MAX_OPERATIONS."""
_LONGEST_STEPS = 2_000
"""Characters."""

FocalPoint = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Transformation:
    """Steps in their order, the format they end in, and its quality (None: the format's own).

    `is_negotiated`: what the client accepts has chosen the format.
    """

    steps: tuple[Step, ...]
    format: str
    quality: int | None
    is_negotiated: bool = False

    @property
    def type(self) -> str:
        """The media type of the outcome."""
        return _TYPES[self.format]

    @property
    def instructions(self) -> bytes:
        """All of it as one line of JSON. What is the same has the same line."""
        said = {"steps": self.steps, "format": self.format, "quality": self.quality}
        return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)

    @property
    def name(self) -> str:
        """What tells the outcome from others of the same picture."""
        return f"{blake2b(self.instructions, digest_size=16).hexdigest()}.{self.format}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the parameters say, whatever the picture. `format`: a name, `auto`, or None."""

    steps: tuple[Step, ...]
    format: str | None = None
    quality: int | None = None
    focal_point: FocalPoint = (None, None)

    def of(self, kind: str, focal_point: FocalPoint, accept: str) -> Transformation:
        """For a file of a type (one of TRANSFORMED) with a focal point, and what is accepted."""
        x, y = (
            of_file if asked is None else asked
            for asked, of_file in zip(self.focal_point, focal_point, strict=True)
        )
        steps = self.steps
        if x is not None and y is not None:
            steps = tuple(
                (name, {**numbers, "focal_point": [x, y]}) if name == "resize" else (name, numbers)
                for name, numbers in steps
            )
        chosen_format = _format_of(self.format, kind, accept)
        return Transformation(steps, chosen_format, self.quality, self.format == "auto")


def _format_of(asked: str | None, kind: str, accept: str) -> str:
    own = next((name for name in FORMATS if _TYPES[name] == kind), "png")
    if asked != "auto":
        return asked or own
    for better in ("avif", "webp"):
        if better in FORMATS and f"image/{better}" in accept:
            return better
    return own if own in {"jpg", "png"} else "png"  # what every client can show


def _preset(fit: str, **sides: int) -> Asked:
    return Asked((("resize", {**sides, "fit": fit, "withoutEnlargement": False}),), "auto")


PRESETS: Mapping[str, Asked] = {
    "system-small-cover": _preset("cover", width=64, height=64),
    "system-small-contain": _preset("contain", width=64),
    "system-medium-cover": _preset("cover", width=300, height=300),
    "system-medium-contain": _preset("contain", width=300),
    "system-large-cover": _preset("cover", width=800, height=800),
    "system-large-contain": _preset("contain", width=800),
}
"""The keys that are always there, as a Studio asks for them."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the settings let clients ask for: `all`, only saved `presets`, or `none` but our own.

    `saved`: presets by their keys, as they were saved.
    """

    transform: str = "all"
    saved: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def is_asked(params: Mapping[str, str]) -> bool:
    """Whether the parameters of a request say anything of a transformation."""
    return not PARAMETERS.isdisjoint(params.keys())


def asked_transformation(params: Mapping[str, str], allowed: Allowed, most: int) -> Asked | None:
    """What the parameters of a request ask for; None: the file as it is.

    `most`: pixels that a side may have. Raises InvalidQuery for what can't or may not be done.
    """
    given: dict[str, Any] = {name: params[name] for name in PARAMETERS & params.keys()}
    if "key" in given:
        return _by_key(given, allowed, most)
    if "transforms" in given:
        given["transforms"] = _listed(given["transforms"])
    asked = _asked(given, most)
    if asked is not None and allowed.transform != "all":
        raise InvalidQuery("The settings allow saved transformations only: ask for one by its key")
    return asked


def _by_key(given: Mapping[str, str], allowed: Allowed, most: int) -> Asked | None:
    if len(given) > 1:
        raise InvalidQuery('"key" stands alone: leave out all other transformations')
    key = given["key"]
    if key in PRESETS:
        return PRESETS[key]
    if key in allowed.saved and allowed.transform != "none":
        saved = allowed.saved[key].items()
        return _asked({name: value for name, value in saved if value is not None}, most)
    raise InvalidQuery(f'Key "{shown(key)}" isn\'t configured: there are {", ".join(PRESETS)}')


def _listed(text: str) -> Any:
    try:
        return read_json(text) if len(text) <= _LONGEST_STEPS else None
    except (NotJson, TooDeep):
        return None


def _asked(given: Mapping[str, Any], most: int) -> Asked | None:
    reader = StepReader(most)
    asked = _read_steps(reader, given.get("transforms", []))
    size = reader.resize({name: given[name] for name in RESIZE if name in given})
    if "width" in size or "height" in size:
        asked = replace(asked, steps=(*asked.steps, ("resize", size)))
    if "format" in given:
        asked = replace(asked, format=image_format(given["format"], "auto"))
    if "quality" in given:
        asked = replace(asked, quality=quality(given["quality"]))
    x, y = (
        whole(name, given[name], 0, most) if name in given else None
        for name in ("focal_point_x", "focal_point_y")
    )
    if not asked.steps and asked.format is None and asked.quality is None:
        return None
    return replace(asked, focal_point=(x, y))


def _read_steps(reader: StepReader, raw: Any) -> Asked:
    """What `transforms` says: steps, of which the last that names a format says the format."""
    if not isinstance(raw, list) or len(raw) > _MOST_STEPS:
        raise InvalidQuery(
            f'"transforms" has to be a JSON array of at most {_MOST_STEPS} transformations, '
            f"{_LONGEST_STEPS} characters in all"
        )
    asked = Asked(())
    for name, said in map(reader.read, raw):
        if name == "toFormat":
            asked = replace(asked, format=said["format"], quality=said["quality"])
        else:
            asked = replace(asked, steps=(*asked.steps, (name, said)))
    return asked
