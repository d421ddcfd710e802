"""directus_presets: saved views of collections, and bookmarks (directus.md 10).

Whose a view is: a user's, a role's (no user), or everybody's (neither).
"""

from schema.definition import Collection, Index, integer, json, m2o, string

directus_presets = Collection(
    "directus_presets",
    note="Saved views and bookmarks: of a user, of a role, or (neither) of everybody.",
    accountability=None,
    fields=(
        integer("id", primary_key=True, generated="sequence"),
        string("bookmark", note="The name of a bookmark; none: how the collection is shown."),
        m2o("user", to="directus_users", on_delete="CASCADE"),
        m2o("role", to="directus_roles", on_delete="CASCADE", indexed=True),
        string("collection", max_length=64),
        string("search", max_length=100),
        string("layout", default="tabular", max_length=100),
        json("layout_query"),
        json("layout_options"),
        integer("refresh_interval"),
        json("filter"),
        string("icon", default="bookmark", max_length=64),
        string("color", max_length=255),
    ),
    indexes=(Index(("user", "collection")),),
)
