"""The words for what webhooks can hear of."""

ITEMS = ("items.create", "items.update", "items.delete")
"""Writes by callers: of the collections that the webhook names."""

JOBS = (
    "identifier_job",
    "workorder",
    "code_reservation",
    "document",
    "scm_task",
    "directus_exports",
)
"""What workers make: each tells when it is `ready` or has `failed`."""

EVENTS = (
    *ITEMS,
    *(f"{job}.{what}" for job in JOBS for what in ("ready", "failed")),
    *(f"code_pool.{what}" for what in ("low", "ready", "failed")),
)
