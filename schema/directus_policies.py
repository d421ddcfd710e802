"""directus_policies: bundles of permissions, attached to roles, users or the public (6.1)."""

from schema.definition import Collection, boolean, csv, m2m, o2m, string, text, uuid

directus_policies = Collection(
    "directus_policies",
    note="Policies. `admin_access` allows everything.",
    fields=(
        uuid("id", primary_key=True),
        string("name", required=True, max_length=100),
        string("icon", default="badge", max_length=64),
        text("description"),
        csv("ip_access", note="Addresses, networks and ranges it counts for; none: all."),
        boolean("enforce_tfa", required=True, default=False),
        boolean("admin_access", required=True, default=False, note="May do everything."),
        boolean("app_access", required=True, default=False),
        o2m("permissions", of="directus_permissions", field="policy", on_deselect="delete"),
        m2m(
            "users",
            through="directus_access",
            field="policy",
            junction_field="user",
            on_deselect="delete",
        ),
        m2m(
            "roles",
            through="directus_access",
            field="policy",
            junction_field="role",
            on_deselect="delete",
        ),
    ),
)
