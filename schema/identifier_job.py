"""identifier_job: bulk generation of unique identifiers (systems.md 1.2)."""

from schema.definition import Collection, Index, audit, integer, m2o, string, tenant, text, uuid

identifier_job = Collection(
    "identifier_job",
    note="Bulk generation of unique identifiers.",
    fields=(
        uuid("id", primary_key=True),
        *audit(),
        integer(
            "length",
            default=8,
            minimum=6,
            maximum=20,
            note="Length of the generated codes. Not used by sscc.",
        ),
        integer("quantity", minimum=1, note="Number of codes to generate."),
        tenant(note="Account the job belongs to."),
        string("reference_id", note="Your own reference: batch name, order number."),
        string(
            "type",
            default="sgtin",
            choices=("sgtin", "sscc", "grai", "short_code"),
            max_length=16,
            note="Type of identifier to generate.",
        ),
        m2o("product", to="product", scalar=True, note="Product the codes are for."),
        string(
            "character_set",
            default="alphanumeric",
            choices=(
                "alphanumeric",
                "alphanumeric_upper",
                "alphanumeric_lower",
                "numeric",
                "alpha",
                "alpha_upper",
                "alpha_lower",
                "hex",
                "unambiguous",
                "rfid_numeric",
            ),
            max_length=32,
            note="Symbols of the codes.",
        ),
        string(
            "status",
            default="new",
            choices=("new", "in_progress", "complete", "error"),
            max_length=16,
            note="new -> in_progress -> complete or error. Set to new to try again.",
        ),
        integer(
            "sscc_start_serial", default=0, minimum=0, wide=True, note="First serial reference."
        ),
        integer("sscc_extension_digit", default=0, minimum=0, maximum=9),
        string("sscc_company_prefix", pattern="^[0-9]{4,12}$", note="GS1 company prefix."),
        m2o("domain", to="domain", note="Domain of the links. Default: the account's."),
        text("error_message", note="Why the job failed, and what to do."),
        integer("quantity_created", default=0, minimum=0, note="Codes created so far."),
    ),
    indexes=(
        Index(("account",)),
        Index(("product",)),
        Index(("date_created",)),
        Index(("date_created", "id"), where="status IN ('new', 'in_progress')"),
    ),
)
