"""code_reservation: so many codes for somebody, and their file (systems.md 1.6)."""

from schema.definition import (
    Collection,
    Index,
    audit,
    integer,
    m2o,
    string,
    tenant,
    text,
    timestamp,
    uuid,
)

code_reservation = Collection(
    "code_reservation",
    note="Codes set aside for somebody. A worker reserves all of them or none, and makes the file.",
    fields=(
        uuid("id", primary_key=True),
        *audit(),
        tenant(indexed=True),
        string("reserved_for", note="Who the codes are for."),
        string(
            "code_type",
            default="sgtin",
            choices=("sgtin", "sscc", "grai", "short_code"),
            max_length=16,
        ),
        integer("quantity", required=True, minimum=1, maximum=1_000_000),
        string(
            "status",
            default="new",
            choices=("new", "in_progress", "complete", "error"),
            max_length=16,
            note="new -> in_progress -> complete or error. Set to new to try again.",
        ),
        string("export_type", default="csv", choices=("csv", "json", "xml", "yaml"), max_length=16),
        m2o("export_file", to="directus_files", readonly=True),
        string("url_suffix", note="Put behind every digital link in the file."),
        m2o("product", to="product", scalar=True, note="Codes of this product only."),
        m2o("domain", to="domain", note="Short codes of this domain only."),
        integer("quantity_reserved", default=0, readonly=True),
        text("error_message", readonly=True, note="Why it failed, and what to do."),
        string("reference_id"),
        string("purchase_order"),
        timestamp("file_ready_at", readonly=True),
    ),
    indexes=(Index(("date_created",), where="status IN ('new', 'in_progress')"),),
)
