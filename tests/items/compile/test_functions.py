"""Texts that are numbers, as PostgreSQL sees them: what is none is null, and nothing fails."""

from decimal import Decimal, InvalidOperation

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Text, literal, select
from sqlalchemy.dialects import postgresql

from app.items.compile.functions import number_in

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False).map(str)
ODD = st.sampled_from(
    [
        "",
        "-",
        ".",
        "1.",
        ".5",
        "--1",
        "1e",
        "1e5",
        "1E+05",
        "1e99999",
        "-0",
        "0x10",
        "1_000",
        " 1",
        "1 ",
        "NaN",
        "Infinity",
        "١٢",
        "true",
        "1,5",
        "9" * 131_072,
        "9" * 131_073,
        "0." + "1" * 16_383,
        "0." + "1" * 16_384,
        "9" * 100 + "e9999",
        "1e-9999",
    ]
)
TEXTS = NUMBERS | ODD | st.text(alphabet="0123456789.eE+-", max_size=12)


@pytest.fixture
def number_of(rows):
    statement = str(
        select(number_in(literal("x", Text()))).compile(
            dialect=postgresql.dialect(), compile_kwargs={"render_postcompile": True}
        )
    )
    names = {name for name in ("param_1",) if f"%({name})s" in statement}
    assert names, statement

    def number(text):
        return rows.execute(statement, {"param_1": text}).fetchone()[0]

    return number


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=TEXTS)
def test_a_text_is_its_number_or_null_and_never_a_failure(number_of, text):
    found = number_of(text)
    try:
        meant = Decimal(text)
    except InvalidOperation:
        assert found is None
        return
    if found is not None:
        assert found == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("10.00", Decimal(10)),
        ("-7", Decimal(-7)),
        ("1e3", Decimal(1000)),
        ("123456789012345678901234567890.5", Decimal("123456789012345678901234567890.5")),
        ("9" * 131_073, None),
        ("NaN", None),
        ("1 ", None),
        ("", None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_a_text_is(number_of, text, meant):
    assert number_of(text) == meant
