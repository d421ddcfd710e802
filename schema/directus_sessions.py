"""directus_sessions: refresh tokens that still work (directus.md 5.2). Internal."""

from schema.definition import Collection, m2o, string, timestamp

directus_sessions = Collection(
    "directus_sessions",
    note="A login that can be refreshed. Tokens are stored as SHA-256 hashes.",
    internal=True,
    fields=(
        string("token", primary_key=True, max_length=64),
        m2o("user", to="directus_users", required=True, on_delete="CASCADE", indexed=True),
        timestamp("expires", required=True, indexed=True),
        string("ip"),
        string("user_agent", max_length=1000),
        string("origin"),
        string("next_token", max_length=64, note="The session's next hash, while in grace."),
    ),
)
