"""Tries at secrets: how many are free, how delays grow, and whom they hinder (directus.md 5.3)."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import attempts, queue
from app.access.networks import network_of
from app.attempts import Try
from app.errors import RequestsExceeded
from tests.installation import forget_counts, forget_settings

ELSEWHERE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "S3_URL": "http://nobody:nobody@127.0.0.1:9/nothing",
    "SECRET": "a secret of at least sixteen characters",
}
"""Services that nobody asks for here."""


@pytest.fixture
def counted(redis_url, monkeypatch):
    monkeypatch.setenv("REDIS_URL", redis_url)
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)
    forget_settings()
    forget_counts()
    yield
    forget_settings()


async def tried(network="192.0.2.1", name="ada@example.com", free=3):
    """The seconds a try has to wait; 0 when it was looked at."""
    try:
        await Try(network, name).begin(free)
    except RequestsExceeded as refused:
        return refused.wait
    return 0


def waited():
    """As if all delays were over."""
    redis = queue.client()
    for key in redis.scan_iter("mintage:tries:*"):
        redis.hdel(key, "till")


async def test_the_delay_doubles_up_to_a_quarter_of_an_hour(counted):
    assert [await tried() for _ in range(3)] == [0, 0, 0]
    waits = []
    for _ in range(14):
        waits.append(await tried())
        waited()
        assert await tried() == 0
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]


async def test_a_thousand_at_once_are_not_all_the_first(counted):
    waits = await asyncio.gather(*(tried() for _ in range(200)))
    assert sum(wait == 0 for wait in waits) == 3


async def test_a_success_forgets_and_no_failure_is_taken_back(counted):
    for _ in range(5):
        await Try("192.0.2.1", "ada").begin(3)
        await Try("192.0.2.1", "ada").take_back()
    for _ in range(2):
        assert await tried(name="ada") == 0
    await Try("192.0.2.1", "ada").begin(3)
    await Try("192.0.2.1", "ada").succeed()
    assert [await tried(name="ada") for _ in range(4)] == [0, 0, 0, 1]


async def test_who_was_sent_away_has_not_failed_and_comes_sooner_once(counted):
    for _ in range(9):
        sent = Try("192.0.2.1", "ada")
        await sent.begin(3)
        await sent.send_away()
    second = Try("192.0.2.1", "ada")
    await second.begin(3)
    assert second.before == -1
    third = Try("192.0.2.1", "ada")
    await third.begin(3)
    assert third.before == 1
    assert Try("192.0.2.2", "ada").before == 0


@pytest.mark.parametrize("free", [0, None])
async def test_an_installation_may_ask_for_no_delay_at_a_name(counted, free):
    assert {await tried(free=free) for _ in range(90)} == {0}


async def test_an_address_that_tries_many_names_waits_for_a_minute_at_most(counted):
    assert {await tried(name=f"{n}@example.com") for n in range(100)} == {0}
    waits = []
    for n in range(10):
        waits.append(await tried(name=f"other-{n}@example.com"))
        waited()
        assert await tried(name=f"more-{n}@example.com") == 0
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert await tried("192.0.2.2", "other-1@example.com") == 0, "others do not"


async def test_a_name_under_attack_leaves_each_address_less_but_never_nothing(counted):
    for n in range(100):
        assert await tried(f"198.51.100.{n}", free=25) == 0
    assert [await tried("192.0.2.9", free=25) for _ in range(4)] == [0, 0, 0, 1]
    assert await tried("192.0.2.10", free=25) == 0, "the owner, from wherever"
    assert [await tried("192.0.2.9", "other", free=25) for _ in range(4)] == [0, 0, 0, 0]


async def test_without_redis_all_are_looked_at_and_it_is_logged(monkeypatch, caplog):
    for name, value in {**ELSEWHERE, "REDIS_URL": "redis://127.0.0.1:1/0"}.items():
        monkeypatch.setenv(name, value)
    forget_settings()
    assert [await tried(free=1) for _ in range(3)] == [0, 0, 0]
    await Try("192.0.2.1", "ada").succeed()
    assert len(caplog.messages) == 4
    forget_settings()


def test_what_is_kept_names_nobody():
    keys = "".join(Try("192.0.2.1", "ada@example.com")._keys)
    assert "ada" not in keys
    assert len("".join(Try("", "x" * 100_000)._keys)) < 300


@settings(max_examples=100, deadline=None)
@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_who_has_an_ipv6_network_has_one_address(address, host):
    own = type(address)((int(address) >> 64 << 64) | host)
    if address.ipv4_mapped is None and own.ipv4_mapped is None:
        assert network_of(str(address)) == network_of(str(own))


@given(st.ip_addresses(v=4))
def test_ipv4_addresses_are_apart_and_alike_in_ipv6(address):
    assert network_of(str(address)) == network_of(f"::ffff:{address}") == str(address)


def test_what_is_no_address_is_itself():
    assert [network_of(ip) for ip in (None, "", "unix", "1.2.3.4.5")] == [
        "",
        "",
        "unix",
        "1.2.3.4.5",
    ]
    assert attempts._FREE_PRESSED >= 3
