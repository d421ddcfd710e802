"""PostgreSQL: made once (scram, UTF-8, database `mintage`), started on a unix socket only."""

import os
import platform
import pwd
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

import psycopg

from app.embedded.account import Account, unprivileged
from app.embedded.bound_process import spawn_bound
from app.embedded.errors import ServerDidNotStart
from app.embedded.folders import postgres_home, socket_folder
from app.embedded.leftovers import stop_leftovers
from app.embedded.postgres_install import postgres_programs
from app.embedded.private_files import keep_once
from app.embedded.server import Server, State

DATABASE = "mintage"
USER = "app"
_SOCKET = ".s.PGSQL.5432"
_MB = 1024 * 1024


def prepare(data_dir: Path) -> Server:
    """PostgreSQL of this DATA_DIR, ready to be started; the data folder is made if missing.

    Raises DataFolderUnusable, or ServerDidNotStart with what initdb said.
    """
    account = unprivileged()
    home = postgres_home(data_dir, account)
    programs = postgres_programs(home, account)
    password = keep_once(data_dir / "postgres.password", lambda: secrets.token_hex(24))
    data = home / "data"
    if not data.exists():
        _initialize(programs / "initdb", home, password, account)
    sockets = socket_folder(home / "run", _SOCKET, data_dir, account)
    url = f"postgresql://{USER}:{password}@/{DATABASE}?host={quote(str(sockets), safe='/')}"
    return Server(
        name="PostgreSQL",
        command=(str(programs / "postgres"), "-D", str(data), "-k", str(sockets), *_options()),
        folder=data,
        log=data_dir / "log" / "postgres.log",
        url=url,
        state=lambda: _state(url),
        account=account,
        stop_signal=signal.SIGINT,
        farewell=signal.SIGINT,
        patience=60,
        stale=_lock_files(data, sockets),
        litter=(sockets / _SOCKET, sockets / f"{_SOCKET}.lock", sockets),
    )


def _lock_files(data: Path, sockets: Path) -> tuple[Path, ...]:
    """What would keep out the next server if the process number in it is another's by then.

    That happens in restarted containers. Elsewhere than on Linux leftover backends are not seen,
    so there the lock of the data, which also guards against them, has to stay.
    """
    locks = [sockets / f"{_SOCKET}.lock"]
    if platform.system() == "Linux":
        locks.append(data / "postmaster.pid")
    return tuple(locks)


def _initialize(initdb: Path, home: Path, password: str, account: Account | None) -> None:
    """Make the data folder, under another name until it is whole."""
    _refuse_nameless_user()
    unfinished = home / "data.unfinished"
    stop_leftovers("postgres", unfinished, signal.SIGKILL)
    shutil.rmtree(unfinished, ignore_errors=True)
    password_file = home / "password.once"
    password_file.unlink(missing_ok=True)
    handle = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(password)
    if account is not None:
        os.chown(password_file, account.uid, account.gid)
    try:
        _run_initdb(initdb, unfinished, password_file, account)
    finally:
        password_file.unlink()
    unfinished.rename(home / "data")


def _refuse_nameless_user() -> None:
    """As initdb does, but saying what to do: containers may run as any number."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError as error:
        raise ServerDidNotStart(
            f"PostgreSQL needs a user with a name, and user {os.geteuid()} has no line in "
            "/etc/passwd. Add one, run as another user, or set DATABASE_URL."
        ) from error


def _run_initdb(initdb: Path, data: Path, password_file: Path, account: Account | None) -> None:
    command = [
        str(initdb),
        f"--pgdata={data}",
        f"--username={USER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
    ]
    process = spawn_bound(
        command,
        signal.SIGKILL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=data.parent,
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        account=account,
    )
    said = process.communicate()[1].decode(errors="replace")
    if process.returncode != 0:
        raise ServerDidNotStart(f"PostgreSQL's initdb failed in {data.parent}: {said}")


def _options() -> list[str]:
    settings = {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_preload_libraries": "pg_stat_statements",
        # In files of its own, not in /dev/shm: that is 64 MB in a container, and not swept by us.
        "dynamic_shared_memory_type": "mmap",
        "shared_buffers": f"{min(max(_memory() // 8, 128 * _MB), 2048 * _MB) // _MB}MB",
        # Codes are random, so after each checkpoint a job writes most index pages whole into the
        # WAL: checkpoints are rare, and what is not one's own work is spread out.
        "max_wal_size": "8GB",
        # A bulk insert writes new WAL files all the time: not twice, and not by waiting in line.
        "wal_init_zero": "off",
        "wal_buffers": "64MB",
        "checkpoint_timeout": "30min",
        "log_checkpoints": "off",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _memory() -> int:
    """Bytes of memory of this machine, or of this container if that is less."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text().strip() if limit.exists() else "max"
    return min(whole, int(text)) if text.isdigit() else whole


def _state(url: str) -> State:
    """Whether it takes connections to our database, which is made the first time.

    Raises ServerDidNotStart when it answers but refuses our password.
    """
    maintenance = url.replace(f"@/{DATABASE}?", "@/postgres?")
    try:
        with psycopg.connect(maintenance, autocommit=True, connect_timeout=5) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, [DATABASE]).fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
    except psycopg.OperationalError as error:
        said = str(error)
        if "authentication failed" in said:
            raise ServerDidNotStart(
                "PostgreSQL refused the password in DATA_DIR/postgres.password. Restore that file."
            ) from error
        busy = "starting up" in said or "not yet accepting connections" in said
        return State.BUSY if busy else State.SILENT
    return State.READY
