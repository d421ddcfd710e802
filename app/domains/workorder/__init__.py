"""Work orders: codes that somebody orders, minted by a job, and their list (systems.md 6.4)."""

from app.domains.workorder.rules import WorkOrderRules
from app.domains.workorder.service import KIND
from app.items.hooks import register_rules


def register() -> None:
    register_rules(KIND, WorkOrderRules())
