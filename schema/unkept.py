"""Collections that Directus keeps and Mintage does not: they read as empty, nothing is written.

Clients that read all there is (backups, templates, tool servers) read these, too.
"""

from schema.definition import (
    Collection,
    Field,
    boolean,
    hashed,
    integer,
    json,
    m2o,
    o2m,
    string,
    text,
    timestamp,
    uuid,
)


def _unkept(name: str, *fields: Field) -> Collection:
    return Collection(
        name,
        note="Of Directus. Mintage keeps none.",
        readonly=True,
        unkept=True,
        accountability=None,
        fields=fields,
    )


def _one(name: str, to: str = "directus_users") -> Field:
    return m2o(name, to=to, enforced=False, on_delete="NO ACTION")


def _created() -> tuple[Field, Field]:
    return timestamp("date_created"), _one("user_created")


UNKEPT: tuple[Collection, ...] = (
    _unkept(
        "directus_flows",
        uuid("id", primary_key=True),
        string("name", required=True),
        string("icon", max_length=64),
        string("color"),
        text("description"),
        string("status"),
        string("trigger"),
        string("accountability"),
        json("options"),
        _one("operation", "directus_operations"),
        *_created(),
        o2m("operations", of="directus_operations", field="flow", on_deselect="delete"),
    ),
    _unkept(
        "directus_operations",
        uuid("id", primary_key=True),
        string("name"),
        string("key", required=True),
        string("type", required=True),
        integer("position_x", required=True),
        integer("position_y", required=True),
        json("options"),
        _one("resolve", "directus_operations"),
        _one("reject", "directus_operations"),
        _one("flow", "directus_flows"),
        *_created(),
    ),
    _unkept(
        "directus_dashboards",
        uuid("id", primary_key=True),
        string("name", required=True),
        string("icon", max_length=64),
        text("note"),
        *_created(),
        string("color"),
        o2m("panels", of="directus_panels", field="dashboard"),
    ),
    _unkept(
        "directus_panels",
        uuid("id", primary_key=True),
        _one("dashboard", "directus_dashboards"),
        string("name"),
        string("icon", max_length=64),
        string("color", max_length=10),
        boolean("show_header", required=True),
        text("note"),
        string("type", required=True),
        integer("position_x", required=True),
        integer("position_y", required=True),
        integer("width", required=True),
        integer("height", required=True),
        json("options"),
        *_created(),
    ),
    _unkept(
        "directus_extensions",
        uuid("id", primary_key=True),
        boolean("enabled", required=True),
        string("folder", required=True),
        string("source", required=True),
        uuid("bundle"),
    ),
    _unkept(
        "directus_notifications",
        integer("id", primary_key=True),
        timestamp("timestamp"),
        string("status"),
        _one("recipient"),
        _one("sender"),
        string("subject", required=True),
        text("message"),
        string("collection", max_length=64),
        string("item"),
    ),
    _unkept(
        "directus_shares",
        uuid("id", primary_key=True),
        string("name"),
        string("collection", required=True, max_length=64),
        string("item", required=True),
        _one("role", "directus_roles"),
        hashed("password"),
        _one("user_created"),
        timestamp("date_created"),
        timestamp("date_start"),
        timestamp("date_end"),
        integer("times_used"),
        integer("max_uses"),
    ),
    _unkept(
        "directus_versions",
        uuid("id", primary_key=True),
        string("key", required=True, max_length=64),
        string("name"),
        string("collection", required=True, max_length=64),
        string("item", required=True),
        string("hash"),
        timestamp("date_created"),
        timestamp("date_updated"),
        _one("user_created"),
        _one("user_updated"),
        json("delta"),
    ),
)
