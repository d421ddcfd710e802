"""Reservations: so many codes for somebody, and a file of them (systems.md 1.6)."""

from app.domains.code_reservation.rules import CodeReservationRules
from app.domains.code_reservation.service import KIND
from app.items.hooks import register_rules


def register() -> None:
    register_rules(KIND, CodeReservationRules())
