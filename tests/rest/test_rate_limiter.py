"""The rate limiter: per address and for all, in Redis (directus.md 5.5)."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from app import queue
from app.main import create_app
from tests.web import client_of


@pytest.fixture
def limited(installation):
    """Clients of an application with limits; the counts of other tests are forgotten."""
    redis = queue.client()
    for key in redis.scan_iter("mintage:requests:*"):
        redis.delete(key)

    @asynccontextmanager
    async def opened(headers=None, **limits):
        app = create_app(installation.model_copy(update=limits))
        async with client_of(app, headers) as client:
            yield client

    return opened


PER_ADDRESS = {
    "rate_limiter_enabled": True,
    "rate_limiter_points": 3,
    "rate_limiter_duration": 60.0,
}


async def test_above_the_points_it_says_when_to_come_again(limited):
    async with limited(**PER_ADDRESS) as client:
        for _ in range(3):
            assert (await client.get("/users/me")).status_code == 200
        answer = await client.get("/users/me")
        assert answer.status_code == 429
        wait = int(answer.headers["retry-after"])
        assert 1 <= wait <= 60
        [error] = answer.json()["errors"]
        assert error["message"] == f"Too many requests, retry after {wait}s."
        facts = error["extensions"]
        assert (facts["code"], facts["limit"]) == ("REQUESTS_EXCEEDED", 3)
        assert datetime.fromisoformat(facts["reset"]) > datetime.now(UTC)
        assert (await client.get("/server/ping")).status_code == 200


async def test_a_window_ends(limited):
    async with limited(**{**PER_ADDRESS, "rate_limiter_duration": 1.0}) as client:
        for _ in range(4):
            last = await client.get("/server/info")
        assert last.status_code == 429
        await asyncio.sleep(1.05)
        assert (await client.get("/server/info")).status_code == 200


async def test_processes_count_together_and_addresses_apart(limited):
    limits = {**PER_ADDRESS, "trust_proxy": True}
    one, other = {"X-Forwarded-For": "10.0.0.1"}, {"X-Forwarded-For": "10.0.0.2"}
    async with limited(one, **limits) as first, limited(one, **limits) as second:
        for client in (first, second, first):
            assert (await client.get("/server/info")).status_code == 200
        assert (await second.get("/server/info")).status_code == 429
        assert (await second.get("/server/info", headers=other)).status_code == 200


async def test_without_trust_an_address_can_not_be_made_up(limited):
    async with limited(**PER_ADDRESS) as client:
        answers = [
            await client.get("/server/info", headers={"X-Forwarded-For": f"10.0.0.{number}"})
            for number in range(4)
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]


async def test_the_limit_for_all_counts_everybody(limited):
    limits = {
        "rate_limiter_global_enabled": True,
        "rate_limiter_global_points": 2,
        "rate_limiter_global_duration": 60.0,
        "trust_proxy": True,
    }
    async with limited(**limits) as client:
        answers = [
            await client.get("/server/info", headers={"X-Forwarded-For": f"10.0.0.{number}"})
            for number in range(3)
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 429]


async def test_without_redis_all_pass_and_it_is_logged_once(limited, monkeypatch, caplog):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    queue.settings.cache_clear()
    queue.client.cache_clear()
    async with limited(**PER_ADDRESS) as client:
        for _ in range(5):
            assert (await client.get("/server/info")).status_code == 200
    told = [line for line in caplog.messages if "can't be counted" in line]
    assert len(told) == 1
