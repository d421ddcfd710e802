"""Containers run what `mintage run` runs."""

from pathlib import Path

import yaml

from app.settings import GivenSettings
from app.supervisor import programs_of

COMPOSE = Path(__file__).parents[1] / "compose.yaml"


def test_the_web_server_has_the_same_bounds():
    """What a client has to do to keep a connection is an option of the server."""
    [web] = [program for program in programs_of(GivenSettings()) if program.name == "web"]
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    contained = services["web"]["command"][-1].split()
    options = "--no-access-log"
    ours = list(web.command)
    assert int(ours[ours.index("--timeout-keep-alive") + 1]) > 65  # Node clients poll less often
    assert contained[contained.index(options) :] == ours[ours.index(options) :]
