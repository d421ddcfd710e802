"""directus_permissions: what a policy allows on a collection (directus.md 6.1, 6.3)."""

from schema.definition import Collection, csv, integer, json, m2o, string

directus_permissions = Collection(
    "directus_permissions",
    note="What a policy allows: an action on a collection, on which rows and fields.",
    fields=(
        integer("id", primary_key=True, generated="sequence"),
        string("collection", required=True, max_length=64),
        string(
            "action",
            required=True,
            choices=("create", "read", "update", "delete", "share"),
            max_length=10,
        ),
        json("permissions", note="A filter: the rows it allows. Empty: all."),
        json("validation", note="A filter every written item has to pass."),
        json("presets", note="Values put under what is written."),
        csv("fields", note="The fields it allows; `*`: all."),
        m2o("policy", to="directus_policies", required=True, on_delete="CASCADE", indexed=True),
    ),
)
