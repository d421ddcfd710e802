"""What covers a key (DESIGN.md 9): the company prefix its digits begin with, or its domain."""

import random

import pytest

from app.access.key_owners import Cover, covers_of, is_allowed, is_gs1_key, stem, unowned
from app.codes.check_digit import check_digit

KINDS = ("/01/{i}{body}{check}/21/S", "/8003/0{body}{check}S", "/00/{i}{body}{rest}{check}")


def digits(drawn, count):
    return "".join(drawn.choice("0123456789") for _ in range(count))


def key_under(drawn, prefix):
    """The key of a code whose digits begin with a prefix."""
    form, body = drawn.choice(KINDS), prefix + digits(drawn, 12 - len(prefix))
    first, rest = digits(drawn, 1), digits(drawn, 4)
    payload = {KINDS[0]: first + body, KINDS[1]: "0" + body, KINDS[2]: first + body + rest}[form]
    return form.format(i=first, body=body, rest=rest, check=check_digit(payload))


@pytest.fixture
async def prefixes(session, account):
    """A hundred prefixes of all lengths, none of which overlap: four digits tell them apart."""
    drawn = random.Random(9)
    starts = drawn.sample(range(1000, 10_000), 100)
    made = [str(start) + digits(drawn, drawn.randint(0, 8)) for start in starts]
    await session.execute("DELETE FROM company_prefix")
    await session.execute(
        "INSERT INTO company_prefix (account, digits) "
        "SELECT %(account)s, unnest(%(digits)s::text[])",
        {"account": account, "digits": made},
    )
    return made


async def test_a_key_is_covered_by_the_prefix_it_begins_with(session, account, prefixes):
    drawn = random.Random(10)
    keys = {key_under(drawn, prefix): prefix for prefix in prefixes for _ in range(10)}
    covers = await covers_of(session, map(stem, keys))
    for key, prefix in keys.items():
        assert covers[stem(key)] == Cover(account, len(prefix), prefix), key


async def test_a_key_one_digit_away_is_covered_by_nothing(session, prefixes):
    """Every digit of a prefix counts, in every kind of key."""
    drawn = random.Random(11)
    keys = []
    for prefix in prefixes:
        place = drawn.randrange(len(prefix))
        changed = str((int(prefix[place]) + drawn.randint(1, 9)) % 10)
        other = prefix[:place] + changed + prefix[place + 1 :]
        if not any(other.startswith(one) or one.startswith(other) for one in prefixes):
            keys.append(key_under(drawn, other))
    assert len(keys) > 50
    assert await covers_of(session, map(stem, keys)) == {}


async def test_the_indicator_is_no_part_of_it(session, account):
    """GS1 General Specifications 3: the digit before the prefix stands apart."""
    covers = await covers_of(
        session, ["/01/96141412345678", "/00/961414123456", "/8003/00614141123452"]
    )
    assert [covers[key].name for key in sorted(covers)] == ["0614141"]


@pytest.mark.parametrize("indicator", range(10))
async def test_gtin8s_lie_under_prefixes_of_three_digits(session, account, indicator):
    await session.execute(
        "INSERT INTO company_prefix (account, digits) VALUES (%(account)s, '9630')",
        {"account": account},
    )
    key = f"/01/{indicator}0000096385074"
    covers = await covers_of(session, [key, "/01/00000097385074"])
    assert covers == {key: Cover(account, 8, "963")}


@pytest.mark.parametrize(
    ("key", "is_one"),
    [
        ("/01/09312345551927", True),
        ("/414/0614141000005/254/1", True),
        ("/417/0614141000005", True),
        ("/8004/0614141ABC", True),
        ("/253/0614141000005X", True),
        ("/21/1234567", False),
        ("/shelf/12", False),
        ("own", False),
        ("/01/x", False),
    ],
)
def test_which_paths_are_gs1_keys(key, is_one):
    assert is_gs1_key(key) is is_one


@pytest.mark.parametrize("key", ["/417/0614141000005", "/8004/0614141ABC", "/253/0614141000005X"])
async def test_keys_that_begin_with_their_prefix(session, account, key):
    covers = await covers_of(session, [key])
    assert covers[key].name == "0614141"


async def test_a_pending_domain_covers_nothing(session, account):
    await session.execute(
        "INSERT INTO domain (account, domain_name, state) VALUES "
        "(%(account)s, 'yes.example', 'verified'), (%(account)s, 'no.example', 'pending'), "
        "(NULL, 'all.example', 'verified')",
        {"account": account},
    )
    asked = [stem(f"{name}.example/x7Kp") for name in ("yes", "no", "all", "other")]
    covers = await covers_of(session, asked)
    assert {key: cover.account for key, cover in covers.items()} == {
        "yes.example/": account,
        "all.example/": None,
    }


def test_who_may_have_a_key():
    own, shared = Cover("a", 7, "1234567"), Cover(None, 7, "1234567")
    assert is_allowed(own, "a")
    assert not is_allowed(own, "b")
    assert not is_allowed(own, None)
    assert is_allowed(shared, "a")
    assert is_allowed(shared, None)
    assert is_allowed(None, None)
    assert not is_allowed(None, "a")


def test_the_refusal_names_the_digits_and_who_helps():
    said = unowned("id", "/01/09312345551927/21/X").message
    assert '"931234555192"' in said
    assert "admin of the installation" in said
    assert "mintage domain verify go.example.com" in unowned("id", "go.example.com/x").message
