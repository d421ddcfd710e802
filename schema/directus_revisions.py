"""directus_revisions: what an item was after every write (directus.md 10)."""

from schema.definition import Collection, Index, integer, json, m2o, string

directus_revisions = Collection(
    "directus_revisions",
    note="An item as it was after a write, and what the write changed. Written by the server.",
    readonly=True,
    accountability=None,
    fields=(
        integer("id", primary_key=True, generated="sequence"),
        m2o(
            "activity",
            to="directus_activity",
            enforced=False,
            on_delete="NO ACTION",
            required=True,
            indexed=True,
        ),
        string("collection", required=True, max_length=64),
        string("item", required=True),
        json("data"),
        json("delta"),
        m2o("parent", to="directus_revisions", enforced=False, on_delete="NO ACTION"),
    ),
    indexes=(Index(("collection", "item")),),
)
