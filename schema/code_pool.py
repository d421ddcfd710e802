"""code_pool: codes that are always there: jobs are made when they run low (systems.md 1.5)."""

from schema.definition import (
    Collection,
    Index,
    audit,
    boolean,
    integer,
    m2o,
    string,
    tenant,
    text,
    timestamp,
    uuid,
)

code_pool = Collection(
    "code_pool",
    note="A pool of unassigned codes. When it runs low, the installation makes a job by itself.",
    fields=(
        uuid("id", primary_key=True),
        *audit(),
        tenant(indexed=True),
        m2o("product", to="product", scalar=True),
        string("type", default="sgtin", choices=("sgtin", "grai", "short_code"), max_length=16),
        integer("min_available", required=True, minimum=1, maximum=10_000_000),
        integer("job_quantity", required=True, minimum=1, maximum=1_000_000),
        integer("length", default=8, minimum=6, maximum=20),
        string("character_set", default="alphanumeric", max_length=32),
        m2o("domain", to="domain"),
        boolean("is_active", required=True, default=True),
        integer("available", readonly=True, note="Unassigned codes when it was last looked at."),
        timestamp("looked_at", readonly=True),
        m2o("identifier_job", to="identifier_job", readonly=True, note="The last job it made."),
        text("error_message", readonly=True, note="Why no job could be made, and what to do."),
    ),
    indexes=(Index(("looked_at",), where="is_active"),),
)
