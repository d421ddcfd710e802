"""`mintage schema print`, `mintage schema snapshot` and `mintage db url`."""

import json
from typing import Annotated, Literal

import typer
import yaml

from app.graphql.schema import build_schema
from app.installation import attached
from app.served import served
from app.settings import settings
from schema.snapshot_reading import full_snapshot_of

schema = typer.Typer(name="schema", help="The definitions.", no_args_is_help=True)
db = typer.Typer(name="db", help="The database.", no_args_is_help=True)


@schema.command("print")
def print_schema() -> None:
    """Print the GraphQL schema as SDL."""
    print(build_schema(served(settings()).schema).as_str())


@schema.command("snapshot")
def snapshot(
    form: Annotated[
        Literal["yaml", "json"], typer.Option("--format", help="yaml or json.")
    ] = "yaml",
) -> None:
    """Print what is served as a Directus schema snapshot; SCHEMA takes it back."""
    found = full_snapshot_of(served(settings()).schema)
    if form == "json":
        print(json.dumps(found, indent=2, default=str))
    else:
        print(yaml.dump(json.loads(json.dumps(found, default=str)), sort_keys=False), end="")


@db.callback()
def _db() -> None:
    """Keep `url` a command of its own, though it is the only one yet."""


@db.command("url")
def url() -> None:
    """Print the connection URL of the running installation, password and all."""
    with attached() as current:
        print(current.database_url)
