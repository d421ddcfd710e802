"""scm_task: a change of supply-chain data that a worker makes (systems.md 6.7)."""

from schema.definition import (
    Collection,
    Index,
    audit,
    integer,
    json,
    string,
    tenant,
    text,
    timestamp,
    uuid,
)

scm_task = Collection(
    "scm_task",
    note="A change of the supply-chain data of many codes, made by a worker.",
    readonly=True,
    accountability=None,
    fields=(
        uuid("id", primary_key=True),
        *audit(),
        tenant(indexed=True),
        string("reference"),
        string(
            "state",
            required=True,
            default="pending",
            choices=("pending", "in-progress", "complete", "failed"),
            max_length=16,
        ),
        integer("codes_affected", required=True, default=0),
        json("constraints", note="Which codes: values by extended_id, serial_number or SCM key."),
        json("scm_data", note="What they get."),
        timestamp("started_at"),
        timestamp("completed_at"),
        text("error_message"),
    ),
    indexes=(Index(("date_created",), where="state IN ('pending', 'in-progress')"),),
)
