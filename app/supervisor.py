"""What `mintage run` does: services, web server and worker, started and stopped as one."""

import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from typing import NoReturn

import psycopg
from sqlalchemy.exc import OperationalError

from app import embedded, logs
from app.embedded import EmbeddedError, Services
from app.embedded.bound_process import import_path, spawn_bound
from app.embedded.folders import data_folder
from app.embedded.private_files import private_folder
from app.settings import GivenSettings

logger = logging.getLogger(__name__)

STOP_SECONDS = 15.0
"""What a child gets to finish what it is at, before it is killed."""
START_SECONDS = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
"""Seconds before a child that died is started again: doubled each time, up to the longest."""
_TICK = 0.25
_LOCAL = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
"""For a host that means every address, the one to use from this machine."""


class StackFailed(Exception):
    """The stack cannot run; the message is a sentence for whoever started it."""


@dataclass(frozen=True)
class Program:
    """A child of the stack: its name in logs, and its command."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Stack:
    """A stack that runs: its services, where it answers, and the admin token if it is new."""

    services: Services
    base_url: str
    admin_token: str | None
    admin_email: str
    _children: "tuple[_Child, ...]"
    _settings: GivenSettings
    _embeds: bool

    def tend(self) -> None:
        """Start what died again. To be called a few times a second, by the thread that started.

        Raises StackFailed when the embedded services are gone.
        """
        if self._embeds and embedded.running(self._settings) is None:
            raise StackFailed(
                "The embedded services ended unexpectedly; "
                f"{logs_of(self._settings)} says more. Start Mintage again."
            )
        for child in self._children:
            child.tend()

    def wait_for_ping(self) -> None:
        """Return when the web server answers. Raises StackFailed if it ends or stays silent."""
        web = next(child for child in self._children if child.program.name == "web")
        where = "above" if web.log is None else f"in {web.log}"
        end = time.monotonic() + START_SECONDS
        while not _pings(self._settings):
            if web.process is not None and web.process.poll() is not None:
                raise StackFailed(f"The web server ended while starting; the reason is {where}.")
            if time.monotonic() > end:
                raise StackFailed(
                    f"The web server is silent since {START_SECONDS:.0f} s; see {where}."
                )
            time.sleep(0.05)


def run(settings: GivenSettings, programs: Sequence[Program] | None = None) -> int:
    """Run the stack until SIGINT or SIGTERM; the exit status.

    0 after a signal; 1 with a sentence on standard error when it could not be started or go on.
    """
    logs.configure(settings)
    try:
        with _raising_on_signals(), stack(settings, programs, quiet=False) as running:
            _announce(running)
            while True:
                time.sleep(_TICK)
                running.tend()
    except _Stopped:
        return 0
    except (StackFailed, EmbeddedError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


@contextmanager
def stack(
    settings: GivenSettings, programs: Sequence[Program] | None = None, *, quiet: bool = True
) -> Iterator[Stack]:
    """Everything, for the time of the block, once the web server answers.

    The database is migrated and has its first admin. `programs` are the children (default: see
    `programs_of`); `quiet` sends their output to DATA_DIR/log. Raises StackFailed or EmbeddedError
    with a readable sentence.
    """
    _refuse_taken_port(settings.host, settings.port)
    host = _LOCAL.get(settings.host, settings.host)
    base_url = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    with embedded.start(settings) as services, ExitStack() as stopping:
        token = _prepare(settings, services)
        environment = _environment(settings, services)
        children = []
        for program in programs_of(settings) if programs is None else programs:
            log = logs_of(settings) / f"{program.name}.log" if quiet else None
            child = _Child(program, environment, log)
            stopping.callback(child.stop)  # stopped in the reverse order
            child.start()
            children.append(child)
        embeds = not (settings.database_url and settings.redis_url and settings.s3_url)
        running = Stack(
            services, base_url, token, settings.admin_email, tuple(children), settings, embeds
        )
        running.wait_for_ping()
        yield running


def programs_of(settings: GivenSettings) -> list[Program]:
    """The children of an installation: the worker, unless WORKERS is 0, and the web server."""
    worker = "-m dramatiq workers.main --processes {workers} --threads {worker_threads}"
    web = (
        "-m uvicorn app.main:app --host {host} --port {port} --workers {web_workers} "
        # Clients that ask every minute keep their connection; MAX_CONNECTIONS bounds them.
        "--no-access-log --no-proxy-headers --timeout-keep-alive 75 --timeout-graceful-shutdown 10 "
        "--loop uvloop --http app.web.connections:Connection --ws none"
    )
    commands = {"worker": worker, "web": web} if settings.workers else {"web": web}
    facts = settings.model_dump()
    return [
        Program(name, (sys.executable, *(word.format(**facts) for word in command.split())))
        for name, command in commands.items()
    ]


@dataclass
class _Child:
    """A program that is kept running."""

    program: Program
    environment: dict[str, str]
    log: Path | None
    process: subprocess.Popen[bytes] | None = None
    pause: float = FIRST_PAUSE
    started: float = 0.0
    due: float | None = None

    def start(self) -> None:
        # SIGTERM, should this process be killed: the child then ends its own children too.
        self.started, self.due = time.monotonic(), None
        with nullcontext() if self.log is None else self.log.open("ab") as output:
            self.process = spawn_bound(
                self.program.command,
                signal.SIGTERM,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment,
            )

    def tend(self) -> None:
        """Start the program again when it has ended and its pause is over."""
        now = time.monotonic()
        if self.process is None or self.process.poll() is None:
            return
        if self.due is None:
            if now - self.started > LONGEST_PAUSE:  # it ran well before
                self.pause = FIRST_PAUSE
            self.due = now + self.pause
            _kill_group(self.process.pid)  # what it started is of no use without it
            facts = (self.program.name, self.process.returncode, self.pause)
            logger.warning("The %s ended (%s) and is started again in %.1f s.", *facts)
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
        elif now >= self.due:
            self.start()

    def stop(self) -> None:
        """End it and all it started: asked first, killed when it takes too long."""
        if self.process is None:
            return
        self.process.terminate()  # does nothing when it has ended
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            logger.warning("The %s did not stop in time: killed.", self.program.name)
        _kill_group(self.process.pid)
        self.process.wait()


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # nobody was left


def _prepare(settings: GivenSettings, services: Services) -> str | None:
    """Migrate the database and make the first admin; its token if that is new."""
    from app.bootstrap import bootstrap  # noqa: PLC0415 - half a second of imports
    from app.database.migrate import upgrade  # noqa: PLC0415 - as above
    from app.served import served  # noqa: PLC0415 - as above

    what = served(settings)
    try:
        upgrade(services.database_url, what.tables, builtin=what.builtin)
        return bootstrap(settings, services.database_url)
    except (OperationalError, psycopg.OperationalError) as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0].rstrip(".")
        raise StackFailed(
            f"The database does not answer as it should: {reason}. Check DATABASE_URL."
        ) from error


def logs_of(settings: GivenSettings) -> Path:
    """The folder of the logs, made if missing."""
    return private_folder(data_folder(settings.data_dir) / "log")


def _environment(settings: GivenSettings, services: Services) -> dict[str, str]:
    """What the children read their settings from: the same settings, with the services' URLs."""
    facts = {**settings.model_dump(exclude_none=True), **asdict(services)}
    facts["data_dir"] = data_folder(settings.data_dir)
    variables = {name.upper(): str(value) for name, value in facts.items()}
    return {**os.environ, **variables, "PYTHONPATH": import_path()}


def _refuse_taken_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                reason = "another program listens there. Stop it, or set PORT to a free one"
            else:
                reason = f"{error.strerror}. Set HOST and PORT to what this machine can give"
            raise StackFailed(f"Port {port} of {host} cannot be used: {reason}.") from error


def _pings(settings: GivenSettings) -> bool:
    host = _LOCAL.get(settings.host, settings.host)
    with closing(HTTPConnection(host, settings.port, timeout=5)) as connection:
        try:
            connection.request("GET", "/server/ping")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False


def _announce(running: Stack) -> None:
    url = running.base_url
    text = f"Mintage runs: {url}\n  GraphQL     {url}/graphql\n  REST        {url}/items\n"
    if running.admin_token:
        text += f"  Admin token {running.admin_token}  (shown this once: keep it)\n"
    else:
        email = running.admin_email
        text += f"  Admin token as before; for a new one: mintage token create {email}\n"
    sys.stdout.write(text)
    sys.stdout.flush()


class _Stopped(BaseException):
    """SIGINT or SIGTERM came."""


@contextmanager
def _raising_on_signals() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into _Stopped; later ones do not disturb the stopping."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: None)
        raise _Stopped

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
