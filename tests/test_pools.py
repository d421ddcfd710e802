"""Each kind of slow work waits for its own kind alone."""

import asyncio
import os
import threading
import time
from contextvars import ContextVar

import pytest

from app import pools
from app.access.secrets import password_hash
from app.errors import TooManyAtOnce, TooManyWaiting
from app.pools import HASHING, Asker, FairPool, Pool

NAME: ContextVar[str] = ContextVar("name", default="nobody")


async def test_many_logins_leave_the_other_threads_alone():
    others = [asyncio.create_task(HASHING.run(Asker(n), time.sleep, 0.05)) for n in range(50)]
    hashing = asyncio.create_task(password_hash("x" * 20, Asker("somebody")))
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
    assert await HASHING.run(Asker("a"), NAME.get) == "somebody"
    with pytest.raises(ZeroDivisionError):
        await HASHING.run(Asker("a"), lambda: 1 // 0)


class TestTurns:
    """A pool of one thread, which a flood has taken."""

    @pytest.fixture(autouse=True)
    def _patient(self, monkeypatch):
        monkeypatch.setattr(pools, "_PATIENCE", 60.0)

    @pytest.fixture
    def done(self):
        return []

    def flood(self, pool, done, who, before=0, group=None):
        def work() -> None:
            time.sleep(0.005)
            done.append(who)

        return asyncio.create_task(pool.run(Asker(who, before, group), work))

    async def test_who_asks_once_comes_before_who_asks_often(self, done):
        pool = FairPool("test", 1, 100)
        tasks = [self.flood(pool, done, "flood") for _ in range(20)]
        await asyncio.sleep(0)
        tasks += [self.flood(pool, done, "once")]
        await asyncio.gather(*tasks)
        assert done.index("once") < 3
        assert len(done) == 21

    async def test_who_has_asked_before_comes_later(self, done):
        pool = FairPool("test", 1, 100)
        tasks = [self.flood(pool, done, f"address {n}", before=2) for n in range(20)]
        await asyncio.sleep(0)
        tasks += [self.flood(pool, done, "new")]
        await asyncio.gather(*tasks)
        assert done.index("new") < 3

    async def test_a_group_counts_as_one(self, done):
        pool = FairPool("test", 1, 100)
        tasks = [self.flood(pool, done, n, group="192.0.2.0/24") for n in range(20)]
        await asyncio.sleep(0)
        tasks += [self.flood(pool, done, "other", group="198.51.100.0/24")]
        await asyncio.gather(*tasks)
        assert done.index("other") < 3

    async def test_a_flood_is_refused_in_the_end(self, done):
        pool = FairPool("test", 1, 5)
        tasks = [self.flood(pool, done, "flood") for _ in range(9)]
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(answer, TooManyAtOnce) for answer in answers) == 4
        await pool.run(Asker("flood"), done.clear)  # and let in again

    async def test_of_a_full_line_who_asks_most_is_sent_away(self, done):
        pool = FairPool("test", 1, 1000)
        flood = [self.flood(pool, done, "flood") for _ in range(150)]
        await asyncio.sleep(0)
        assert await self.flood(pool, done, "once") is None
        answers = await asyncio.gather(*flood, return_exceptions=True)
        assert sum(isinstance(answer, TooManyAtOnce) for answer in answers) == 50
        assert done.index("once") < 3
        assert len(done) == 101

    async def test_who_is_gone_gives_its_turn_back(self, done):
        pool = FairPool("test", 1, 100)
        tasks = [self.flood(pool, done, n) for n in range(6)]
        await asyncio.sleep(0.002)
        for task in tasks[:4]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(self.flood(pool, done, "after") for _ in range(3)))
        assert done[-3:] == ["after"] * 3

    async def test_nobody_waits_for_long(self, done, monkeypatch):
        """However slow the machine is: a line of any length may take minutes."""
        monkeypatch.setattr(pools, "_PATIENCE", 0.05)
        pool, slow = FairPool("test", 1, 100), asyncio.Event()
        loop = asyncio.get_running_loop()

        def work() -> None:
            asyncio.run_coroutine_threadsafe(slow.wait(), loop).result()

        first = asyncio.create_task(pool.run(Asker("first"), work))
        await asyncio.sleep(0)
        waiting = [self.flood(pool, done, n) for n in range(20)]
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(answer) for answer in answers} == {TooManyWaiting}
        assert pool._line == []
        slow.set()
        await first
        await self.flood(pool, done, "after")
        assert done == ["after"]
        assert pool._free == 1


async def test_hashing_is_done_with_what_the_others_leave():
    def niceness():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert niceness() < 10 == await HASHING.run(Asker("a"), niceness)
