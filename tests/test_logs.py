"""Logs: one line an event, as JSON or for a terminal, with the request's id, without secrets."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import logging, structlog, sys
from app import logs
from app.settings import GivenSettings
logs.configure(GivenSettings(_env_file=None, log_format=sys.argv[1], log_level=sys.argv[2]))
structlog.contextvars.bind_contextvars(request_id="r-1", job="j-1")
structlog.get_logger().info("request", path="/x", ms=1.5)
logging.getLogger("app.thing").info("told %s", "it", extra={"path": "/y"})
logging.getLogger("uvicorn.error").warning("from the server")
logging.getLogger("psycopg.pool").warning("chatter")
secret = "a local secret"
try:
    raise ValueError("broken")
except ValueError:
    logging.getLogger("app.thing").exception("failed")
"""


def lines(log_format, level="info"):
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, log_format, level],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == ""
    return result.stderr


@pytest.mark.parametrize("log_format", ["json", "auto"])
def test_a_line_is_a_json_object_with_the_request_and_the_job(log_format):
    request, told, server, failed = map(json.loads, lines(log_format).splitlines())
    for event in (request, told, server, failed):
        assert (event["request_id"], event["job"]) == ("r-1", "j-1")
        assert event["timestamp"].endswith("Z")
    assert (request["event"], request["path"], request["ms"]) == ("request", "/x", 1.5)
    assert (told["event"], told["path"], told["logger"]) == ("told it", "/y", "app.thing")
    assert (server["event"], server["level"]) == ("from the server", "warning")
    assert "ValueError: broken" in failed["exception"]
    assert "a local secret" not in failed["exception"]


def test_a_terminal_gets_words():
    text = lines("console")
    assert "told it" in text
    assert "a local secret" not in text
    with pytest.raises(json.JSONDecodeError):
        json.loads(text.splitlines()[0])


def test_the_level_is_obeyed():
    events = [json.loads(line)["event"] for line in lines("json", "warning").splitlines()]
    assert events == ["from the server", "failed"]
