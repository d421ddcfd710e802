"""Keys are kept under the SECRET, and a wrong SECRET says so."""

import pytest

from app.codes.key_wrap import MalformedWrappedKey, WrongSecret, new_key, unwrap, wrap


def test_a_key_comes_back():
    key = new_key()
    assert len(key) == 32
    assert unwrap(wrap(key, "secret"), "secret") == key


def test_keys_and_wrappings_differ_every_time():
    assert new_key() != new_key()
    assert wrap(bytes(32), "secret") != wrap(bytes(32), "secret")


def test_the_key_is_not_in_its_wrapping():
    wrapped = wrap(b"k" * 32, "secret")
    assert wrapped.startswith("v1.")
    assert wrapped.isascii()
    assert "kkk" not in wrapped


def test_another_secret_is_named_as_the_cause():
    with pytest.raises(WrongSecret, match="SECRET of this installation is not the one"):
        unwrap(wrap(new_key(), "secret"), "Secret")


def test_a_changed_wrapping_is_refused():
    wrapped = wrap(new_key(), "secret")
    changed = wrapped[:20] + ("A" if wrapped[20] != "A" else "B") + wrapped[21:]
    with pytest.raises(WrongSecret):
        unwrap(changed, "secret")


@pytest.mark.parametrize("text", ["", "v2.AAAA", "v1.", "v1.AAAA", "v1.not base64!", "v1.é"])
def test_text_that_is_no_wrapped_key_is_refused(text):
    with pytest.raises(MalformedWrappedKey):
        unwrap(text, "secret")
