"""COPY text rows from code matrices and from values."""

import datetime as dt
import uuid
from decimal import Decimal

import numpy as np
import pytest

from app.codes.code_space import CodeSpace
from app.codes.copy_rows import CODE, copy_line, copy_text, escape


def test_a_line_for_each_code_with_every_marker_replaced():
    space = CodeSpace(bytes(32), "0123456789", 6)
    pieces = [b"/01/09312345551927/21/", CODE, b"\tnew\t", CODE]
    expected = "".join(
        f"/01/09312345551927/21/{serial}\tnew\t{serial}\n" for serial in space.serials(0, 1000)
    )
    assert bytes(copy_text(pieces, space.mint(0, 1000))) == expected.encode()


def test_no_codes_are_no_lines():
    assert bytes(copy_text([b"a\t", CODE], np.empty((0, 6), np.uint8))) == b""


def test_the_payload_is_one_flat_buffer():
    payload = copy_text([CODE], np.full((2, 3), ord("x"), np.uint8))
    assert isinstance(payload, memoryview)
    assert (payload.ndim, payload.format, payload.nbytes) == (1, "B", 8)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (None, rb"\N"),
        ("", b""),
        (r"\N", rb"\\N"),
        ("a\tb\nc\rd\\", rb"a\tb\nc\rd\\"),
        ("\b\v\f", rb"\b\v\f"),
        ("é", "é".encode()),
        (True, b"t"),
        (False, b"f"),
        (0, b"0"),
        (Decimal("1.50"), b"1.50"),
        (1.5, b"1.5"),
        ({"a": "b\n"}, rb'{"a": "b\\n"}'),
        (["é"], '["é"]'.encode()),
        (dt.date(2026, 1, 2), b"2026-01-02"),
        (dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), b"2026-01-02T03:04:05+00:00"),
        (uuid.UUID(int=1), b"00000000-0000-0000-0000-000000000001"),
    ],
)
def test_a_value_is_escaped(value, field):
    assert escape(value) == field


def test_a_value_without_a_text_form_is_refused():
    with pytest.raises(TypeError, match="got object"):
        escape(object())


def test_a_line_of_values():
    assert copy_line([1, None, "x\ty"]) == b"1\t\\N\tx\\ty\n"
