"""`mintage`: run an installation and look after it. The commands are in `app.commands`."""

import os
import sys

import psycopg
import psycopg_pool
import redis
import sqlalchemy.exc
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from app.codes.errors import CodeError
from app.commands import codes, credentials, definitions, jobs, ownership, serve, users
from app.embedded.errors import EmbeddedError
from app.errors import AppError, ErrorList
from app.supervisor import StackFailed
from schema import BadDefinition

cli = typer.Typer(
    help="Mint serialized identifiers in bulk. Start with `mintage run`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
cli.command()(serve.run)
cli.command()(serve.demo)
cli.command()(serve.migrate)
cli.command(hidden=True)(serve.migration)
cli.command()(codes.verify)
cli.add_typer(users.user)
cli.add_typer(users.token)
cli.add_typer(credentials.credential)
cli.add_typer(ownership.prefix)
cli.add_typer(ownership.domain)
cli.add_typer(jobs.job)
cli.add_typer(codes.codes)
cli.add_typer(definitions.schema)
cli.add_typer(definitions.db)


def main() -> None:
    """The entry point: every refusal is one readable line on standard error, and exit code 1."""
    try:
        cli()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (AppError, BadDefinition, CodeError, EmbeddedError, StackFailed) as error:
        _refuse(str(error))
    except ErrorList as errors:
        _refuse("\n".join(error.message for error in errors.errors))
    except ValidationError as error:
        _refuse("\n".join(_setting(fault["loc"], fault["msg"]) for fault in error.errors()))
    except (
        psycopg.OperationalError,
        psycopg_pool.PoolTimeout,
        sqlalchemy.exc.OperationalError,
    ) as error:
        _refuse(f"The database does not answer: {_first_line(error)} Check DATABASE_URL.")
    except psycopg.errors.UndefinedTable:
        _refuse("The database has no tables yet: run `mintage migrate` first.")
    except redis.RedisError as error:
        _refuse(f"Redis does not answer: {_first_line(error)} Check REDIS_URL.")
    except OSError as error:
        _refuse(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
    except ValueError as error:
        _refuse(_first_line(error))


def _setting(place: tuple[int | str, ...], message: str) -> str:
    """What is wrong with a setting. Its value is not repeated: it may be a secret."""
    return f"{'.'.join(str(part) for part in place).upper()}: {message}."


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _refuse(message: str) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[red]Error:[/red] {escape(message)}")
    sys.exit(1)


if __name__ == "__main__":
    main()
