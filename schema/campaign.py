"""campaign and scm_field: what is kept of codes in the supply chain (systems.md 6.3)."""

from schema.definition import (
    Collection,
    Index,
    audit,
    boolean,
    integer,
    m2o,
    o2m,
    string,
    tenant,
    text,
    uuid,
)

campaign = Collection(
    "campaign",
    note="Products whose codes are followed together. A code's campaign is its product's.",
    fields=(
        integer("id", primary_key=True, generated="sequence"),
        *audit(),
        tenant(indexed=True),
        string("name", required=True),
        text("description"),
        boolean("is_archived", default=False),
        integer(
            "max_scan_count",
            minimum=1,
            note="Devices that may scan a code, each counted once a day; more are flagged.",
        ),
        boolean(
            "blacklist_on_max_scan_count",
            default=False,
            note="Blacklist a code that more devices scan than max_scan_count.",
        ),
        o2m(
            "scm_fields",
            of="scm_field",
            field="campaign",
            sort_field="position",
            on_deselect="delete",
        ),
    ),
)

scm_field = Collection(
    "scm_field",
    note="A supply-chain field that the codes of a campaign can have, and a column of downloads.",
    sort_field="position",
    tenancy={"campaign": {"account": {"_eq": "$CURRENT_ACCOUNT"}}},
    fields=(
        uuid("id", primary_key=True),
        *audit(),
        m2o("campaign", to="campaign", required=True, on_delete="CASCADE"),
        string("key", required=True, max_length=64, pattern="^[a-z][a-z0-9_]{0,63}$"),
        string("label"),
        string(
            "type",
            default="string",
            choices=("string", "date", "number", "boolean", "list"),
            max_length=16,
        ),
        integer("position", default=0, note="Place among the campaign's fields."),
        boolean("is_active", default=True, note="Other fields are kept, and not shown."),
    ),
    indexes=(Index(("campaign", "key"), unique=True),),
)
