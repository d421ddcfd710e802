"""directus_access: a policy attached to a role, to a user, or (neither) to the public (6.1)."""

from schema.definition import Collection, integer, m2o, uuid

directus_access = Collection(
    "directus_access",
    note="Which policies apply to whom. Without role and user: to everybody without a role.",
    fields=(
        uuid("id", primary_key=True),
        m2o("role", to="directus_roles", on_delete="CASCADE", indexed=True),
        m2o("user", to="directus_users", on_delete="CASCADE", indexed=True),
        m2o("policy", to="directus_policies", required=True, on_delete="CASCADE", indexed=True),
        integer("sort"),
    ),
)
