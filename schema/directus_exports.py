"""directus_exports: exports that are to become files (directus.md 10). Internal.

Once its file is there an export is gone; what is left are those that wait, run, or failed.
"""

from schema.definition import Collection, Index, audit, json, string, text, uuid

directus_exports = Collection(
    "directus_exports",
    note="An export somebody asked for. A worker makes the file, as that user.",
    internal=True,
    fields=(
        uuid("id", primary_key=True, note="Also the key of the file."),
        *audit(),
        string("status", required=True, default="new", max_length=16),
        string("collection", required=True, max_length=64),
        json("query", note="Which items, in what order, and what of each."),
        string("format", required=True, max_length=16),
        json("file", note="What is said of the file."),
        string("ip", max_length=50, note="Where the user called from: policies may ask."),
        text("error_message"),
    ),
    indexes=(Index(("date_created",), where="status IN ('new', 'in_progress')"),),
)
