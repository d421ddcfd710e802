"""api_credential: a token of another product's kind, with a share of its user's rights (6.2)."""

from schema.definition import (
    Collection,
    audit,
    json,
    m2o,
    string,
    tenant,
    timestamp,
    uuid,
)

api_credential = Collection(
    "api_credential",
    note="A token for the surface of another product, and what of its user's rights it may use.",
    fields=(
        uuid("id", primary_key=True),
        *audit(),
        tenant(indexed=True),
        m2o("user", to="directus_users", required=True, on_delete="CASCADE", indexed=True),
        string(
            "kind",
            required=True,
            choices=("evrythng", "scantrust_uat", "tracezilla", "kitcheck"),
            max_length=16,
        ),
        string("name", note="What it is for."),
        string(
            "token",
            required=True,
            unique=True,
            special=("conceal",),
            note="At least 20 characters. Stored as a hash: nobody can read it again.",
        ),
        string("token_hint", readonly=True, max_length=6, note="Its last four characters."),
        json("permissions", note="Words such as codes_view. Empty: all there are."),
        timestamp("valid_until"),
        timestamp("revoked_at"),
        timestamp("last_used_at", readonly=True),
    ),
)
