"""directus_activity: who did what to which item, and when (directus.md 10)."""

from schema.definition import Collection, Index, integer, m2o, o2m, string, text, timestamp

directus_activity = Collection(
    "directus_activity",
    note="What was done. Written by the server.",
    readonly=True,
    accountability=None,
    fields=(
        integer("id", primary_key=True, generated="sequence"),
        string("action", required=True, max_length=45),
        m2o("user", to="directus_users", enforced=False, on_delete="NO ACTION"),
        timestamp("timestamp", special=("date-created", "cast-timestamp"), required=True),
        string("ip", max_length=50),
        text("user_agent"),
        string("collection", required=True, max_length=64),
        string("item", required=True),
        string("origin"),
        o2m("revisions", of="directus_revisions", field="activity"),
    ),
    indexes=(Index(("collection", "item")), Index(("timestamp",))),
)
