"""product: what codes are printed on; its key is its GS1 path (systems.md 1.6, 6.3)."""

from schema.definition import (
    Collection,
    Field,
    Index,
    audit,
    boolean,
    computed,
    decimal,
    integer,
    json,
    m2o,
    string,
    tenant,
    text,
)


def _measure(name: str) -> tuple[Field, Field]:
    """A quantity and its unit, e.g. net_weight and net_weight_unit."""
    return decimal(name, precision=(14, 5)), string(f"{name}_unit", max_length=16)


product = Collection(
    "product",
    note="A trade item (key /01/<gtin14>), an asset type (key /8003/<14 digits>) or a custom item.",
    fields=(
        string(
            "id",
            primary_key=True,
            max_length=128,
            note="/01/<gtin14>, /8003/<14 digits> or your own key. Made from gtin when absent.",
        ),
        *audit(),
        tenant(indexed=True),
        string("product_name", required=True),
        string("gtin", max_length=14, indexed=True, note="8, 12, 13 or 14 digits."),
        string("custom_id"),
        string("sku"),
        string("ndc"),
        integer("product_number", unique=True, readonly=True, generated="sequence"),
        string("evt_id", unique=True, readonly=True, generated="evt_id", max_length=24),
        integer(
            "company_prefix_length",
            minimum=6,
            maximum=12,
            note="Digits of the GS1 company prefix in the key, when not the account's.",
        ),
        computed("digital_link", note="https://<domain><key>"),
        string("product_redirection_url", max_length=2048),
        string("product_redirection_rule"),
        string("product_reference_document"),
        string("packaging_type_code"),
        string("variant_description"),
        string("functional_name"),
        *_measure("net_weight"),
        *_measure("gross_weight"),
        *_measure("net_content"),
        boolean("third_party_product", default=False),
        boolean("finished_product", default=True),
        string("primary_image"),
        string("product_manufacturer", note="/417/<gln13>"),
        string("brand_owner", note="/417/<gln13>"),
        *_measure("in_package_height"),
        *_measure("in_package_width"),
        *_measure("in_package_depth"),
        string("country_of_origin", max_length=2),
        string("size"),
        string("target_consumer_gender"),
        string("season_code"),
        string("color"),
        m2o("parent_product", to="product"),
        json("translations"),
        json("certifications"),
        json("nutrients"),
        json("tags"),
        json("identifiers"),
        json("custom_fields"),
        text("description"),
        boolean("is_archived", default=False),
    ),
    indexes=(
        Index(("account", "sku"), unique=True),
        Index(("account", "ndc"), unique=True),
        Index(("parent_product",), where="parent_product IS NOT NULL"),
    ),
)
