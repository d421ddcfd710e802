"""The rate limiter: per address and for all, in Redis (directus.md 5.5)."""

import asyncio
import re
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as drawn
from hypothesis import strategies as st

from app import queue
from app.main import create_app
from app.settings import settings
from app.web import rate_limiter
from app.web.rate_limiter import Allowance
from tests.installation import client_of, forget_counts
from tests.web.test_connections import connected
from tests.web.test_shares import served


@pytest.fixture
def limited(installation):
    """Clients of an application with limits."""

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


@pytest.mark.parametrize("size", [1 << 20, 100], ids=["at once", "cut"])
async def test_who_sends_on_without_waiting_is_refused_once(installation, size):
    """What comes after the refusal is not looked at, nor logged."""
    app = create_app(installation.model_copy(update=PER_ADDRESS))
    sent = b"GET /server/info HTTP/1.1\r\nHost: x\r\n\r\n" * 400
    parts = [sent[start : start + size] for start in range(0, len(sent), size)]
    async with served(app) as (port, *_), connected(port) as (reader, writer):
        writer.writelines(parts)
        answer = bytearray()
        with suppress(ConnectionResetError):  # what we sent on comes back as that
            while part := await asyncio.wait_for(reader.read(1 << 16), 10):
                answer += part
        assert answer.count(b"HTTP/1.1 200 ") <= 3
        assert answer.count(b"HTTP/1.1 429 ") <= 1
        if size > len(sent):
            assert answer.count(b"\r\nconnection: close\r\n") == 1
        async with connected(port) as (later, asking):
            for _ in range(2):  # who waits keeps the connection
                asking.write(b"GET /server/info HTTP/1.1\r\nHost: x\r\n\r\n")
                head = await asyncio.wait_for(later.readuntil(b"\r\n\r\n"), 10)
                assert head.startswith(b"HTTP/1.1 429 ")
                assert b"connection: close" not in head.lower()
                found = re.search(rb"content-length: (\d+)", head.lower())
                await later.readexactly(int(found[1]))


async def test_a_window_ends(limited):
    async with limited(**{**PER_ADDRESS, "rate_limiter_duration": 3.0}) as client:
        for _ in range(4):
            last = await client.get("/server/info")
        assert last.status_code == 429
        await asyncio.sleep(3.05)
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


async def test_without_redis_each_process_counts_alone_and_it_is_logged_once(
    limited, monkeypatch, caplog
):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    settings.cache_clear()
    queue.client.cache_clear()
    async with limited(**PER_ADDRESS) as client:
        answers = [await client.get("/server/info") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    told = [line for line in caplog.messages if "can't be counted together" in line]
    assert len(told) == 1


async def codes_of(client, mutations):
    body = {"query": f"mutation {{ {mutations} }}"}
    answer = (await client.post("/graphql/system", json=body)).json()
    return [error["extensions"]["code"] for error in answer["errors"]]


async def test_a_login_has_an_allowance_of_its_own(limited):
    limits = {
        **PER_ADDRESS,
        "rate_limiter_points": 20,
        "rate_limiter_auth_points": 3,
        "rate_limiter_auth_duration": 60.0,
        "login_stall_time": 0.0,
    }
    wrong = {"email": "nobody@example.com", "password": "wrong password"}
    async with limited({}, **limits) as client:
        assert (await client.post("/auth/login", json=wrong)).status_code == 401
        assert (await client.post("/auth/refresh", json={"refresh_token": "x"})).status_code == 401
        one = '{n}: auth_login(email: "nobody@example.com", password: "x") {{ access_token }}'
        many = " ".join(one.format(n=f"a{n}") for n in range(3))
        codes = await codes_of(client, many)
        assert codes == ["INVALID_CREDENTIALS", "REQUESTS_EXCEEDED", "REQUESTS_EXCEEDED"]
        assert (await client.post("/auth/login", json=wrong)).status_code == 429
        assert (await client.get("/server/info")).status_code == 200
        for root in (
            'auth_logout(refresh_token: "x")',
            'auth_refresh(refresh_token: "x") { expires }',
            'auth_password_request(email: "x@example.com")',
            'auth_password_reset(token: "x", password: "y")',
        ):
            assert await codes_of(client, root) == ["REQUESTS_EXCEEDED"], root
        # Of what is costly each one is a request.
        hashes = " ".join(f'h{n}: utils_hash_generate(string: "x")' for n in range(20))
        codes = await codes_of(client, hashes)
        assert set(codes) == {"FORBIDDEN", "REQUESTS_EXCEEDED"}
        assert codes == sorted(codes)


@pytest.mark.parametrize(
    "path", ["/api/v2/me/", "/v2/dashboard/scans/", "/v2/dashboard/summary", "/v2/none"]
)
async def test_scantrusts_clients_are_told_in_their_own_words(limited, path):
    async with limited(**PER_ADDRESS) as client:
        for _ in range(4):
            answer = await client.get(path)
        assert answer.status_code == 429
        assert answer.json() == {"detail": "Request was throttled."}
        assert 1 <= int(answer.headers["retry-after"]) <= 60


async def test_a_proxy_that_is_not_trusted_is_spoken_of(limited, caplog):
    async with limited({"X-Forwarded-For": "10.0.0.1"}, **PER_ADDRESS) as client:
        for _ in range(6):
            await client.get("/server/info")
    assert len([line for line in caplog.messages if "set TRUST_PROXY" in line]) == 1


async def asked(allowance, name="192.0.2.1"):
    """Whether one more request of the name is served."""
    return allowance.taken(name) or await allowance.exceeded(name) is None


async def test_who_asks_seldom_is_counted_here_alone(installation):
    allowance = Allowance("ip", 100, 60.0)
    assert [await asked(allowance) for _ in range(10)] == [True] * 10
    assert queue.client().get("mintage:requests:ip:192.0.2.1") is None
    assert await asked(allowance)
    assert int(queue.client().get("mintage:requests:ip:192.0.2.1")) == 11


@drawn(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(points=st.integers(1, 60), order=st.lists(st.integers(0, 2), min_size=120, max_size=120))
def test_processes_let_through_what_they_may_and_a_tenth_more_each(installation, points, order):
    """Whichever of three processes is asked: never too little, never much too much."""

    async def run():
        forget_counts()
        processes = [Allowance("ip", points, 60.0) for _ in range(3)]
        served = [await asked(processes[number]) for number in order]
        assert all(served[:points])
        assert sum(served) <= points + 3 * (points // 10)
        assert not any(served[-20:])

    asyncio.run(run())


async def test_a_process_keeps_no_more_counts_than_it_may(installation, monkeypatch):
    monkeypatch.setattr(rate_limiter, "_MOST_NAMES", 5)
    allowance = Allowance("ip", 100, 60.0)
    for number in range(20):
        assert await asked(allowance, str(number))
    assert list(allowance._counts) == ["15", "16", "17", "18", "19"]
