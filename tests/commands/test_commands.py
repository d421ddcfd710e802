"""The command line (issue: `mintage` with readable errors): each command, as a process."""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from app.settings import GivenSettings
from tests.commands.conftest import Mintage
from tests.installation import PRODUCT, Client, environment_of

SHOP = """
version: 1
directus: 11.5.0
vendor: postgres
collections:
  - collection: shop
    meta: {collection: shop}
    schema: {name: shop}
fields:
  - collection: shop
    field: id
    type: integer
    schema: {name: id, table: shop, data_type: integer, is_nullable: false, is_primary_key: true}
  - collection: shop
    field: name
    type: string
    schema: {name: name, table: shop, data_type: character varying, max_length: 20}
relations: []
"""


def refused(result: subprocess.CompletedProcess[str]) -> str:
    """What a refused command says: readable, on standard error, with exit code 1."""
    assert result.returncode == 1, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("Error: ")
    return result.stderr.removeprefix("Error: ").strip()


@pytest.fixture
def worker(installation: GivenSettings) -> Iterator[None]:
    """A real worker on the installation's queue."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dramatiq", "workers.main", "-p", "1", "-t", "2"],
        env={**os.environ, **environment_of(installation), "CHUNK_SIZE": "1000"},
        stderr=subprocess.DEVNULL,
    )
    yield
    process.terminate()
    process.wait(20)


def test_migrate_may_be_run_again(mintage: Mintage) -> None:
    result = mintage("migrate")
    assert (result.returncode, result.stdout) == (0, "The database is up to date.\n")


def test_a_token_made_for_a_user_lets_it_in(
    mintage: Mintage, rows: psycopg.Connection[Any]
) -> None:
    made = mintage("user", "create", "Bob@Example.com", "--admin", "--first-name", "Bob")
    assert made.returncode == 0, made.stderr
    first = mintage("token", "create", "bob@example.com").stdout.strip()
    second = mintage("token", "create", "BOB@example.com").stdout.strip()
    assert first != second
    (stored, role) = rows.execute(
        "SELECT u.token, r.name FROM directus_users AS u JOIN directus_roles AS r ON r.id = u.role "
        "WHERE u.email = 'bob@example.com'"
    ).fetchone() or (None, None)
    assert role == "Administrator"
    assert second not in str(stored)


async def test_a_token_of_ones_own_is_read_from_a_pipe(
    mintage: Mintage, client: Client, installation: GivenSettings
) -> None:
    mintage("user", "create", "bob@example.com", "--admin")
    given = "t" * 255
    assert mintage("token", "set", "BOB@example.com", answer=f"{given}\n").returncode == 0
    answer = await client.get("/items/product", headers={"Authorization": f"Bearer {given}"})
    assert answer.status_code == 200
    for wrong in ("t" * 256, "short"):
        said = refused(mintage("token", "set", "bob@example.com", answer=f"{wrong}\n"))
        assert "token" in said
        assert "characters" in said


async def test_the_newest_token_is_the_one_that_works(mintage: Mintage, client: Client) -> None:
    mintage("user", "create", "bob@example.com", "--admin")
    tokens = [mintage("token", "create", "bob@example.com").stdout.strip() for _ in range(2)]
    answers = [
        await client.get("/items/product", headers={"Authorization": f"Bearer {token}"})
        for token in tokens
    ]
    assert [answer.status_code for answer in answers] == [401, 200]


def test_what_a_user_is_refused_for_is_said(mintage: Mintage) -> None:
    mintage("user", "create", "bob@example.com")
    assert "has to be unique" in refused(mintage("user", "create", "bob@example.com"))
    assert "Invalid foreign key" in refused(mintage("user", "create", "a@b.c", "--account", "x"))
    assert "mintage user create" in refused(mintage("token", "create", "nobody@example.com"))


@pytest.mark.usefixtures("worker")
def test_a_job_is_created_followed_listed_exported_and_verified(
    mintage: Mintage, tmp_path: Path
) -> None:
    made = mintage("job", "create", "2500", "--product", PRODUCT, "--reference", "CLI-1", "--wait")
    assert made.returncode == 0, made.stderr
    job = made.stdout.strip()
    assert "2500/2500" in made.stderr

    listed = mintage("job", "list").stdout
    assert job in listed
    assert "complete" in listed

    file = tmp_path / "codes.csv"
    assert mintage("codes", "export", job, "-o", str(file)).returncode == 0
    header, *codes = csv.reader(file.read_text().splitlines())
    assert header == ["id", "code", "digital_link", "epc_uri", "status"]
    assert len({tuple(code) for code in codes}) == 2500
    path, serial, link, uri, status = codes[0]
    assert path == f"{PRODUCT}/21/{serial}"
    assert link == f"https://id.example.com{path}"
    assert uri == f"urn:epc:id:sgtin:9312345.055192.{serial}"
    assert status == "unassigned"

    for form in (path, link, uri):
        found = mintage("verify", form)
        assert found.returncode == 0, found.stdout + found.stderr
        assert f"By job:    {job} (CLI-1)" in found.stdout
    assert mintage("codes", "export", job, "--columns", "code").stdout.split() == [
        '"code"',
        *(f'"{code[1]}"' for code in codes),
    ]


@pytest.mark.usefixtures("worker")
def test_a_job_that_fails_says_why(mintage: Mintage) -> None:
    prefix = ("--type", "sscc", "--company-prefix", "0614141", "--wait")
    assert mintage("job", "create", "5", *prefix).returncode == 0
    failed = mintage("job", "create", "5", *prefix)
    assert failed.returncode == 1
    said = failed.stderr.splitlines()[-1]  # after the progress bar
    assert said.startswith("Error: The job failed: SSCC 006141410000000005 exists already")


def test_without_a_worker_a_job_is_kept_and_the_user_is_told(mintage: Mintage) -> None:
    result = mintage("job", "create", "5", "--product", PRODUCT)
    assert result.returncode == 0
    assert "No worker is running" in result.stderr


def test_every_reason_a_job_is_refused_for_is_said(mintage: Mintage) -> None:
    said = refused(mintage("job", "create", "2000000", "--length", "3"))
    assert 'field "product". Value is required.' in said
    assert 'field "length". Value has to be greater than or equal to "6".' in said
    assert 'field "quantity". Value has to be less than or equal to "1000000".' in said


def test_a_code_that_was_never_issued_has_exit_code_2(mintage: Mintage) -> None:
    result = mintage("verify", f"{PRODUCT}/21/abcdefgh")
    assert (result.returncode, "no, never by this installation" in result.stdout) == (2, True)


def test_what_is_no_code_is_refused(mintage: Mintage) -> None:
    assert refused(mintage("verify", "urn:epc:id:sgtin:nonsense"))


def test_exporting_an_unknown_job_or_field_is_refused(mintage: Mintage) -> None:
    assert "mintage job list" in refused(mintage("codes", "export", "nope"))
    job = mintage("job", "create", "5", "--product", PRODUCT).stdout.strip()
    assert '"nope"' in refused(mintage("codes", "export", job, "--columns", "nope"))
    assert refused(mintage("codes", "export", job, "-o", "/nowhere/at/all.csv"))


def test_a_database_that_is_away_is_said(mintage: Mintage) -> None:
    away = "postgresql://app@127.0.0.1:1/mintage"
    assert "DATABASE_URL" in refused(mintage("migrate", DATABASE_URL=away))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://app@127.0.0.1:1/mintage", "Connection refused"),
        ("secret-nonsense", "DATABASE_URL: Value error, it has to look like postgresql://"),
    ],
)
def test_why_a_database_is_away_is_said_at_once_in_one_line(
    mintage: Mintage, url: str, said: str
) -> None:
    start = time.monotonic()
    message = refused(mintage("job", "list", DATABASE_URL=url))
    assert time.monotonic() - start < 10
    assert said in message
    assert "\n" not in message
    assert "secret" not in message


def test_a_job_is_created_without_redis_and_its_key_told(
    mintage: Mintage, rows: psycopg.Connection[Any]
) -> None:
    """The row is the truth: who is told of a failure would create it twice."""
    result = mintage("job", "create", "5", "--product", PRODUCT, REDIS_URL="redis://127.0.0.1:1/0")
    assert result.returncode == 0, result.stderr
    assert rows.execute("SELECT id::text FROM identifier_job").fetchall() == [
        (result.stdout.strip(),)
    ]


def test_brackets_are_no_markup(mintage: Mintage, rows: psycopg.Connection[Any]) -> None:
    assert 'got "[/bold]"' in refused(mintage("job", "create", "5", "--product", "[/bold]"))
    rows.execute(
        "INSERT INTO identifier_job (reference_id, status) VALUES ('[/b] [red]x', 'error')"
    )
    listed = mintage("job", "list")
    assert listed.returncode == 0, listed.stderr
    assert "[/b] [red]x" in listed.stdout


def test_a_user_needs_an_email_address(mintage: Mintage) -> None:
    assert 'field "email"' in refused(mintage("user", "create", "bob"))


def test_the_schema_is_printed_as_sdl(mintage: Mintage) -> None:
    assert "create_identifier_job_item(" in mintage("schema", "print").stdout


def test_the_definitions_are_printed_as_a_snapshot_in_both_forms(mintage: Mintage) -> None:
    printed = mintage("schema", "snapshot").stdout
    assert yaml.safe_load(printed) == json.loads(
        mintage("schema", "snapshot", "--format", "json").stdout
    )
    assert "unique_code" in printed


def test_the_url_of_the_database_is_one_to_connect_with(mintage: Mintage) -> None:
    with psycopg.connect(mintage("db", "url").stdout.strip()) as connection:
        assert connection.execute("SELECT count(*) FROM account").fetchone() is not None


def test_a_snapshot_is_migrated_to_and_its_mistakes_are_said(
    mintage: Mintage, rows: psycopg.Connection[Any], tmp_path: Path
) -> None:
    path = tmp_path / "shop.yaml"
    schema = f"builtin,{path}"
    assert f"{path}, which can't be read" in refused(mintage("migrate", SCHEMA=schema))
    path.write_text(SHOP)
    assert mintage("migrate", SCHEMA=schema).returncode == 0
    try:
        rows.execute("INSERT INTO shop (id, name) VALUES (1, 'Corner')")
        path.write_text(SHOP.replace("max_length: 20", "max_length: 10"))
        assert 'Field "shop.name" is stored as' in refused(mintage("migrate", SCHEMA=schema))
        path.write_text(SHOP.replace("shop", "account"))
        assert 'Collection "account" is defined twice' in refused(mintage("migrate", SCHEMA=schema))
    finally:
        rows.execute("DROP TABLE shop")


def test_a_wrong_setting_is_said(mintage: Mintage) -> None:
    assert "port" in refused(mintage("job", "list", PORT="99999")).lower()
