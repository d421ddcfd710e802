"""One-time passwords by the clock (RFC 6238)."""

import pyotp
import pytest

from app.access.one_time import new_secret, sealed, step_of, unsealed
from app.codes.key_wrap import WrongSecret, wrap

SECRET = "a secret of at least sixteen characters"


def test_a_secret_shows_its_code_now_and_not_long_ago(monkeypatch):
    """RFC 6238 5.2: one step of drift on either side."""
    monkeypatch.setattr("time.time", lambda: 1_700_000_015.0)
    secret, now = new_secret(), 1_700_000_015 // 30
    clock = pyotp.TOTP(secret)
    for step in range(now - 3, now + 4):
        shown = step if abs(step - now) <= 1 else None
        assert step_of(secret, clock.generate_otp(step)) == shown


@pytest.mark.parametrize("secret", ["", "A", "a" * 16, "A" * 17, "1" * 16, "ü" * 16, "A" * 129])
def test_what_is_no_secret_shows_no_code(secret):
    assert step_of(secret, "123456") is None


@pytest.mark.parametrize("code", ["", "12345", "x" * 10_000, "\x00"])
def test_what_is_no_code_is_wrong(code):
    assert step_of("A" * 32, code) is None


def test_a_code_has_one_spelling():
    secret = new_secret()
    code = pyotp.TOTP(secret).now()
    full_width = "".join(chr(0xFF10 + int(digit)) for digit in code)
    for other in (full_width, f" {code}", f"{code}\n"):
        assert step_of(secret, other) is None


def test_only_the_installation_reads_what_is_stored():
    stored = sealed("A" * 32, SECRET, 57)
    assert "A" * 32 not in stored
    assert unsealed(stored, SECRET) == ("A" * 32, 57)
    with pytest.raises(WrongSecret):
        unsealed(stored, SECRET + "!")


def test_a_secret_of_an_earlier_version_has_no_step_used():
    assert unsealed(wrap(b"A" * 32, SECRET), SECRET) == ("A" * 32, 0)


def test_the_longest_secret_has_room_in_its_column():
    assert len(sealed("A" * 128, SECRET, 10**9)) <= 255
