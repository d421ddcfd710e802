"""webhook and webhook_delivery: who is told of what happens, and each time that it was told."""

from schema.definition import (
    Collection,
    Index,
    audit,
    integer,
    json,
    m2o,
    string,
    tenant,
    text,
    timestamp,
    uuid,
)

webhook = Collection(
    "webhook",
    note="An address that is told what happens: writes of items, jobs, documents, pools.",
    fields=(
        uuid("id", primary_key=True),
        *audit(),
        tenant(note="Whose events it hears; none: those of the whole installation."),
        string("name", note="What it is for."),
        string(
            "status",
            required=True,
            default="active",
            choices=("active", "inactive"),
            max_length=16,
            note="An inactive one hears nothing; what it has not taken yet waits.",
        ),
        json("events", required=True, note='Words such as ["items.create", "document.ready"].'),
        json("collections", note="Whose items, for items.create, items.update, items.delete."),
        string("url", required=True, max_length=2000, note="Where it is told: https."),
        string(
            "secret",
            required=True,
            special=("conceal",),
            note='"whsec_" and 24 to 64 random bytes in Base64: what deliveries are signed with. '
            "Nobody can read it again.",
        ),
        integer("failures", required=True, readonly=True, default=0, note="In a row."),
        timestamp("failing_since", readonly=True),
        text("inactive_reason", readonly=True, note="Why the server made it inactive."),
    ),
    indexes=(Index(("account",)),),
)

webhook_delivery = Collection(
    "webhook_delivery",
    note="One event for one webhook. Written by the server; deleted after WEBHOOK_DELIVERY_DAYS.",
    accountability=None,
    fields=(
        uuid("id", primary_key=True, readonly=True, note="The header webhook-id."),
        *audit(enforced=False),
        tenant(indexed=True, readonly=True),
        # Not enforced: each write that it hears of would hold it as long as that takes.
        m2o(
            "webhook",
            to="webhook",
            required=True,
            enforced=False,
            on_delete="NO ACTION",
            readonly=True,
        ),
        string("event", required=True, readonly=True, max_length=64),
        string("collection", required=True, readonly=True, max_length=64),
        json("keys", required=True, readonly=True, note="Of the items it is about."),
        string(
            "status",
            required=True,
            default="pending",
            choices=("pending", "delivered", "failed"),
            max_length=16,
            note="pending -> delivered or failed. Set to pending to try again.",
        ),
        integer("attempts", required=True, readonly=True, default=0),
        timestamp("next_attempt_at", readonly=True),
        timestamp("last_attempt_at", readonly=True),
        timestamp("delivered_at", readonly=True),
        integer("response_status", readonly=True, note="What the address answered last."),
        text("error_message", readonly=True, note="Why the last attempt failed."),
    ),
    indexes=(
        Index(("webhook", "next_attempt_at"), where="status = 'pending'"),
        Index(("webhook", "date_created")),
        Index(("date_created",)),
    ),
)
