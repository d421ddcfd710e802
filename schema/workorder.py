"""workorder: an order for codes, as Scantrust's clients give it (systems.md 6.4)."""

from schema.definition import Collection, Index, audit, boolean, integer, m2o, string, tenant, text

workorder = Collection(
    "workorder",
    note="An order for codes. Its job mints them.",
    fields=(
        integer("id", primary_key=True, generated="sequence"),
        *audit(),
        tenant(),
        string("reference", required=True, note="Your own reference; unique in an account."),
        text("remarks"),
        integer("quantity", required=True, minimum=1, maximum=1_000_000),
        m2o("product", to="product", scalar=True),
        boolean("activate_on_complete", required=True, note="Codes are made active."),
        boolean("use_serial_number", required=True, default=False),
        string(
            "state",
            required=True,
            default="new",
            choices=(
                "new",
                "processing",
                "minted",
                "packing",
                "completed",
                "canceled",
                "ready-to-print",
                "printed",
            ),
            max_length=16,
            note="new -> processing (-> minted -> packing) -> completed. A person sets canceled, "
            "ready-to-print and printed; new again to try what failed again.",
        ),
        boolean("is_archived", required=True, default=False),
        m2o("identifier_job", to="identifier_job", readonly=True, note="The job that mints."),
        m2o("codegen_file", to="directus_files", readonly=True, note="The list of its codes."),
        text("error_message", readonly=True),
    ),
    indexes=(
        Index(("account", "reference"), unique=True),
        Index(("identifier_job",), where="identifier_job IS NOT NULL"),
    ),
)
