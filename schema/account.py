"""account: a tenant. Its rows, codes and domains are its own (systems.md 6.2)."""

from schema.definition import (
    Collection,
    audit,
    decimal,
    integer,
    json,
    m2o,
    string,
    text,
    uuid,
)

account = Collection(
    "account",
    note="A tenant: the company that codes, products and jobs belong to.",
    tenancy={"id": {"_eq": "$CURRENT_ACCOUNT"}},
    fields=(
        uuid("id", primary_key=True),
        *audit(),
        string("account_name", required=True),
        text("account_description"),
        string("timezone", default="UTC", max_length=64),
        string("account_redirection_url", note="Where a scan goes when nothing else is set."),
        string("company_slug", unique=True, max_length=64, pattern="^[a-z0-9-]{2,64}$"),
        integer("company_id", unique=True, readonly=True, generated="sequence"),
        string("evt_account_id", unique=True, readonly=True, generated="evt_id", max_length=24),
        m2o("default_domain", to="domain", note="Domain of digital links and short codes."),
        decimal(
            "max_keyspace_fill",
            precision=(12, 10),
            note="Share of a code space that may ever be issued, when stricter than the "
            "installation's. 0.0001 for Delegated Regulation (EU) 2016/161.",
        ),
        json("settings"),
    ),
)
