"""An installation for a benchmark: everything embedded, in a folder of its own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.demo import free_port
from app.settings import GivenSettings
from app.supervisor import Stack, stack


@contextmanager
def benched(token: str, workers: int = 0) -> Iterator[Stack]:
    """A running stack whose admin has this token, with so many workers."""
    with tempfile.TemporaryDirectory(prefix="mintage-bench-") as folder:
        Path(folder).chmod(0o755)
        settings = GivenSettings(
            _env_file=None,
            data_dir=Path(folder),
            port=free_port(),
            admin_token=token,
            workers=workers,
            # Counted like any others; but all requests come from one address and of one account,
            # whose share says nothing about what a request costs.
            rate_limiter_points=1_000_000_000,
            account_statements=8,
            database_url=None,
            redis_url=None,
            s3_url=None,
        )
        with stack(settings) as running:
            yield running
