"""Whether a code was ever issued here, by arithmetic (DESIGN.md 5)."""

import pytest

from app.codes.errors import CodeError
from app.codes.key_wrap import WrongSecret
from app.codes.sscc import Sscc
from app.database.session import WriteSession
from app.domains.code_space.service import (
    mark_minted,
    open_random,
    open_sequential,
    take_positions,
    take_ranges,
)
from app.domains.code_space.verify import verify

JOB = "6d6cb08a-0000-4000-8000-039e350eef1e"
SECRET = "a secret of at least sixteen characters"
DIGITS = "0123456789"


@pytest.fixture
async def serials(session: WriteSession) -> list[str]:
    """Ten serials under /01/09312345551927: five minted, five taken and not minted."""
    space = await open_random(session, ("/01/09312345551927/21/", DIGITS, 8), SECRET)
    assert await take_positions(session, space, 10, fill=0.5, longest=20) == 0
    halves = [range(5), range(5, 10)]
    minted, _ = await take_ranges(session, space, JOB, "ORDER-7", halves)
    await mark_minted(session, minted.id)
    codes = space.codes(SECRET)
    return [serial for at in range(10) for serial in codes.serials(at, 1)]


async def test_a_minted_code_names_its_job(session, serials):
    for position, serial in enumerate(serials[:5]):
        found = await verify(session, f"/01/09312345551927/21/{serial}", SECRET)
        assert found.was_minted_here
        assert (found.position, found.job, found.reference_id) == (position, JOB, "ORDER-7")


async def test_a_code_that_is_not_minted_yet_is_not_issued(session, serials):
    found = await verify(session, f"/01/09312345551927/21/{serials[7]}", SECRET)
    assert (found.was_minted_here, found.job) == (False, JOB)


async def test_any_form_of_the_code_will_do(session, serials):
    for form in (
        "https://id.example.com/01/09312345551927/10/LOT/21/{}?17=260101",
        "HTTP://ID.example.com.:80/01/9312345551927/21/{}/?2026=1&17=2712&17=#top",
        "id.example.com/01/09312345551927/21/{}",
        "(01)09312345551927(21){}",
        "]Q30109312345551927\x1d21{}\x1d10LOT\r\n",
        "0109312345551927 21{}",
        "urn:epc:id:sgtin:9312345.055192.{}",
    ):
        found = await verify(session, form.format(serials[0]), SECRET)
        assert (found.was_minted_here, found.position) == (True, 0)


async def test_a_guess_is_told_apart(session, serials):
    guesses = [f"{number:08d}" for number in range(500) if f"{number:08d}" not in serials]
    for guess in guesses:
        found = await verify(session, f"/01/09312345551927/21/{guess}", SECRET)
        assert (found.was_minted_here, found.job) == (False, None)
    for path in ("/01/09312345551927/21/abcdefgh", "/01/09312345552016/21/" + serials[0]):
        assert not (await verify(session, path, SECRET)).was_minted_here


async def test_an_sscc_is_found_by_its_serial(session):
    space = await open_sequential(session, ("/00/00614141", DIGITS, 9))
    [taken] = await take_ranges(session, space, JOB, None, [range(5, 10)])
    await mark_minted(session, taken.id)
    found = {
        serial: (await verify(session, f"/00/{_sscc(serial)}", SECRET)).was_minted_here
        for serial in range(12)
    }
    assert [serial for serial, is_issued in found.items() if is_issued] == [5, 6, 7, 8, 9]
    wrong = _sscc(5)[:-1] + str((int(_sscc(5)[-1]) + 1) % 10)
    assert not (await verify(session, f"/00/{wrong}", SECRET)).was_minted_here


def _sscc(serial: int) -> str:
    return Sscc.build(0, "0614141", serial).value


async def test_a_text_that_is_no_code_is_refused(session):
    with pytest.raises(CodeError):
        await verify(session, "nonsense", SECRET)


async def test_another_secret_is_noticed(session, serials):
    with pytest.raises(WrongSecret):
        await verify(session, f"/01/09312345551927/21/{serials[0]}", "another secret, as long")
