"""Pictures made of pictures: sizes as sharp makes them, colors as they were, nothing else kept."""

import json
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin, features

from app.domains.directus_files.steps import FORMATS
from app.domains.directus_files.transformations import (
    PARAMETERS,
    PRESETS,
    Allowed,
    asked_transformation,
)
from app.domains.directus_files.transforming import Refused, transformed
from app.errors import InvalidQuery

MOST = 2000
RED, BLUE = (255, 0, 0), (0, 0, 255)


def picture(width=200, height=100, mode="RGB", form="PNG", **options):
    """Its left half is red, its right half blue."""
    made = Image.new(mode, (width, height), RED if mode.startswith("RGB") else 0)
    made.paste(BLUE if mode.startswith("RGB") else 255, (width // 2, 0, width, height))
    data = BytesIO()
    made.save(data, form, **options)
    return data.getvalue()


def made(data, kind="image/png", accept="", focal_point=(None, None), **params):
    asked = asked_transformation(
        {name: str(text) for name, text in params.items()}, Allowed(), MOST
    )
    done = asked.of(kind, focal_point, accept)
    steps = [[name, dict(numbers)] for name, numbers in done.steps]
    said = {"steps": steps, "format": done.format, "quality": done.quality, "most": MOST}
    return Image.open(BytesIO(transformed(data, said)))


def is_like(found, color, tolerance=12):
    return all(abs(a - b) <= tolerance for a, b in zip(found[:3], color, strict=True))


@pytest.mark.parametrize(
    ("params", "size"),
    [
        ({"width": 50}, (50, 25)),
        ({"height": 50}, (100, 50)),
        ({"width": 400}, (400, 200)),
        ({"width": 400, "withoutEnlargement": "true"}, (200, 100)),
        ({"width": 50, "height": 50}, (50, 50)),
        ({"width": 50, "height": 50, "fit": "contain"}, (50, 50)),
        ({"width": 50, "height": 50, "fit": "inside"}, (50, 25)),
        ({"width": 50, "height": 50, "fit": "outside"}, (100, 50)),
        ({"width": 50, "height": 80, "fit": "fill"}, (50, 80)),
        ({"width": 150, "height": 150, "withoutEnlargement": "true"}, (150, 100)),
        ({"width": 150, "height": 150, "fit": "contain", "withoutEnlargement": "1"}, (150, 150)),
        ({"width": 400, "height": 400, "fit": "inside", "withoutEnlargement": "1"}, (200, 100)),
        ({"width": 50, "withoutEnlargement": "false"}, (50, 25)),
        ({"key": "system-small-cover"}, (64, 64)),
        ({"key": "system-small-contain"}, (64, 32)),
        ({"key": "system-large-cover"}, (800, 800)),
        ({"transforms": '[["rotate", 90], ["extend", {"top": 10, "bottom": 5}]]'}, (100, 215)),
        ({"transforms": '[["extract", {"left":5,"top":5,"width":20,"height":9}]]'}, (20, 9)),
        ({"transforms": '[["resize", 40, 30], ["flip"], ["flop"], ["blur"]]'}, (40, 30)),
        ({"transforms": '[["resize", {"width": 40}]]', "width": 20}, (20, 10)),
        ({"quality": 10}, (200, 100)),
    ],
)
def test_sizes_are_those_of_sharp(params, size):
    assert made(picture(), **params).size == size
    assert made(picture(form="JPEG"), "image/jpeg", **params).size == size


def test_what_is_cut_off_is_around_the_focal_point():
    cut = {"width": 50, "height": 100}
    assert is_like(made(picture(), **cut).getpixel((2, 50)), RED)
    assert is_like(made(picture(), **cut).getpixel((47, 50)), BLUE)
    for x, color in ((10, RED), (190, BLUE)):
        for point in ({"focal_point": (x, 50)}, {"focal_point_x": x, "focal_point_y": 50}):
            found = made(picture(), **cut, **point)
            assert is_like(found.getpixel((2, 50)), color)
            assert is_like(found.getpixel((47, 50)), color)
    asked = {"focal_point_x": 190, "focal_point_y": 50}
    found = made(picture(), **cut, focal_point=(10, 50), **asked)
    assert is_like(found.getpixel((2, 50)), BLUE)


def test_what_is_contained_has_bars():
    found = made(picture(mode="RGBA"), width=100, height=100, fit="contain")
    assert found.getpixel((50, 5)) == (0, 0, 0, 255)
    assert is_like(found.getpixel((5, 50)), RED)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_pictures_stand_as_the_camera_was_held_and_tell_nothing_of_it(form, orientation):
    if form == "AVIF" and not features.check("avif"):
        return
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x9286] = orientation, "The maker", "The place"
    data = picture(form=form, exif=exif)
    found = made(data, f"image/{form.lower()}", transforms='[["negate"], ["negate"]]', format="png")
    left, top, is_red_first = {3: (1, 0, False), 6: (0, 1, True), 8: (0, 1, False)}[orientation]
    assert found.size == ((200, 100) if left else (100, 200))
    first = found.getpixel((20 * (left or 1), 20 * (top or 1)))
    assert is_like(first, RED if is_red_first else BLUE, 40)
    for format_ in FORMATS:
        again = made(data, width=50, format=format_)
        assert again.size == ((50, 25) if left else (50, 100))
        assert not dict(again.getexif()).keys() & {0x0112, 0x010F, 0x9286}
        assert not again.info.keys() & {"exif", "xmp", "icc_profile", "comment", "Comment"}


def test_texts_and_comments_do_not_come_along():
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "Nobody's business")
    found = made(picture(pnginfo=text, exif=b"", xmp=b"<x>"), width=100)
    assert "Author" not in found.text
    found = made(picture(form="JPEG", comment=b"secret"), "image/jpeg", width=100)
    assert "comment" not in found.info


def test_colors_of_a_profile_are_shown_as_they_are_meant():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"....", 1).replace(b"bXYZ", b"rXYZ", 1)
    swapped = swapped.replace(b"....", b"bXYZ", 1)  # what it calls red is blue
    for profile, color in ((srgb, RED), (swapped, BLUE), (srgb[:200], RED), (b"nonsense", RED)):
        for mode in ("RGB", "RGBA"):
            found = made(picture(mode=mode, icc_profile=profile), width=10)
            assert is_like(found.getpixel((1, 1)), color)
            assert found.mode == mode
    cmyk = picture(mode="CMYK", form="JPEG")
    assert made(cmyk, "image/jpeg", width=100, format="png").mode == "RGB"


@pytest.mark.parametrize(
    ("mode", "form", "found"),
    [
        ("L", "PNG", (255, 255, 255)),
        ("1", "PNG", (255, 255, 255)),
        ("LA", "PNG", (255, 255, 255, 255)),
        ("P", "PNG", None),
        ("RGBA", "WEBP", (0, 0, 255)),
        ("CMYK", "TIFF", None),
    ],
)
def test_pictures_of_every_kind_are_read(mode, form, found):
    if mode == "LA":
        data = BytesIO()
        Image.new("LA", (200, 100), (255, 255)).save(data, form)
        data = data.getvalue()
    else:
        data = picture(mode=mode, form=form, **({"lossless": True} if form == "WEBP" else {}))
    outcome = made(data, f"image/{form.lower()}", width=100, format="png")
    assert outcome.size == (100, 50)
    assert found is None or outcome.getpixel((90, 20)) == found


def test_sixteen_bits_become_eight():
    data = BytesIO()
    Image.new("I;16", (20, 10), 0x8000).save(data, "PNG")
    assert abs(made(data.getvalue(), width=10).getpixel((5, 3))[0] - 128) <= 1


def test_formats_are_those_that_are_asked_for_or_accepted():
    for name, form in (("jpg", "JPEG"), ("jpeg", "JPEG"), ("png", "PNG"), ("webp", "WEBP")):
        assert made(picture(), width=10, format=name).format == form
    assert made(picture(), format="tiff").format == "TIFF"
    assert made(picture(form="JPEG"), "image/jpeg", width=10).format == "JPEG"
    assert made(picture(), transforms='[["toFormat", "webp", {"quality": 5}]]').format == "WEBP"
    assert made(picture(), transforms='[["jpeg"]]').format == "JPEG"
    every = "text/html,image/avif,image/webp,*/*"
    best = "AVIF" if features.check("avif") else "WEBP"
    for kind, accept, form in (
        ("image/png", every, best),
        ("image/png", "image/webp", "WEBP"),
        ("image/png", "*/*", "PNG"),
        ("image/jpeg", "", "JPEG"),
        ("image/tiff", "", "PNG"),
        ("image/webp", "", "PNG"),
    ):
        assert made(picture(), kind, accept, format="auto").format == form
    small, large = (len(picture_bytes(quality)) for quality in (5, 100))
    assert small < large / 2


def picture_bytes(quality):
    said = {"steps": [], "format": "jpg", "quality": quality, "most": MOST}
    noise = BytesIO()
    Image.effect_noise((100, 100), 80).save(noise, "PNG")
    return transformed(noise.getvalue(), said)


def test_effects_leave_transparency_as_it_is():
    data = BytesIO()
    Image.new("RGBA", (20, 10), (10, 20, 30, 40)).save(data, "PNG")
    for name in ("negate", "grayscale", "greyscale", "normalize", "normalise", "sharpen"):
        assert made(data.getvalue(), transforms=f'[["{name}"]]').getpixel((9, 4))[3] == 40
    white = '[["flatten", {"background": "#ffffff"}]]'
    assert made(data.getvalue(), transforms=white).getpixel((9, 4))[0] > 200
    assert (
        made(data.getvalue(), transforms='[["threshold", 10]]').getpixel((9, 4))[:3] == (255,) * 3
    )
    clear = '[["extend", {"left": 5, "background": {"r": 1, "g": 2, "b": 3, "alpha": 0.5}}]]'
    assert made(picture(), transforms=clear).getpixel((2, 2)) == (1, 2, 3, 128)


@pytest.mark.parametrize(
    "params",
    [
        {"width": "0"}, {"width": "-1"}, {"width": "1.5"}, {"width": "x"}, {"width": ""},
        {"width": "2001"}, {"height": "1e9"}, {"width": "nan"}, {"width": "9" * 5000},
        {"width": "5", "fit": "crop"}, {"quality": "0"}, {"quality": "101"}, {"format": "gif"},
        {"format": "svg"}, {"withoutEnlargement": "maybe"}, {"focal_point_x": "-1", "width": "5"},
        {"key": "nothing"}, {"key": "system-small-cover", "width": "5"},
        {"transforms": "x"}, {"transforms": "{}"}, {"transforms": '[["flip"]]' + " " * 2000},
        {"transforms": "[" + ",".join(['["flip"]'] * 6) + "]"}, {"transforms": "[[]]"},
        {"transforms": '["flip"]'}, {"transforms": '[["composite"]]'}, {"transforms": "[[[1]]]"},
        {"transforms": '[["resize"]]'}, {"transforms": '[["resize", {"kernel": "cubic"}]]'},
        {"transforms": '[["resize", {"width": 5}, 1]]'}, {"transforms": '[["flip", 1]]'},
        {"transforms": '[["rotate"]]'}, {"transforms": '[["rotate", 361]]'},
        {"transforms": '[["rotate", true]]'}, {"transforms": '[["blur", 0.1]]'},
        {"transforms": '[["blur", null]]'}, {"transforms": '[["extract", {"left": 0}]]'},
        {"transforms": '[["extend", -1]]'}, {"transforms": '[["extend", {"background": "x"}]]'},
        {"transforms": '[["toFormat"]]'}, {"transforms": '[["toFormat", "exe"]]'},
        {"transforms": '[["png", {"quality": 0}]]'}, {"transforms": '[["png", {"palette": 1}]]'},
        {"transforms": '[["flatten", {"background": {"r": 256}}]]'},
        {"transforms": '[["flatten", {"background": {"alpha": 2}}]]'},
        {"transforms": '[["threshold", 256]]'}, {"transforms": "[" * 500 + "]" * 500},
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_before_anything_is_read(params):
    with pytest.raises(InvalidQuery):
        asked_transformation(params, Allowed(), MOST)


@pytest.mark.parametrize(
    "params", [{}, {"download": ""}, {"fit": "cover"}, {"withoutEnlargement": "true"},
               {"transforms": "[]"}, {"focal_point_x": "5"}]
)  # fmt: skip
def test_who_asks_for_nothing_has_the_file(params):
    assert asked_transformation(params, Allowed(), MOST) is None


def test_there_are_directus_presets():
    assert PRESETS.keys() == {
        f"system-{size}-{fit}"
        for size in ("small", "medium", "large")
        for fit in ("cover", "contain")
    }


_SAID = st.one_of(
    st.sampled_from(["", "0", "5", "-1", "1e3", "nan", "true", "cover", "jpg", "auto", "null"]),
    st.text(max_size=5),
)
_NAMES = st.sampled_from(["resize", "extract", "extend", "blur", "rotate", "flatten", "png"])
_OPTIONS = st.sampled_from(["width", "height", "left", "top", "background", "r", "quality"])
_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _SAID),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(_OPTIONS, inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(PARAMETERS - {"transforms"})), _SAID),
    st.lists(st.one_of(_VALUES, st.tuples(_NAMES, _VALUES).map(list)), max_size=4),
)
def test_whatever_is_said_is_understood_or_refused(params, transforms):
    """Also of a preset, where values are no texts."""
    text = json.dumps(transforms)
    saved = Allowed("all", {"k": {**params, "key": "k", "transforms": transforms}})
    for said in ({**params, "transforms": text}, {"key": "k"}):
        try:
            asked = asked_transformation(said, saved, MOST)
        except InvalidQuery:
            continue
        if asked is not None:
            done = asked.of("image/png", (1, 1), "image/webp")
            expected = {None: "png", "auto": "webp"}.get(asked.format, asked.format)
            assert (done.format, json.loads(done.instructions)["format"]) == (expected, expected)


_BROKEN = [b"nonsense", *(picture(form=form) for form in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"))]


# What Pillow warns of in a process of its own is nobody's concern.
@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, len(_BROKEN) - 1),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255))),
)
def test_files_that_are_broken_are_read_or_refused(which, changes):
    broken = bytearray(_BROKEN[which])
    for place, value in changes:
        broken[place % len(broken)] = value
    said = {"steps": [], "format": "jpg", "quality": None, "most": 300}
    with suppress(Refused):
        assert Image.open(BytesIO(transformed(bytes(broken), said))).format == "JPEG"


@pytest.mark.parametrize(
    ("data", "transforms"),
    [
        (b"", "[]"),
        (b"GIF89a nonsense", "[]"),
        (picture(form="GIF", mode="P"), "[]"),
        (picture(form="BMP"), "[]"),
        (picture()[:60], "[]"),
        (picture(form="JPEG")[:400], "[]"),
        (picture(2001, 1), "[]"),
        (picture(1, 2000), '[["resize", {"width": 2000}]]'),
        (picture(20, 2000), '[["resize", {"width": 40}]]'),
        (picture(), '[["extract", {"left": 150, "top": 0, "width": 51, "height": 1}]]'),
        (picture(2000, 10), '[["extend", {"left": 1}]]'),
    ],
)
def test_what_is_no_picture_or_too_large_is_refused(data, transforms):
    asked = asked_transformation({"transforms": transforms, "format": "png"}, Allowed(), MOST)
    done = asked.of("image/png", (None, None), "")
    steps = [[name, dict(numbers)] for name, numbers in done.steps]
    with pytest.raises(Refused):
        transformed(data, {"steps": steps, "format": "png", "quality": None, "most": MOST})
