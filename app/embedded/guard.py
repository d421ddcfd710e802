"""The guard: a small process that owns the embedded servers and stops them with their user.

It reads one JSON line, the order, from its input; answers with one JSON line; and stops the
servers when its input ends (the parent is gone, however it went) or on SIGTERM. It holds the lock
of the DATA_DIR, so the lock is free only when the servers are gone.
"""

import json
import logging
import os
import select
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from app.embedded import postgres, seaweedfs, valkey
from app.embedded.errors import EmbeddedError, ServerDidNotStart
from app.embedded.log_tail import last_lines
from app.embedded.private_files import write_private
from app.embedded.server import Child, State

logger = logging.getLogger("mintage.guard")

PREPARE = {
    "s3_url": seaweedfs.prepare,
    "redis_url": valkey.prepare,
    "database_url": postgres.prepare,  # last: it takes half a second to make its data folder
}
START_SECONDS = 30.0
LONGEST_PAUSE = 10.0
RECOVERY_SECONDS = 900.0
"""A server that says it is busy reads its data or recovers from a crash; that may take long."""


@dataclass(frozen=True)
class Order:
    """What to run: the names of the URLs to provide, and the ones that are given."""

    data_dir: Path
    provide: tuple[str, ...]
    given: dict[str, str]


class Bell:
    """Rings when the parent is gone or asks to stop; also wakes when a child ends."""

    def __init__(self) -> None:
        self._stop = False
        self._parent = os.getppid()
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._on_stop)
        # Python's own handlers, not SIG_IGN: that would be handed down to the servers.
        for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(ignored, lambda _number, _frame: None)

    def wait(self, seconds: float) -> bool:
        """Wait at most so long; whether it is time to stop."""
        ready, _, _ = select.select([sys.stdin.fileno(), self._reader], [], [], seconds)
        if self._reader in ready:
            os.read(self._reader, 4096)
        if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 4096):
            self._stop = True
        # The input stays open if a process forked off the parent has it too.
        return self._stop or os.getppid() != self._parent

    def rest(self, seconds: float) -> bool:
        """Wait so long, unless it is time to stop; whether it is."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.wait(left):
                return True
        return False

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop = True


def main() -> int:
    """Run the order on standard input; 0 after a stop, 1 when a server could not be started."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    bell = Bell()
    order = _read_order()
    children: list[Child] = []
    record = order.data_dir / "services.json"
    try:
        services = _start(order, children, bell)
        if services is None:
            return 0
        write_private(record, json.dumps(services))
        _answer({"services": services})
        _watch(children, bell)
    except EmbeddedError as error:
        _answer({"error": str(error)})
        return 1
    except OSError as error:
        _answer({"error": f"The embedded services cannot be started: {error}."})
        return 1
    finally:
        record.unlink(missing_ok=True)
        _stop(children)
    return 0


def _read_order() -> Order:
    # Unbuffered: what follows the line is for the bell.
    line = b""
    while not line.endswith(b"\n"):
        block = os.read(sys.stdin.fileno(), 1)
        if not block:
            sys.exit(0)
        line += block
    facts = json.loads(line)
    return Order(Path(facts["data_dir"]), tuple(facts["provide"]), facts["given"])


def _answer(facts: dict[str, object]) -> None:
    try:
        os.write(sys.stdout.fileno(), json.dumps(facts).encode() + b"\n")
    except BrokenPipeError:
        logger.info("The parent is gone.")


def _start(order: Order, children: list[Child], bell: Bell) -> dict[str, str] | None:
    """Start all, wait for those that are awaited; all URLs, or None if told to stop meanwhile.

    Every server is started from this thread: its end would be taken for the guard's.
    """
    services = dict(order.given)
    for name, prepare in PREPARE.items():
        if name in order.provide:
            server = prepare(order.data_dir)
            services[name] = server.url
            children.append(Child(server))
    began = time.monotonic()
    waiting = children
    while waiting:
        waiting = [child for child in waiting if not _is_ready(child, time.monotonic() - began)]
        if bell.wait(0.02 if waiting else 0):
            return None
    return services


def _is_ready(child: Child, seconds: float) -> bool:
    server = child.server
    if server.state is None:
        return True
    if child.process.poll() is not None:
        raise ServerDidNotStart(
            f"{server.name} ended while starting (exit status {child.process.returncode}). "
            f"Its log, {server.log}, ends:\n{last_lines(server.log)}"
        )
    state = server.state()
    if state is State.READY:
        return True
    limit = RECOVERY_SECONDS if state is State.BUSY else START_SECONDS
    if seconds > limit:
        raise ServerDidNotStart(
            f"{server.name} did not start within {limit:.0f} s. Its log, {server.log}, ends:\n"
            f"{last_lines(server.log)}"
        )
    return False


def _watch(children: list[Child], bell: Bell) -> None:
    """Until told to stop, start a server that ended again, after a pause that grows."""
    pause, restarted = 0.5, 0.0
    while True:
        ended = [child for child in children if child.process.poll() is not None]
        if not ended:
            if bell.wait(60):
                return
            continue
        pause = (
            min(pause * 2, LONGEST_PAUSE)
            if time.monotonic() - restarted < 2 * LONGEST_PAUSE
            else 0.5
        )
        if bell.rest(pause):
            return
        for child in ended:
            status = child.process.returncode
            logger.warning("%s ended (%s) and is started again.", child.server.name, status)
            child.restart()
        restarted = time.monotonic()


def _stop(children: list[Child]) -> None:
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.stop()


if __name__ == "__main__":
    sys.exit(main())
