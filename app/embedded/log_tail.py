"""The end of a log, for an error message."""

from pathlib import Path


def last_lines(log: Path, count: int = 8) -> str:
    """The last lines of the file that say something; a remark when it cannot be read."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError as error:
        return f"(not readable: {error.strerror})"
    return "\n".join([line for line in lines if line.strip()][-count:]) or "(empty)"
