"""Webhooks: addresses that are told what happens."""

from app.domains.webhook.rules import WebhookRules
from app.items.hooks import register_rules
from schema import Schema


def register(schema: Schema) -> None:
    """`schema`: all collections that are served."""
    register_rules("webhook", WebhookRules(schema))
