"""Secrets may be any text: what is none is wrong, and nobody's failure (directus.md 5.4)."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.access.secrets import (
    following_token,
    is_costly,
    is_password,
    password_hash,
    token_hash,
)
from app.pools import Asker

TEXT = st.text(st.characters(), max_size=40) | st.text(st.sampled_from("\ud800\udfff\xe9\0a"))
HASHES = st.builds(
    "$argon2{}$v={}$m={},t={},p={}${}${}".format,
    st.sampled_from(["id", "i", "d", "\xe9"]),
    *[st.sampled_from(["1", "19", "8", "\uff11", "-1", "x", "", "\ud800"])] * 4,
    *[st.sampled_from(["YWFhYWFhYWE", "\xe9", "", "a"])] * 2,
)


@given(TEXT)
def test_any_text_has_a_hash_of_its_own(text):
    assert len(token_hash(text)) == 64
    assert token_hash(text) != token_hash(text + "\ud800")
    assert len(following_token(text, "a secret of the installation")) == 43


@settings(max_examples=60, deadline=None)
@given(TEXT | HASHES)
def test_no_text_is_a_hash_by_chance(text):
    assert is_costly(text) in {True, False}
    if not is_costly(text):
        assert asyncio.run(is_password("x", text, Asker(None))) is False


@pytest.mark.parametrize("password", ["x", "\xe9", "\ud800", "a\0b"])
async def test_a_password_is_found_again(password):
    stored = await password_hash(password, Asker(None))
    assert await is_password(password, stored, Asker(None))
    assert not await is_password(password + "\udfff", stored, Asker(None))
