"""One-time passwords by the clock (RFC 6238)."""

import pyotp
import pytest

from app.access.one_time import is_code, new_secret, sealed, unsealed
from app.codes.key_wrap import WrongSecret

SECRET = "a secret of at least sixteen characters"


def test_a_secret_shows_its_code_now_and_not_long_ago():
    secret = new_secret()
    clock = pyotp.TOTP(secret)
    assert is_code(secret, clock.now())
    assert not is_code(secret, clock.at(0))


@pytest.mark.parametrize("secret", ["", "A", "a" * 16, "A" * 17, "1" * 16, "ü" * 16, "A" * 129])
def test_what_is_no_secret_shows_no_code(secret):
    assert not is_code(secret, "123456")


@pytest.mark.parametrize("code", ["", "12345", "x" * 10_000, "\x00"])
def test_what_is_no_code_is_wrong(code):
    assert not is_code("A" * 32, code)


def test_a_code_has_one_spelling():
    secret = new_secret()
    code = pyotp.TOTP(secret).now()
    full_width = "".join(chr(0xFF10 + int(digit)) for digit in code)
    for other in (full_width, f" {code}", f"{code}\n"):
        assert not is_code(secret, other)


def test_only_the_installation_reads_what_is_stored():
    stored = sealed("A" * 32, SECRET)
    assert "A" * 32 not in stored
    assert unsealed(stored, SECRET) == "A" * 32
    with pytest.raises(WrongSecret):
        unsealed(stored, SECRET + "!")
