"""Requests a second against a bare Starlette + psycopg route that runs the same statement.

Both servers run as one process each, on the same database, asked in turn by the same client; as the
admin, and as a user whose role sees some rows by a policy.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import psycopg

from app.access.secrets import token_hash
from app.bootstrap import DEMO_ACCOUNT, DEMO_PRODUCT
from app.demo import free_port
from bench.installation import benched
from bench.load import requests_per_second
from bench.rows import Row

READ, CREATE = 0.4, 0.25
"""The share of the bare route's rate that is promised."""
ROUNDS = 3
CONNECTIONS = 8
SECONDS = 1.5
ADMIN, READER = "bench-token", "bench-reader"
JOB = "6d6cb08a-f9da-4331-adf9-039e350eef1e"

SEED = f"""
INSERT INTO account (account_name) SELECT 'Account ' || n FROM generate_series(1, 20000) AS n;
INSERT INTO identifier_job (id, reference_id, quantity, quantity_created, account, product, status)
  VALUES ('{JOB}', 'BATCH', 100, 100, '{DEMO_ACCOUNT}', '{DEMO_PRODUCT}', 'complete');
INSERT INTO identifier_job (reference_id, quantity, quantity_created, account, product, status)
  SELECT 'BATCH-' || n, 100, 100, '{DEMO_ACCOUNT}', '{DEMO_PRODUCT}', 'complete'
  FROM generate_series(1, 1000) AS n;
INSERT INTO unique_code (id, account, code, type, product, identifier_job)
  SELECT '{DEMO_PRODUCT}/21/' || lpad(n::text, 8, '0'), '{DEMO_ACCOUNT}', lpad(n::text, 8, '0'),
    'sgtin', '{DEMO_PRODUCT}', CASE WHEN n <= 1000 THEN '{JOB}'::uuid END
  FROM generate_series(1, 100000) AS n;
INSERT INTO directus_roles (id, name) VALUES ('{JOB}', 'Bench');
INSERT INTO directus_policies (id, name) VALUES ('{JOB}', 'Bench');
INSERT INTO directus_access (role, policy) VALUES ('{JOB}', '{JOB}');
INSERT INTO directus_permissions (policy, collection, action, fields, permissions)
  SELECT '{JOB}', c, 'read', '*', CASE c WHEN 'account' THEN NULL
    ELSE '{{"account": {{"account_name": {{"_nnull": true}}}}}}'::jsonb END
  FROM unnest('{{account,identifier_job,unique_code}}'::text[]) AS c;
INSERT INTO directus_permissions (policy, collection, action, fields)
  VALUES ('{JOB}', 'account', 'create', '*');
INSERT INTO directus_users (email, token, role)
  VALUES ('bench@example.com', '{token_hash(READER)}', '{JOB}');
"""

FIELDS = """t.id, t.reference_id, t.type, t.product, t.quantity, t.status, t.quantity_created,
    t.character_set, t.length, l.j AS account,
    to_char(t.date_created, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS date_created,
    to_char(t.date_updated, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS date_updated"""
JOBS = f"""FROM (SELECT {FIELDS} FROM identifier_job t LEFT JOIN LATERAL (
      SELECT row_to_json(n) AS j FROM (
        SELECT a.id, a.account_name FROM account a WHERE a.id = t.account) n) l ON true
    {{}}) r"""
LIST = JOBS.format("ORDER BY t.id LIMIT 100")
ONE = JOBS.format(f"WHERE t.id = '{JOB}' LIMIT 1")
CODES = f"""FROM (SELECT t.id, t.code, t.status FROM unique_code t
    WHERE t.identifier_job = '{JOB}' AND t.status = 'unassigned'
    ORDER BY t.code DESC LIMIT 100) r"""
NAMES = """id reference_id type product quantity status quantity_created character_set length
    account { id account_name } date_created date_updated"""
REST_NAMES = NAMES.replace("account { id account_name }", "account.id account.account_name").split()
MAKE = (
    "WITH made AS (INSERT INTO account (account_name) VALUES ('x') RETURNING id, account_name) "
    "SELECT '{}' || row_to_json(made) || '{}' FROM made"
)


@dataclass(frozen=True)
class Case:
    """A request of ours, the statement of the bare route, and the share that is promised."""

    what: str
    path: str
    sql: str
    body: dict[str, object] | None = None
    least: float = READ


def _array(rows: str, head: str) -> str:
    return f"SELECT '{head}' || json_agg(row_to_json(r)) || '}}' {rows}"


def _object(rows: str, head: str) -> str:
    return f"SELECT '{head}' || row_to_json(r) || '}}' {rows}"


CASES = (
    Case(
        "REST by id",
        f"/items/identifier_job/{JOB}?fields={','.join(REST_NAMES)}",
        _object(ONE, '{"data":'),
    ),
    Case(
        "REST list of 100, nested",
        f"/items/identifier_job?fields={','.join(REST_NAMES)}",
        _array(LIST, '{"data":'),
    ),
    Case(
        "REST filter + sort of 100,000 codes",
        f"/items/unique_code?fields=id,code,status&sort=-code"
        f"&filter[identifier_job][_eq]={JOB}&filter[status][_eq]=unassigned",
        _array(CODES, '{"data":'),
    ),
    Case(
        "GraphQL list of 100, nested",
        "/graphql",
        _array(LIST, '{"data":{"identifier_job":').replace("|| '}'", "|| '}}'"),
        {"query": f"query {{ identifier_job {{ {NAMES} }} }}"},
    ),
    Case(
        "GraphQL by id",
        "/graphql",
        _object(ONE, '{"data":{"identifier_job_by_id":').replace("|| '}'", "|| '}}'"),
        {"query": f'query {{ identifier_job_by_id(id: "{JOB}") {{ {NAMES} }} }}'},
    ),
    Case(
        "REST create",
        "/items/account?fields=id,account_name",
        MAKE.format('{"data":', "}"),
        {"account_name": "x"},
        CREATE,
    ),
    Case(
        "GraphQL create",
        "/graphql",
        MAKE.format('{"data":{"create_account_item":', "}}"),
        {
            "query": 'mutation { create_account_item(data: {account_name: "x"}) '
            "{ id account_name } }"
        },
        CREATE,
    ),
)


def main() -> list[Row]:
    """Measure; the rows to print."""
    with benched(ADMIN) as running:
        with psycopg.connect(running.services.database_url) as connection:
            connection.execute(SEED)
            connection.execute("ANALYZE")
        return [
            row
            for case in CASES
            for row in _measured(case, running.base_url, running.services.database_url)
        ]


def _measured(case: Case, base_url: str, database_url: str) -> Iterator[Row]:
    body = None if case.body is None else json.dumps(case.body).encode()
    ours = base_url + case.path
    with _bare(database_url, case.sql) as bare:
        for who, token in (("admin", ADMIN), ("role", READER)):
            headers = {"Authorization": f"Bearer {token}"}
            if case.least == READ and _json(ours, body, headers) != _json(bare, None, {}):
                raise RuntimeError(f"The two servers do not answer {case.what} the same.")
            # In turn, so that a slow moment of the machine hits both.
            pairs = [(_rate(ours, body, headers), _rate(bare, None, {})) for _ in range(ROUNDS)]
            ratio = median(mine / limit for mine, limit in pairs)
            yield Row(f"{case.what}, {who}, requests/s", median(mine for mine, _ in pairs))
            yield Row(f"{case.what}, {who}: share of bare", ratio, at_least=case.least)


def _rate(url: str, body: bytes | None, headers: dict[str, str]) -> float:
    return requests_per_second(
        url,
        body,
        {"Content-Type": "application/json", **headers} if body else headers,
        connections=CONNECTIONS,
        seconds=SECONDS,
    )


def _json(url: str, body: bytes | None, headers: dict[str, str]) -> object:
    request = urllib.request.Request(
        url, data=body, headers={"Content-Type": "application/json", **headers}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


@contextmanager
def _bare(database_url: str, sql: str) -> Iterator[str]:
    port = free_port()
    command = f"{sys.executable} -m uvicorn bench.bare:app --port {port} --no-access-log"
    command += " --log-level warning --loop uvloop --http httptools"
    environment = {**os.environ, "DATABASE_URL": database_url, "BARE_SQL": sql}
    process = subprocess.Popen(command.split(), env=environment)
    url = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    for row in main():
        print(row)
