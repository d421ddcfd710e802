"""PostgreSQL, Valkey and an S3 server, started from wheels wherever no URL is given."""

from app.embedded.errors import AlreadyRunning, EmbeddedError
from app.embedded.services import Services, attach, running, start

__all__ = ["AlreadyRunning", "EmbeddedError", "Services", "attach", "running", "start"]
