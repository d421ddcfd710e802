"""directus_access_version: a stamp that changes with every change of what callers may do. Internal.

Processes keep what they know of policies and permissions while the stamp is the same.
"""

from schema.definition import Collection, integer, uuid

access_version = Collection(
    "directus_access_version",
    note="One row. A trigger renews the stamp; see app/access/identity.py.",
    internal=True,
    fields=(integer("id", primary_key=True), uuid("version", required=True)),
)
