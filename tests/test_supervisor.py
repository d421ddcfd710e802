"""`mintage run` as a process: what it starts, keeps alive and stops, and how it refuses."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from app.embedded.ports import PAIR
from app.settings import GivenSettings
from app.supervisor import Program, programs_of, stack

_RUN = """
import json, sys
from app import supervisor
from app.settings import GivenSettings
supervisor.STOP_SECONDS = 1.0
facts = json.loads(sys.argv[1])
programs = [supervisor.Program(name, tuple(words)) for name, words in facts["programs"]]
sys.exit(supervisor.run(GivenSettings(_env_file=None, **facts["settings"]), programs or None))
"""
_NOTING = """
import os, signal, sys, time
def note(word):
    with open(sys.argv[1], "a") as file: print(sys.argv[2], word, os.getpid(), file=file)
def stop(*_):
    time.sleep(0.2); note("stopped"); os._exit(0)
signal.signal(signal.SIGTERM, stop)
note("started")
"""
_WEB = f"""{_NOTING}
from http.server import BaseHTTPRequestHandler, HTTPServer
class Ping(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/server/ping" else 404); self.end_headers()
    def log_message(self, *_): pass
HTTPServer(("127.0.0.1", int(sys.argv[3])), Ping).serve_forever()
"""
_WORKER = f"{_NOTING}\nwhile True: time.sleep(60)"
_STUBBORN = f"""{_NOTING}
os.fork()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True: time.sleep(60)
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder that every user may enter; PostgreSQL's own user has to, below root."""
    folder = Path(tempfile.mkdtemp(prefix="mintage-test-"))
    folder.chmod(0o711)
    yield folder
    for note in folder.rglob("ports.json"):
        for number in json.loads(note.read_text()):
            for path in Path("/tmp").glob(f"seaweedfs-*-grpc-{number + PAIR}.sock"):
                path.unlink()
    shutil.rmtree(folder)


@pytest.fixture
def settings(tmp_path, database_url, redis_url, services, port) -> dict[str, object]:
    """Services that run already, so that only the supervisor's own work takes time."""
    return {
        "data_dir": str(tmp_path / "var"),
        "database_url": database_url,
        "redis_url": redis_url,
        "s3_url": services.s3_url,
        "port": port,
        "log_format": "json",
    }


@pytest.fixture
def notes(tmp_path) -> Path:
    (tmp_path / "notes").touch()
    return tmp_path / "notes"


def programs(notes: Path, port: int, worker: str = _WORKER) -> list[tuple[str, list[str]]]:
    python = [sys.executable, "-c"]
    return [
        ("worker", [*python, worker, str(notes), "worker"]),
        ("web", [*python, _WEB, str(notes), "web", str(port)]),
    ]


def noted(notes: Path, word: str) -> list[tuple[str, int]]:
    """Who wrote that word, in order, with its process number."""
    lines = [line.split() for line in notes.read_text().splitlines()]
    return [(name, int(pid)) for name, said, pid in lines if said == word]


@contextmanager
def supervisor(
    settings: dict[str, object], children: list[tuple[str, list[str]]]
) -> Iterator[subprocess.Popen[str]]:
    """The supervisor as a process, in a process group of its own, once it says that it runs."""
    facts = json.dumps({"settings": settings, "programs": children})
    process = subprocess.Popen(
        [sys.executable, "-c", _RUN, facts],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    try:
        line = process.stdout.readline()
        if not line.startswith("Mintage runs"):
            pytest.fail(f"It did not start: {process.communicate()[1]}")
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def gone(processes: list[psutil.Process], seconds: float = 20) -> bool:
    def runs(process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    end = time.monotonic() + seconds
    while any(runs(process) for process in processes) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(runs(process) for process in processes)


def command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # one of those that come and go
        return ""


def below(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize("wanted", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_web_then_worker_and_the_status_is_0(settings, notes, port, wanted):
    with supervisor(settings, programs(notes, port)) as process:
        children = below(process)
        os.killpg(process.pid, wanted)  # as a terminal does, to the whole group
        time.sleep(0.05)
        os.killpg(process.pid, wanted)  # an impatient user
        assert process.wait(10) == 0
        assert gone(children, 0)
    assert [name for name, _ in noted(notes, "stopped")] == ["web", "worker"]


def test_a_child_that_dies_is_started_again_with_a_log_line(settings, notes, port):
    with supervisor(settings, programs(notes, port)) as process:
        ((_, first),) = [fact for fact in noted(notes, "started") if fact[0] == "worker"]
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: len(noted(notes, "started")) == 3)
        name, second = noted(notes, "started")[-1]
        assert (name, second != first) == ("worker", True)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=10)
    events = [json.loads(line)["event"] for line in said.splitlines()]
    assert "The worker ended (-9) and is started again in 0.5 s." in events


def test_a_child_that_does_not_stop_is_killed_with_all_it_started(settings, notes, port):
    with supervisor(settings, programs(notes, port, _STUBBORN)) as process:
        wait_for(lambda: len(below(process)) == 3)
        children = below(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert gone(children, 1)


def test_a_taken_port_is_refused_before_anything_starts(settings, notes, port):
    with socket.create_server(("127.0.0.1", port)):
        facts = json.dumps({"settings": settings, "programs": programs(notes, port)})
        done = subprocess.run(
            [sys.executable, "-c", _RUN, facts], capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == (
        f"Port {port} of 127.0.0.1 cannot be used: another program listens there. "
        "Stop it, or set PORT to a free one.\n"
    )
    assert not noted(notes, "started")
    assert not (Path(str(settings["data_dir"]))).exists()


def test_a_web_server_that_ends_while_starting_is_an_error(settings, notes, port):
    failing = [("web", [sys.executable, "-c", "raise SystemExit('no such thing')"])]
    facts = json.dumps({"settings": settings, "programs": failing})
    done = subprocess.run(
        [sys.executable, "-c", _RUN, facts], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "no such thing" in done.stderr
    assert done.stderr.endswith("The web server ended while starting; the reason is above.\n")


def test_a_database_that_does_not_answer_is_an_error(settings, notes, port):
    settings["database_url"] = "postgresql://nobody@127.0.0.1:9/none"
    facts = json.dumps({"settings": settings, "programs": programs(notes, port)})
    done = subprocess.run(
        [sys.executable, "-c", _RUN, facts], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("The database does not answer as it should: ")
    assert last.endswith("Check DATABASE_URL.")


@pytest.mark.parametrize("victim", ["supervisor", "guard"])
def test_killed_the_whole_real_stack_goes(short_folder, port, victim):
    """Embedded services, uvicorn, dramatiq and its forked worker."""
    settings = {"data_dir": str(short_folder), "port": port, "worker_threads": 1}
    settings |= {"database_url": None, "redis_url": None, "s3_url": None}
    with supervisor(settings, []) as process:
        children = below(process)
        lines = [command_line(child) for child in children]
        for word in ("uvicorn", "dramatiq", "weed", "valkey-server", "postgres", "guard"):
            assert [line for line in lines if word in line], word
        if victim == "supervisor":
            process.kill()
        else:
            named = zip(children, lines, strict=True)
            next(child for child, line in named if "guard" in line).kill()
            assert process.wait(30) == 1
            assert "The embedded services ended unexpectedly" in process.stderr.read()
        assert gone(children)


def test_a_stack_for_the_time_of_a_block_is_quiet(settings, notes, port, capfd):
    current = GivenSettings(_env_file=None, **settings)
    with stack(
        current, [Program(name, tuple(words)) for name, words in programs(notes, port)]
    ) as running:
        with urllib.request.urlopen(f"{running.base_url}/server/ping") as answer:
            assert answer.status == 200
        assert running.services.database_url == settings["database_url"]
        assert (Path(str(settings["data_dir"])) / "log" / "web.log").exists()
    assert [name for name, _ in noted(notes, "stopped")] == ["web", "worker"]
    assert capfd.readouterr().err == ""


def test_without_workers_there_is_no_worker():
    names = [program.name for program in programs_of(GivenSettings(_env_file=None, workers=0))]
    assert names == ["web"]
    worker, web = programs_of(
        GivenSettings(_env_file=None, workers=2, worker_threads=3, web_workers=4)
    )
    assert " ".join(worker.command[1:]) == "-m dramatiq workers.main --processes 2 --threads 3"
    assert "--port 8055 --workers 4" in " ".join(web.command)
