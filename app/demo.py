"""`mintage demo`: a whole installation at work, over its own public surfaces."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.bootstrap import DEMO_ACCOUNT, DEMO_PRODUCT
from app.errors import AppError
from app.settings import GivenSettings
from app.supervisor import stack

_PATIENCE_SECONDS = 120
_SHOWN = 5

CREATE = """
mutation($data: create_identifier_job_input!) {
  create_identifier_job_item(data: $data) {
    id reference_id type product quantity status account { id account_name }
  }
}
"""
PROGRESS = """
query($ids: [ID]) {
  identifier_job(filter: {id: {_in: $ids}}) { id status quantity quantity_created error_message }
}
"""
CODES = """
query($job: ID, $limit: Int) {
  unique_code(filter: {identifier_job: {id: {_eq: $job}}}, sort: ["id"], limit: $limit) {
    id code digital_link epc_uri epc_hex
  }
}
"""
JOBS: tuple[dict[str, Any], ...] = (
    # The seed document's own example, word for word.
    {
        "length": 8,
        "quantity": 100,
        "account": DEMO_ACCOUNT,
        "reference_id": "BATCH-SGTIN-2024",
        "type": "sgtin",
        "product": DEMO_PRODUCT,
        "character_set": "alphanumeric",
    },
    {
        "quantity": 20,
        "account": DEMO_ACCOUNT,
        "reference_id": "DEMO-SSCC",
        "type": "sscc",
        "sscc_company_prefix": "0614141",
        "sscc_extension_digit": 3,
    },
    {
        "length": 10,
        "quantity": 50,
        "account": DEMO_ACCOUNT,
        "reference_id": "DEMO-GRAI",
        "type": "grai",
        "product": "/8003/00614141123452",
        "character_set": "numeric",
    },
    {
        "length": 7,
        "quantity": 50,
        "account": DEMO_ACCOUNT,
        "reference_id": "DEMO-SHORT",
        "type": "short_code",
        "character_set": "unambiguous",
    },
)


class DemoFailed(AppError):
    """The demonstration did not go as it should."""


@dataclass(frozen=True)
class Client:
    """A client of a running Mintage, as any program would be one."""

    base_url: str
    token: str

    def graphql(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """The data of a GraphQL answer. Raises DemoFailed when there are errors."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        answer = json.loads(self._send("/graphql", body))
        if "errors" in answer:
            raise DemoFailed("; ".join(error["message"] for error in answer["errors"]))
        data: dict[str, Any] = answer["data"]
        return data

    def get(self, path: str) -> Any:
        return json.loads(self._send(path, None))

    def _send(self, path: str, body: bytes | None) -> bytes:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(  # noqa: S310 - our own server, by http
            self.base_url + path, data=body, headers=headers
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            return bytes(error.read())


def run(settings: GivenSettings, console: Console) -> int:
    """Start everything in a folder of its own, mint, show, stop. The exit status: 0 when all went.

    Each run adds its jobs to the same demo installation (DATA_DIR/demo).
    """
    token = secrets.token_urlsafe(24)
    changes = {
        "data_dir": settings.data_dir / "demo",
        "port": free_port(),
        "admin_token": token,
    }
    current = settings.model_copy(update=changes)
    console.print("Starting PostgreSQL, Valkey, SeaweedFS, the web server and a worker ...")
    with stack(current) as running:
        console.print(f"Mintage runs at {running.base_url}\n")
        job = show(Client(running.base_url, token), console)
        _print_csv(current, job, console)
    console.print("\nAll of it has stopped. To keep it running: [bold]make run[/bold]")
    return 0


def show(client: Client, console: Console) -> str:
    """Create the demo jobs, follow them, print some codes of each. The key of the first job."""
    jobs = [
        client.graphql(CREATE, {"data": _fresh(job)})["create_identifier_job_item"] for job in JOBS
    ]
    _follow(client, jobs, console)
    for job in jobs:
        console.print(f"\n[bold]{job['type']}[/bold]  {job['reference_id']}")
        for code in _codes(client, job["id"], _SHOWN):
            console.print(f"  {code['id']}", highlight=False, soft_wrap=True)
            console.print(f"    {code['digital_link']}", highlight=False, soft_wrap=True)
            if code["epc_uri"]:
                epc = f"    {code['epc_uri']}  {code['epc_hex']}"
                console.print(epc, highlight=False, soft_wrap=True)
    one = next(_codes(client, jobs[0]["id"], 1))
    back = client.get(f"/items/unique_code/{quote(one['id'], safe='')}?fields=id,status")
    shown = json.dumps(back["data"])
    console.print(f"\nREST, the first of them: {shown}", highlight=False, soft_wrap=True)
    return str(jobs[0]["id"])


def _print_csv(current: GivenSettings, job: str, console: Console) -> None:
    """The CSV of a job, as the command line exports it."""
    command = ("codes", "export", job)
    console.print(f"\n[bold]mintage {' '.join(command)}[/bold]")
    subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "app.cli", *command],
        env={**os.environ, "DATA_DIR": str(current.data_dir)},
        check=True,
    )


def _fresh(job: dict[str, Any]) -> dict[str, Any]:
    """SSCCs are never issued twice, so every demo starts at serials of its own."""
    if job["type"] != "sscc":
        return job
    return {**job, "sscc_start_serial": int(time.time()) % 10_000_000 * 100}


def _follow(client: Client, jobs: list[dict[str, Any]], console: Console) -> None:
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn())
    ids = [job["id"] for job in jobs]
    end = time.monotonic() + _PATIENCE_SECONDS
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        bars = {job["id"]: progress.add_task(job["type"], total=job["quantity"]) for job in jobs}
        while True:
            states = client.graphql(PROGRESS, {"ids": ids})["identifier_job"]
            for state in states:
                progress.update(bars[state["id"]], completed=state["quantity_created"])
                if state["status"] == "error":
                    raise DemoFailed(f"A job failed: {state['error_message']}")
            if all(state["status"] == "complete" for state in states):
                return
            if time.monotonic() > end:
                raise DemoFailed("The jobs did not complete in time; see DATA_DIR/demo/log.")
            time.sleep(0.1)


def _codes(client: Client, job: str, limit: int) -> Iterator[dict[str, Any]]:
    yield from client.graphql(CODES, {"job": job, "limit": limit})["unique_code"]


def free_port() -> int:
    """A port nobody listens on now: the demo must not be in the way of a running Mintage."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
