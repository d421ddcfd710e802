"""The embedded services start, answer, keep their data and their secrets, and stop."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis
from minio import Minio

from app.embedded import AlreadyRunning, EmbeddedError, Services, attach, running, start
from app.embedded.services import URLS
from tests.embedded.conftest import NO_S3, Keeper, keeping, opened_folder, settings_for


def query(services: Services, statement: str) -> object:
    with psycopg.connect(services.database_url) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def valkey(services: Services) -> redis.Redis:
    return redis.Redis.from_url(services.redis_url, decode_responses=True)


def bucket(services: Services) -> tuple[Minio, str]:
    url = urlsplit(services.s3_url)
    address = f"{url.hostname}:{url.port}"
    client = Minio(address, access_key=url.username, secret_key=url.password, secure=False)
    return client, url.path.strip("/")


def wait_for_s3(services: Services) -> None:
    client, name = bucket(services)
    if not client.bucket_exists(name):
        client.make_bucket(name)


def test_all_three_keep_their_data_over_a_restart(open_folder):
    settings = settings_for(open_folder / "var", s3_url=None)
    with start(settings) as first:
        query(first, "CREATE TABLE t AS SELECT 'kept' AS v")
        with valkey(first) as cache:
            cache.set("k", "kept")
        wait_for_s3(first)
        client, name = bucket(first)
        client.fput_object(name, "o", __file__)
    assert running(settings) is None
    (open_folder / "var" / "seaweedfs" / "ports.json").unlink()  # they may be taken next time
    with start(settings) as second:
        assert second.secret == first.secret
        assert second.database_url == first.database_url
        assert second.redis_url == first.redis_url
        assert query(second, "SELECT v FROM t") == "kept"
        with valkey(second) as cache:
            assert cache.get("k") == "kept"
        wait_for_s3(second)
        client, name = bucket(second)
        answer = client.get_object(name, "o")
        assert answer.read() == Path(__file__).read_bytes()
        answer.close()
        answer.release_conn()


def test_postgres_is_set_up_as_documented(services):
    shown = {
        name: query(services, f"SHOW {name}")
        for name in (
            "fsync synchronous_commit jit max_connections TimeZone listen_addresses "
            "shared_preload_libraries password_encryption max_wal_size checkpoint_timeout"
        ).split()
    }
    assert shown == {
        "fsync": "on",
        "synchronous_commit": "on",
        "jit": "off",
        "max_connections": "200",
        "TimeZone": "UTC",
        "listen_addresses": "",
        "shared_preload_libraries": "pg_stat_statements",
        "password_encryption": "scram-sha-256",
        "max_wal_size": "8GB",
        "checkpoint_timeout": "30min",
    }
    locale = "SELECT (encoding, datlocprovider, datlocale)::text FROM pg_database"
    assert query(services, f"{locale} WHERE datname = 'mintage'") == "(6,b,C.UTF-8)"  # 6: UTF8


def test_a_wrong_password_is_refused(services):
    wrong = services.database_url.replace(urlsplit(services.database_url).password, "wrong")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(wrong)
    wrong = services.redis_url.replace(urlsplit(services.redis_url).password, "wrong")
    with redis.Redis.from_url(wrong) as cache, pytest.raises(redis.AuthenticationError):
        cache.ping()


def test_two_instances_run_side_by_side_and_two_on_one_folder_do_not(open_folder):
    first, second = (settings_for(open_folder / name, s3_url=None) for name in ("a", "b"))
    with start(first) as a, start(second) as b:
        assert len({getattr(services, url) for services in (a, b) for url in URLS}) == 6
        assert query(a, "SELECT 1") == query(b, "SELECT 1") == 1
        assert running(first) == a
        with attach(first) as attached:
            assert attached == a
        assert running(first) == a
        with pytest.raises(AlreadyRunning, match="Another instance of Mintage runs on DATA_DIR"):
            start(first).__enter__()
    assert running(first) is None


def test_attach_starts_what_does_not_run_and_many_at_once_share_it(open_folder):
    settings = settings_for(open_folder / "var")
    together = Barrier(3)

    def ask(_number: int) -> Services:
        with attach(settings) as services:
            assert query(services, "SELECT 1") == 1
            together.wait(30)  # the one that started it ends it
            return services

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(ask, range(3)))) == 1
    assert running(settings) is None


def test_with_all_urls_given_nothing_is_started_or_written(tmp_path):
    given = {"database_url": "postgresql://x/y", "redis_url": "redis://x", "secret": "s" * 16}
    settings = settings_for(tmp_path / "var", **given)
    with start(settings) as services:
        assert services == Services(**given, s3_url=NO_S3)
        assert running(settings) is None
        assert not (tmp_path / "var").exists()


@pytest.fixture(scope="module")
def kept() -> Iterator[tuple[Path, Keeper]]:
    """An instance of all three in another process, to look at."""
    with opened_folder() as folder, keeping(folder / "var", s3_url="") as keeper:
        yield folder / "var", keeper


def test_nothing_listens_beyond_this_machine(kept):
    wait_for_s3(running(settings_for(kept[0])))
    listening = {
        (process.name(), connection.laddr.ip)
        for process in kept[1].servers
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {("weed", "127.0.0.1")}


def test_ctrl_c_reaches_no_server(kept):
    group = os.getpgid(kept[1].process.pid)
    assert group not in {os.getpgid(process.pid) for process in kept[1].servers}


def test_passwords_are_in_closed_files_and_in_no_command_line(kept):
    data_dir, keeper = kept
    services = running(settings_for(data_dir))
    lines = [" ".join(process.cmdline()) for process in keeper.servers]
    urls = (services.database_url, services.redis_url, services.s3_url)
    passwords = {urlsplit(url).password for url in urls} | {services.secret}
    assert len(passwords) == 4
    assert not [line for line in lines if any(word in line for word in passwords)]
    holding = [
        path
        for path in data_dir.rglob("*")
        if path.is_file() and any(word.encode() in path.read_bytes() for word in passwords)
    ]
    assert {path.name for path in holding} >= {"secret", "services.json", "s3.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in holding} == {0o600}
    for folder in ("log", "valkey", "seaweedfs", "postgres"):
        assert stat.S_IMODE((data_dir / folder).stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["long" * 30, "odd, 'name' \"ü\" %41?#"])
def test_a_long_or_odd_data_dir_gets_short_sockets_that_are_removed(open_folder, name):
    with start(settings_for(open_folder / name, s3_url=None)) as services:
        with psycopg.connect(services.database_url) as connection:
            folder = Path(connection.info.host)
        assert len(os.fsencode(folder / ".s.PGSQL.5432")) < 100
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        with valkey(services) as cache:
            assert cache.ping()
        wait_for_s3(services)
    assert not folder.exists()


def test_a_server_that_cannot_start_says_why(open_folder):
    settings = settings_for(open_folder / "var")
    with start(settings):
        pass
    (open_folder / "var" / "postgres" / "data" / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedError, match=r"(?s)PostgreSQL ended while starting.*pg_control"):
        start(settings).__enter__()
    assert running(settings) is None


def test_a_lost_secret_is_not_replaced_silently(open_folder):
    (open_folder / "secret").touch()
    with pytest.raises(EmbeddedError, match=r"secret is empty\. Restore it"):
        start(settings_for(open_folder)).__enter__()


def test_an_unusable_data_dir_is_named(open_folder):
    (open_folder / "file").touch()
    with pytest.raises(EmbeddedError, match=r"DATA_DIR .*/file/var cannot be used"):
        start(settings_for(open_folder / "file" / "var")).__enter__()


def test_the_guard_imports_little():
    """It is on the way of every start: no web framework, no settings library."""
    code = "import sys, app.embedded.guard; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pydantic", "starlette", "sqlalchemy", "numpy"} & set(done.stdout.split())
