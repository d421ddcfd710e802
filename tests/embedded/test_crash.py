"""Whatever is killed, nothing is left running and nothing stored is lost."""

import subprocess
import time

import psycopg
import pytest
import redis

from app.embedded import guard, postgres, running, start, valkey
from tests.embedded.conftest import NO_S3, keeping, settings_for, starting


def store(services) -> None:
    with psycopg.connect(services.database_url) as connection:
        connection.execute("CREATE TABLE t AS SELECT 'kept' AS v")
    with redis.Redis.from_url(services.redis_url) as cache:
        cache.set("k", "kept")


def assert_kept(settings) -> None:
    with start(settings) as services:
        with psycopg.connect(services.database_url) as connection:
            assert connection.execute("SELECT v FROM t").fetchone() == ("kept",)
        with redis.Redis.from_url(services.redis_url) as cache:
            assert cache.get("k") == b"kept"


@pytest.mark.parametrize("victim", ["parent", "guard", "servers and guard"])
def test_killed_nothing_survives_and_the_data_does(open_folder, victim):
    settings = settings_for(open_folder / "var")
    with keeping(settings.data_dir) as keeper:
        store(running(settings))
        if victim == "parent":
            keeper.process.kill()
        else:
            killed = [keeper.guard]
            if victim != "guard":
                killed += [keeper.named("valkey-server"), keeper.named("postgres")]
            for process in killed:
                process.kill()
        assert keeper.all_gone()
        assert running(settings) is None
        if victim != "parent":
            assert_kept(settings)  # with the old parent, which has nothing left, still there
    assert_kept(settings)


def test_killed_with_all_three_nothing_survives(open_folder):
    with keeping(open_folder / "var", s3_url="") as keeper:
        keeper.guard.kill()
        assert keeper.all_gone()


def test_a_server_that_dies_is_started_again(open_folder):
    settings = settings_for(open_folder / "var")
    with keeping(settings.data_dir) as keeper:
        services = running(settings)
        for victim in [keeper.named("valkey-server"), keeper.named("postgres")]:
            victim.kill()
        end = time.monotonic() + 15
        while not _answer(services):
            assert time.monotonic() < end
            time.sleep(0.1)


def _answer(services) -> bool:
    try:
        with redis.Redis.from_url(services.redis_url) as cache:
            cache.ping()
        psycopg.connect(services.database_url).close()
    except (redis.ConnectionError, psycopg.OperationalError):
        return False
    return True


def test_orphans_of_an_instance_without_guard_are_stopped(open_folder):
    settings = settings_for(open_folder / "var")
    with start(settings) as services:
        store(services)
    orphans = []
    for prepare in (postgres.prepare, valkey.prepare):
        server = prepare(settings.data_dir)
        account = server.account
        orphan = subprocess.Popen(
            server.command,
            cwd=server.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
        )
        orphans.append(orphan)
        while server.state() is not guard.State.READY:
            time.sleep(0.02)
    assert_kept(settings)
    assert [orphan.wait(1) for orphan in orphans] == [0, 0]


@pytest.mark.parametrize("seconds", [0.15, 0.4])
def test_killed_while_it_starts_the_next_start_works(open_folder, seconds):
    settings = settings_for(open_folder / "var", redis_url="redis://127.0.0.1:9")
    with starting(settings.data_dir, NO_S3) as process:
        time.sleep(seconds)
        process.kill()
    with start(settings) as services:
        psycopg.connect(services.database_url).close()
