"""domain: the host name of digital links and short codes (systems.md 6.2)."""

from schema.definition import (
    OWN_OR_SHARED_ROWS,
    Collection,
    Index,
    audit,
    boolean,
    string,
    tenant,
    timestamp,
    uuid,
)

domain = Collection(
    "domain",
    note="A host name that digital links and short codes are printed with.",
    readable=OWN_OR_SHARED_ROWS,
    fields=(
        uuid("id", primary_key=True),
        *audit(),
        tenant(indexed=True),
        string(
            "domain_name",
            required=True,
            pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}$",
            note="Lower case, without scheme or path, e.g. id.example.com.",
        ),
        string("type", default="digital_link", choices=("digital_link", "short"), max_length=16),
        boolean("is_default", default=False, note="The account's default of its type."),
        string(
            "state",
            choices=("pending", "verified"),
            max_length=16,
            note="pending -> verified. Codes are minted under verified domains only. What the "
            "installation's admin makes is verified.",
        ),
        string(
            "verification_code",
            readonly=True,
            max_length=64,
            note="What the TXT record of the domain has to say (DOMAIN_VERIFICATION=dns).",
        ),
        timestamp("verified_at", readonly=True),
    ),
    indexes=(
        Index(("account", "type"), unique=True, where="is_default"),
        # Whoever claims a name does not have it yet: it is one account's when it is verified.
        Index(("domain_name",), unique=True, where="state = 'verified'"),
        Index(("account", "domain_name"), unique=True),
    ),
)
