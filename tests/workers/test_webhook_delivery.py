"""Deliveries by real workers to a real receiver: signed, killed, hanging, failing, given up."""

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app import domains
from app.database.session import Database
from app.database.tables import METADATA
from app.domains.code_pool.service import refill
from app.domains.webhook.secret import sealed
from app.domains.webhook_delivery.sending import EACH, OWN, attempt, claim, purge, settle
from app.items.compile.compiler import Compiler
from app.settings import settings
from schema import BUILTIN
from tests.workers.conftest import SECRET, wait_until
from workers.webhook_delivery import Deliveries

KEY = bytes(range(32))
OURS = "whsec_" + base64.b64encode(KEY).decode()
OTHER = "bbbbbbbb-0000-4000-8000-00000000000b"
NO_CONTENT, MOVED, BROKEN = 204, 302, 500


@dataclass
class Receiver:
    """A receiver; what it got, and how it answers by the first word of the path."""

    got: list[tuple[str, Any, bytes]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def events(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(body) for where, _, body in self.got if where == f"/{path}"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.got.append((self.path, dict(self.headers), body))
            if self.path.startswith("/hang"):
                found.released.wait(30)
            moved = self.path.startswith("/moved")
            broken = self.path.startswith("/broken")
            self.send_response(MOVED if moved else BROKEN if broken else NO_CONTENT)
            if moved:
                self.send_header("Location", found.url("elsewhere"))
            self.end_headers()

        def log_message(self, *said: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128  # else one of so many at once is turned away

        def handle_error(self, *request: object) -> None:
            """Who asked is gone, as a killed worker is."""

    with Server(("127.0.0.1", 0), Handler) as server:
        found.port = server.server_address[1]
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        yield found
        found.released.set()
        server.shutdown()
        serving.join()


@pytest.fixture(autouse=True)
def trusting(plant, receiver, monkeypatch) -> None:
    """A setting names the receiver, which is no public address; there is a second account."""
    domains.register()
    monkeypatch.setenv("OUTSIDE_HOSTS", f"127.0.0.1:{receiver.port}")
    plant.environment["OUTSIDE_HOSTS"] = f"127.0.0.1:{receiver.port}"
    settings.cache_clear()
    made = "INSERT INTO account (id, account_name) VALUES (%s, 'Other') RETURNING id"
    plant.value(made, OTHER)


def hook(plant, url: str, *events: str, account: str | None = None) -> str:
    statement = (
        "INSERT INTO webhook (account, events, url, secret) VALUES (%s, %s, %s, %s) "
        "RETURNING id::text"
    )
    owner = account or plant.account
    return str(plant.value(statement, owner, json.dumps(events), url, sealed(OURS, SECRET)))


def deliver(plant, webhook: str, count: int = 1) -> None:
    """Note so many deliveries, as a transaction that has committed leaves them."""
    plant.connection.execute(
        "INSERT INTO webhook_delivery (webhook, account, event, collection, keys, next_attempt_at) "
        "SELECT id, account, 'items.create', 'brand', jsonb_build_array(n::text), now() "
        "FROM webhook, generate_series(1, %s) AS n WHERE id = %s",
        (count, webhook),
    )


def deliveries(plant, columns: str) -> list[tuple[Any, ...]]:
    statement = f"SELECT {columns} FROM webhook_delivery ORDER BY date_created, id"
    return plant.connection.execute(statement).fetchall()


async def send_once(database: Database) -> int:
    """Attempt what is due, once; how many these were."""
    found = await claim(database, settings(), {}, 100)
    for one in found:
        await settle(database, settings(), one, await attempt(one, settings()))
    return len(found)


def test_a_job_tells_when_it_is_ready_and_when_it_has_failed(plant, receiver):
    """One delivery, whatever it has minted; signed as Standard Webhooks says."""
    events = ["identifier_job.ready", "identifier_job.failed"]
    hook(plant, receiver.url("job"), *events)
    hook(plant, receiver.url("other"), *events, account=OTHER)
    plant.worker(CHUNK_SIZE=50)
    job, failing = plant.job(quantity=200), plant.job(product=None)
    wait_until(lambda: len(receiver.events("job")) == 2)
    wait_until(lambda: [one for (one,) in deliveries(plant, "status")] == ["delivered"] * 2)
    told = {one["event"]: one for one in receiver.events("job")}
    assert told["identifier_job.ready"]["keys"] == [job]
    assert told["identifier_job.failed"]["keys"] == [failing]
    assert {one["account"] for one in told.values()} == {plant.account}
    assert set(told[events[0]]) == {
        *("id", "event", "timestamp", "collection", "keys", "account", "user")
    }
    for _, headers, body in receiver.got:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 30
        said = json.loads(body)
        assert (headers["webhook-id"], headers["webhook-event"]) == (said["id"], said["event"])
        assert headers["Content-Type"] == "application/json"
    assert receiver.events("other") == []


def test_a_killed_worker_and_a_lost_redis_lose_nothing(plant, receiver):
    """What it was sending is sent again; the receiver may hear it twice."""
    plant.valkey.stop()
    deliver(plant, hook(plant, receiver.url("hang")))
    worker = plant.worker()
    wait_until(lambda: len(receiver.got) == 1)
    worker.kill()
    assert deliveries(plant, "status, attempts, next_attempt_at > now()") == [("pending", 1, True)]
    receiver.released.set()
    plant.connection.execute("UPDATE webhook_delivery SET next_attempt_at = now()")
    plant.worker()
    wait_until(lambda: deliveries(plant, "status, attempts") == [("delivered", 2)])
    first, second = receiver.events("hang")
    assert first == second


async def test_who_hangs_holds_up_nobody_else(plant, receiver, database, monkeypatch):
    """Of a webhook and of an account so many are under way; those of others come meanwhile."""
    monkeypatch.setenv("WEBHOOK_TIMEOUT", "60")  # none of them gives up before we have looked
    settings.cache_clear()
    deliver(plant, hook(plant, receiver.url("hang/0")), 20)
    deliver(plant, hook(plant, receiver.url("beside")), 30)
    for number in range(3):
        deliver(plant, hook(plant, receiver.url(f"hang/{number}"), account=OTHER), 20)
    sending = asyncio.create_task(Deliveries().send(database))
    delivered = "SELECT count(*) FROM webhook_delivery WHERE status = 'delivered'"
    await asyncio.to_thread(wait_until, lambda: plant.value(delivered) == 30)
    assert len(receiver.events("beside")) == 30
    under_way = (
        "SELECT count(*) FROM webhook_delivery "
        "WHERE account = %s AND attempts > 0 AND status = 'pending'"
    )
    assert plant.value(under_way, plant.account) == EACH
    assert plant.value(under_way, OTHER) == OWN
    sending.cancel()
    await asyncio.wait([sending])


async def test_a_failure_is_tried_again_later_and_for_good_in_the_end(
    plant, receiver, database, monkeypatch
):
    monkeypatch.setenv("WEBHOOK_MAX_ATTEMPTS", "3")
    settings.cache_clear()
    webhook = hook(plant, receiver.url("broken"))
    deliver(plant, webhook)
    due = "extract(epoch FROM next_attempt_at - last_attempt_at)::int"
    waits = []
    for number in (1, 2):
        assert await send_once(database) == 1
        assert await send_once(database) == 0  # not yet
        [(status, attempts, wait)] = deliveries(plant, f"status, attempts, {due}")
        assert (status, attempts) == ("pending", number)
        waits.append(wait)
        plant.connection.execute("UPDATE webhook_delivery SET next_attempt_at = now()")
    assert 4 <= waits[0] <= 7
    assert 15 <= waits[1] <= 26
    await send_once(database)
    said = "status, response_status, error_message, next_attempt_at"
    assert deliveries(plant, said) == [("failed", 500, "The address answered 500.", None)]
    failures = "SELECT failures FROM webhook WHERE id = %s"
    assert plant.value(failures, webhook) == 3
    # One that is taken ends the row.
    plant.connection.execute("UPDATE webhook SET url = %s", (receiver.url("ok"),))
    deliver(plant, webhook)
    await send_once(database)
    assert plant.value(failures, webhook) == 0


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("moved", "The address answered 302. Redirects are not followed."),
        ("http://127.0.0.1:9/", "It has to begin with https://"),
        ("https://localhost/", "Its host has an address that is not of the public internet."),
        ("hang", "No answer came within 0.2 seconds."),
    ],
)
async def test_why_it_was_not_taken_is_said(plant, receiver, database, monkeypatch, path, sentence):
    """Also of an address that was another one when the webhook was made."""
    monkeypatch.setenv("WEBHOOK_TIMEOUT", "0.2")
    settings.cache_clear()
    deliver(plant, hook(plant, path if ":" in path else receiver.url(path)))
    await send_once(database)
    [(status, error)] = deliveries(plant, "status, error_message")
    assert status == "pending"
    assert error.startswith(sentence)
    assert receiver.events("elsewhere") == []


async def test_who_fails_for_long_is_left_alone(plant, receiver, database, monkeypatch):
    monkeypatch.setenv("WEBHOOK_MAX_FAILURES", "3")
    settings.cache_clear()
    webhook = hook(plant, receiver.url("broken"))
    deliver(plant, webhook, 2 * EACH + 1)
    await send_once(database)
    await send_once(database)
    status = "SELECT status FROM webhook WHERE id = %s"
    assert plant.value(status, webhook) == "active"  # a short outage, however often it failed
    plant.connection.execute("UPDATE webhook SET failing_since = now() - interval '2 hours'")
    await send_once(database)
    assert plant.value(status, webhook) == "inactive"
    reason = plant.value("SELECT inactive_reason FROM webhook WHERE id = %s", webhook)
    assert reason.startswith(f"It failed {2 * EACH + 1} times in a row since 20")
    assert "The address answered 500." in reason
    plant.connection.execute("UPDATE webhook_delivery SET next_attempt_at = now()")
    assert await send_once(database) == 0
    plant.connection.execute("UPDATE webhook SET status = 'active'")
    assert await send_once(database) == EACH


async def test_old_deliveries_are_removed(plant, receiver, database):
    deliver(plant, hook(plant, receiver.url("ok")), 2)
    aged = "UPDATE webhook_delivery SET date_created = now() - interval '14 days' WHERE keys ? '1'"
    plant.connection.execute(aged)
    await purge(database, settings())
    assert deliveries(plant, "keys::text") == [('["2"]',)]


async def test_a_pool_tells_when_it_is_low_ready_or_has_failed_once_each(plant, receiver, database):
    hook(plant, receiver.url("pool"), "code_pool.low", "code_pool.ready", "code_pool.failed")
    compiler = Compiler(BUILTIN, METADATA)
    plant.value(
        "INSERT INTO code_pool (account, product, min_available, job_quantity) "
        "VALUES (%s, %s, 3, 10) RETURNING id",
        plant.account,
        plant.product,
    )
    codes = (
        "INSERT INTO unique_code (id, code, account, product, activation_status) "
        "SELECT %s || '/21/' || n, n, %s, %s, 0 FROM generate_series(1, 3) AS n"
    )
    for change in (
        "",
        "UPDATE identifier_job SET status = 'error', error_message = 'No room.'",
        codes,
        "DELETE FROM unique_code",
    ):
        if change:
            values = (plant.product, plant.account, plant.product) if change is codes else ()
            plant.connection.execute(change, values)
        await refill(database, compiler, 0.001)
        await asyncio.sleep(0.01)
        await refill(database, compiler, 0.001)
    assert [one for (one,) in deliveries(plant, "event")] == [
        f"code_pool.{what}" for what in ("low", "failed", "ready", "low", "failed")
    ]
