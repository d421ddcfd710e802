"""company_prefix: GS1 company prefixes, and whose the keys under them are (DESIGN.md 9)."""

from schema.definition import OWN_OR_SHARED_ROWS, Collection, Index, audit, string, tenant, uuid

company_prefix = Collection(
    "company_prefix",
    note="A GS1 company prefix. GTINs, GRAIs, SSCCs and GLNs under it are its account's. The "
    "installation's admin assigns it.",
    shared=True,
    readable=OWN_OR_SHARED_ROWS,
    fields=(
        uuid("id", primary_key=True),
        *audit(),
        tenant(indexed=True, note="Whose it is; none: shared by all accounts."),
        string(
            "digits",
            required=True,
            max_length=12,
            pattern="^[0-9]{3,12}$",
            note="4 to 12 digits; of a GTIN-8 prefix 3. Its length is the one EPCs are made with.",
        ),
        string(
            "kind",
            required=True,
            default="ordinary",
            choices=("ordinary", "gtin8"),
            max_length=16,
            note="gtin8: a GS1-8 prefix, of GTINs of 8 digits.",
        ),
        string("note", note="What it is for."),
    ),
    indexes=(Index(("digits", "kind"), unique=True),),
)
