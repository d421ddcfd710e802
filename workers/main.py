"""The worker process: `python -m dramatiq workers.main --processes 1 --threads 2`."""

import dramatiq

from app import logs
from app.served import served
from app.settings import MissingSettings, installation_settings
from workers.broker import make_broker
from workers.code_reservation import CodeReservations
from workers.document import Documents, purge_expired_documents
from workers.exports import Exports
from workers.identifier_job import IdentifierJobs
from workers.kinds import register_kind
from workers.periodic import register_periodic
from workers.pools import interval, look_after_pools
from workers.scm_task import ScmTasks
from workers.webhook_delivery import SECONDS, Deliveries, purge_old_deliveries
from workers.workorder import WorkOrders

try:
    current = installation_settings()
except MissingSettings as error:
    raise SystemExit(f"A worker can't start: {error}") from None

logs.configure(current)
what = served(current)
register_kind(Exports(what.compiler))
if what.builtin:
    register_kind(IdentifierJobs())
    register_kind(WorkOrders(what.compiler))
    register_kind(CodeReservations(what.compiler))
    register_kind(Documents(what.compiler))
    register_kind(ScmTasks(what.compiler))
    register_periodic(current.purge_seconds, purge_expired_documents)
    register_periodic(interval(), look_after_pools(what.compiler))
    register_periodic(SECONDS, Deliveries().send)
    register_periodic(current.purge_seconds, purge_old_deliveries)
broker = make_broker(current.database_url)
dramatiq.set_broker(broker)
