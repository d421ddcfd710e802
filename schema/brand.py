"""brand: the name products are sold under (systems.md 6.3)."""

from schema.definition import Collection, Index, audit, integer, m2o, string, tenant, uuid

brand = Collection(
    "brand",
    note="The name products are sold under.",
    fields=(
        uuid("id", primary_key=True),
        integer("number", unique=True, readonly=True, generated="sequence"),
        *audit(),
        tenant(),
        string("name", required=True),
        m2o("image", to="directus_files"),
    ),
    indexes=(Index(("account", "name"), unique=True),),
)
