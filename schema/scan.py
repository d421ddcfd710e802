"""scan: somebody scanned a code (systems.md 6.6)."""

from schema.definition import (
    Collection,
    Index,
    audit,
    csv,
    json,
    m2o,
    string,
    tenant,
    timestamp,
    uuid,
)

scan = Collection(
    "scan",
    note="A scan of a code, as it was judged then.",
    accountability=None,
    fields=(
        uuid("id", primary_key=True),
        *audit(enforced=False),
        timestamp("scanned_at", required=True, generated="now"),
        tenant(enforced=False),
        m2o("code", to="unique_code", enforced=False, on_delete="NO ACTION"),
        string("scanned_key", max_length=255, note="The key that was scanned, known or not."),
        m2o("product", to="product", enforced=False, on_delete="NO ACTION", scalar=True),
        string("app", max_length=64),
        string("reason", default="query", choices=("query", "auth"), max_length=16),
        string("result", default="ok", choices=("ok", "failure"), max_length=16),
        string("computed_status", max_length=32),
        string("auth_failure_mode", max_length=32),
        csv("flags", note="out-of-market, blacklisted, inactive, counterfeit, ..."),
        string("install_id", max_length=64, note="The app or browser that scanned."),
        string("user_email", max_length=128),
        string("country", max_length=2, note="ISO 3166 alpha-2, small letters."),
        json("location"),
        json("device"),
    ),
    indexes=(
        Index(("account", "scanned_at")),
        Index(("code", "scanned_at")),
        Index(("product", "scanned_at")),
    ),
)
