"""Deliveries: what webhooks are told, written down before it is sent."""

from app.domains.webhook_delivery.outbox import Outbox
from app.domains.webhook_delivery.rules import WebhookDeliveryRules
from app.items.hooks import register_listener, register_rules


def register() -> None:
    register_rules("webhook_delivery", WebhookDeliveryRules())
    register_listener(Outbox())
