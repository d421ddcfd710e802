"""The collections that the recorded exchanges with a real Directus ran on, as definitions."""

from schema import SYSTEM, Collection, Schema
from schema.definition import (
    Field,
    audit,
    big_integer,
    boolean,
    csv,
    decimal,
    integer,
    json,
    m2o,
    o2m,
    string,
    text,
    timestamp,
    uuid,
)

CREATED = timestamp("date_created", special=("date-created",), readonly=True)

RECORDED = Schema(
    (
        *SYSTEM,
        Collection(
            "account",
            fields=(
                uuid("id", primary_key=True),
                string("account_name"),
                string("status", default="active"),
                CREATED,
                o2m("jobs", of="identifier_job", field="account"),
            ),
        ),
        Collection("domain", fields=(uuid("id", primary_key=True), string("domain_name"))),
        Collection(
            "product",
            fields=(
                string("id", primary_key=True),
                string("name", required=True),
                string("gtin"),
                text("description"),
                boolean("active", default=True),
                decimal("price", precision=(10, 2)),
                Field(name="weight", type="float"),
                big_integer("total_made"),
                Field(name="launch_date", type="date"),
                Field(name="launch_time", type="time"),
                Field(name="launched_at", type="dateTime"),
                json("attributes"),
                csv("tags"),
                m2o("account", to="account"),
                timestamp("date_updated", special=("date-updated",), readonly=True),
            ),
        ),
        Collection(
            "identifier_job",
            fields=(
                uuid("id", primary_key=True),
                *audit(),
                integer("length", default=8, minimum=6),
                integer("quantity"),
                m2o("account", to="account"),
                string("reference_id"),
                string("type", default="sgtin"),
                string("product"),
                string("character_set", default="alphanumeric"),
                string("status", default="new"),
                integer("sscc_start_serial", default=0),
                integer("sscc_extension_digit"),
                string("sscc_company_prefix"),
                m2o("domain", to="domain"),
                text("error_message"),
                integer("quantity_created"),
            ),
        ),
        Collection(
            "identifier",
            fields=(
                uuid("id", primary_key=True),
                m2o("job", to="identifier_job"),
                string("value", unique=True),
                string("serial"),
                string("status", default="active"),
                CREATED,
            ),
        ),
    )
)
COLUMNS = {
    "account": "id account_name status date_created",
    "domain": "id domain_name",
    "product": "id name gtin description active price weight total_made launch_date launch_time "
    "launched_at attributes tags account",
    "identifier_job": "id user_created date_created user_updated date_updated length quantity "
    "account reference_id type product character_set status sscc_start_serial "
    "sscc_extension_digit sscc_company_prefix domain error_message quantity_created",
    "identifier": "id job value serial status date_created",
}
"""The columns of the seed files, which have no header."""
