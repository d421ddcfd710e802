"""`mintage run`, `demo`, `migrate` and `migration`."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from app import demo as demonstration
from app import supervisor
from app.bootstrap import bootstrap
from app.database import migrate as migrations
from app.installation import attached
from app.served import served
from app.settings import settings


def run() -> None:
    """Serve: embedded services, migrations, web and worker, until Ctrl-C."""
    sys.exit(supervisor.run(settings()))


def demo() -> None:
    """Start everything, mint codes of each type, show them, stop."""
    sys.exit(demonstration.run(settings(), Console()))


def migrate() -> None:
    """Bring the database to this version, and make the first admin if there is none."""
    with attached(make=True) as current:
        what = served(current)
        migrations.upgrade(current.database_url or "", what.tables, builtin=what.builtin)
        made = bootstrap(current, current.database_url or "")
    print("The database is up to date.")
    if made is not None:
        print(f"Static token of {current.admin_email} (shown once): {made}")


def migration(
    message: Annotated[str, typer.Argument(help="What changes, in a few words.")],
) -> None:
    """Write the migration that takes the database to the definitions in schema/."""
    with attached(make=True) as current:
        migrations.upgrade(current.database_url or "")
        path = migrations.revision(current.database_url or "", message)
    print("The definitions have not changed." if path is None else f"Wrote {path}")
