"""`mintage schema print`."""

import typer

from app.graphql.schema import build_schema
from schema import BUILTIN

schema = typer.Typer(name="schema", help="The definitions.", no_args_is_help=True)


@schema.callback()
def _schema() -> None:
    """Keep `print` a command of its own, though it is the only one yet."""


@schema.command("print")
def print_schema() -> None:
    """Print the GraphQL schema as SDL."""
    print(build_schema(BUILTIN).as_str())
