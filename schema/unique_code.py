"""unique_code: one row per printed or RFID identifier; its key is its name (systems.md 6.5)."""

from schema.definition import (
    Collection,
    Index,
    audit,
    computed,
    integer,
    json,
    m2o,
    string,
    tenant,
    timestamp,
)

unique_code = Collection(
    "unique_code",
    note="A serialized identifier. Minted by a job, or brought in from outside.",
    fields=(
        string(
            "id",
            primary_key=True,
            max_length=160,
            code_path=True,
            note="/01/<gtin14>/21/<serial>, /00/<sscc>, /8003/<grai> or <domain>/<short code>.",
        ),
        *audit(enforced=False),
        tenant(enforced=False),
        string("code", max_length=64, note="Serial, SSCC or short code."),
        string(
            "type",
            choices=("sgtin", "sscc", "grai", "short_code", "tag"),
            default="sgtin",
            required=True,
            max_length=16,
        ),
        m2o("product", to="product", enforced=False, on_delete="RESTRICT", scalar=True),
        m2o("domain", to="domain", enforced=False, on_delete="RESTRICT"),
        m2o("identifier_job", to="identifier_job", enforced=False, note="The job that made it."),
        m2o("workorder", to="workorder", enforced=False, note="The work order it was made for."),
        m2o("reservation", to="code_reservation", enforced=False, note="Who it is set aside for."),
        string(
            "status",
            default="unassigned",
            required=True,
            choices=("unassigned", "reserved", "assigned", "encoded"),
            max_length=16,
        ),
        computed(
            "epc_join_key", code_path=True, note="The key again, under the name EPCIS joins by."
        ),
        integer(
            "company_prefix_length",
            readonly=True,
            note="Digits of the GS1 company prefix in the key, fixed when the code is made.",
        ),
        computed("digital_link", note="GS1 Digital Link, or the short link."),
        computed(
            "epc_uri", note="EPC pure identity URI, where the company prefix length is known."
        ),
        computed("epc_hex", note="SGTIN-96 or -198, SSCC-96, GRAI-96 or -170, in hex."),
        string("custom_id"),
        string("extended_id", max_length=64, note="When not given: epc_hex, or the key."),
        string("serial_number", max_length=64, note="When not given: the serial of an SGTIN."),
        integer("activation_status", default=0, required=True, minimum=0, maximum=2),
        integer("blacklist_reason", default=0, required=True, minimum=0, maximum=10),
        timestamp("activated_at"),
        m2o("activated_by", to="directus_users", enforced=False, on_delete="NO ACTION"),
        json("scm_data"),
        timestamp("scm_updated_at"),
        m2o("scm_updated_by", to="directus_users", enforced=False, on_delete="NO ACTION"),
    ),
    # Minting touches three indexes only; what is rarely set has partial ones.
    indexes=(
        Index(("identifier_job",)),
        # The newest codes: 7 bytes for each, as the codes of a chunk have one moment, and 9 % of
        # the time of a job (1,000,000 codes: 3.71 s with it and 3.39 s without, in one run).
        Index(("date_created",)),
        # Of another account it says nothing: who comes first takes it from nobody.
        Index(("extended_id", "account"), unique=True, where="extended_id IS NOT NULL"),
        Index(("activated_at",), where="activated_at IS NOT NULL"),
        Index(("product",), where="activation_status = 2"),
        # Keys of SGTINs and GRAIs begin with their product; these name theirs nowhere else.
        Index(
            ("product", "activation_status"),
            where="product IS NOT NULL AND type IN ('sscc', 'short_code', 'tag')",
        ),
        Index(("reservation",), where="reservation IS NOT NULL"),
        Index(("workorder",), where="workorder IS NOT NULL"),
        Index(("serial_number",), where="serial_number IS NOT NULL"),
    ),
)
