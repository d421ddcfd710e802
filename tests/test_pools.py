"""Each kind of slow work waits for its own kind alone."""

import asyncio
import time
from contextvars import ContextVar

import pytest

from app.access.secrets import password_hash
from app.pools import HASHING, Pool

NAME: ContextVar[str] = ContextVar("name", default="nobody")


async def test_many_logins_leave_the_other_threads_alone():
    others = [asyncio.create_task(HASHING.run(time.sleep, 0.05)) for _ in range(50)]
    hashing = asyncio.create_task(password_hash("x" * 20))
    await asyncio.sleep(0)
    await asyncio.gather(*(asyncio.to_thread(time.sleep, 0) for _ in range(50)))
    assert not all(task.done() for task in others)
    assert not hashing.done()
    assert (await hashing).startswith("$argon2id$")
    await asyncio.gather(*others)


async def test_a_pool_runs_so_many_at_a_time():
    pool, running, most = Pool("test", 2), 0, 0

    def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.01)
        running -= 1

    await asyncio.gather(*(pool.run(work) for _ in range(10)))
    assert most == 2


async def test_work_runs_in_the_callers_context_and_raises_what_it_raises():
    NAME.set("somebody")
    assert await HASHING.run(NAME.get) == "somebody"
    with pytest.raises(ZeroDivisionError):
        await HASHING.run(lambda: 1 // 0)
