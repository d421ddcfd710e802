"""The seed's seven steps as a person runs them: docs/scantrust.sh, by curl, on a running system."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from app.settings import GivenSettings
from tests.installation import TOKEN, environment_of

ROOT = Path(__file__).parents[2]
SEED = ROOT / "tests" / "data" / "scantrust_codes.csv"
"""The CSV of the seed, byte for byte."""


@pytest.fixture
def worker(installation: GivenSettings) -> Iterator[None]:
    """A worker process of the installation."""
    command = f"{sys.executable} -m dramatiq workers.main --processes 1 --threads 2"
    environment = {**os.environ, **environment_of(installation), "LOG_LEVEL": "warning"}
    process = subprocess.Popen(command.split(), env=environment, cwd=ROOT)
    yield
    process.terminate()
    process.wait(20)


def test_the_script_of_the_documentation_gives_the_csv_of_the_seed(
    server: str, worker: None, tmp_path: Path
) -> None:
    """systems.md 4.2 to 4.4 and 8.2: key, complete, link, 302, zip; the second use is a 404."""
    own = {"BASE": server, "TOKEN": TOKEN, "ZIP": str(tmp_path / "codes.zip")}
    done = subprocess.run(
        ["sh", str(ROOT / "docs" / "scantrust.sh")],
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"status":"complete"' in done.stdout
    assert '"row_count":5' in done.stdout
    assert "200 after 1 redirect" in done.stdout
    assert "404 the second time" in done.stdout
    with ZipFile(tmp_path / "codes.zip") as archive:
        [name] = archive.namelist()
        assert archive.read(name) == SEED.read_bytes()
