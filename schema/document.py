"""document and download_link: searches that become files, and links to those (systems.md 6.7)."""

from schema.definition import (
    Collection,
    Index,
    audit,
    integer,
    json,
    m2o,
    string,
    tenant,
    text,
    timestamp,
    uuid,
)

document = Collection(
    "document",
    note="A search for codes whose result is a file. A worker makes it.",
    readonly=True,
    accountability=None,
    fields=(
        string("key", primary_key=True, max_length=12, note="12 small letters and digits."),
        *audit(),
        tenant(indexed=True),
        text("description", default=""),
        string(
            "status",
            required=True,
            default="pending",
            choices=("pending", "in-progress", "complete", "failed"),
            max_length=16,
        ),
        string("category", required=True, default="code", max_length=32),
        string("doctype", required=True, default="search-result", max_length=32),
        integer("related_id"),
        json("parameters", note="What was asked for; the values are texts."),
        string("task_ref", note="rq:job:<uuid>"),
        string("object_name", note="What its bytes are stored as; none: nothing is stored."),
        integer("file_size", wide=True, note="Bytes."),
        integer("row_count"),
        timestamp("completed_at"),
        timestamp("expires_at", note="When the file goes: 48 hours after it was complete."),
        m2o("owner", to="directus_users"),
        text("error_message"),
    ),
    indexes=(
        Index(("date_created",), where="status IN ('pending', 'in-progress')"),
        Index(("expires_at",), where="object_name IS NOT NULL"),
    ),
)

download_link = Collection(
    "download_link",
    note="A link to a document's file that works once. Only the hash of its token is stored.",
    internal=True,
    fields=(
        uuid("id", primary_key=True),
        m2o("document", to="document", required=True, on_delete="CASCADE", indexed=True),
        m2o("user", to="directus_users", on_delete="CASCADE", note="Whose it is to follow."),
        string("token_hash", required=True, unique=True, max_length=64),
        timestamp("expires_at", required=True),
        timestamp("used_at"),
        timestamp("date_created", special=("date-created",)),
    ),
    indexes=(Index(("expires_at",)),),
)
