"""directus_comments: what users say of an item (directus.md 10)."""

from schema.definition import Collection, Index, m2o, string, text, timestamp, uuid

directus_comments = Collection(
    "directus_comments",
    note="Comments on items. Who comments has to be able to read the item.",
    fields=(
        uuid("id", primary_key=True),
        string("collection", required=True, max_length=64),
        string("item", required=True, note="The key of the item."),
        text("comment", required=True),
        timestamp("date_created", special=("date-created", "cast-timestamp"), readonly=True),
        timestamp("date_updated", special=("date-updated", "cast-timestamp"), readonly=True),
        m2o("user_created", to="directus_users", special=("user-created",), readonly=True),
        m2o("user_updated", to="directus_users", special=("user-updated",), readonly=True),
    ),
    indexes=(Index(("collection", "item")),),
)
