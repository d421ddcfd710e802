"""directus_roles: what users are, each with the policies of its ancestors too (directus.md 6.1)."""

from schema.definition import Collection, m2m, m2o, o2m, string, text, uuid

directus_roles = Collection(
    "directus_roles",
    note="Roles. A role has the policies attached to it and to its ancestors.",
    fields=(
        uuid("id", primary_key=True),
        string("name", required=True, max_length=100),
        string("icon", default="supervised_user_circle", max_length=64),
        text("description"),
        m2o("parent", to="directus_roles", indexed=True),
        o2m("children", of="directus_roles", field="parent"),
        m2m(
            "policies",
            through="directus_access",
            field="role",
            junction_field="policy",
            sort_field="sort",
            on_deselect="delete",
        ),
        o2m("users", of="directus_users", field="role"),
    ),
)
