"""The served schema has Directus's names, arguments and nullability (directus.md 4.4 to 4.6).

The contract is the schema a real Directus served for like-named collections.
"""

from pathlib import Path

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLScalarType,
    build_schema,
    parse,
    validate,
)

from app.graphql import schema as graphql_schema
from schema import BUILTIN
from tests.items.books import LIBRARY

SDL = (Path(__file__).parents[1] / "data" / "directus_sdl.graphql").read_text()
DIRECTUS = build_schema(SDL, assume_valid=True, assume_valid_sdl=True)
OURS = graphql_schema.core_schema(graphql_schema.build_schema(BUILTIN))
EVERY_TYPE = graphql_schema.core_schema(graphql_schema.build_schema(LIBRARY))
"""Types that no field uses are not in a schema: this one's collections use every type."""
SHARED = ("identifier_job", "product", "account", "domain")
LINKS = {
    "account": "account_link",
    "domain": "domain_link",
    "directus_users": "directus_users_link",
}
"""Many-to-one inputs take a key or an object (systems.md 0.3.1): a scalar for each target."""
OPERATORS = sorted(
    name
    for name in DIRECTUS.type_map
    if name.endswith("_filter_operators") and not name.startswith("count_")
)


def members(schema, name):
    return {field: str(value.type) for field, value in schema.type_map[name].fields.items()}


def arguments(schema, root, name):
    field = schema.type_map[root].fields[name]
    return {argument: str(value.type) for argument, value in field.args.items()}


@pytest.mark.parametrize("name", OPERATORS)
def test_operator_inputs_have_exactly_directus_members(name):
    theirs = members(DIRECTUS, name)
    if name == "string_filter_operators":  # JSON fields have it, too: theirs have no `_json` yet
        theirs["_json"] = "JSON"
    assert members(EVERY_TYPE, name) == theirs


@pytest.mark.parametrize(
    "name",
    ["date_functions", "time_functions", "datetime_functions", "delete_one", "delete_many"],
)
def test_helper_types_are_directus_own(name):
    assert members(EVERY_TYPE, name) == members(DIRECTUS, name)


@pytest.mark.parametrize("collection", SHARED)
def test_root_fields_have_directus_names_types_and_arguments(collection):
    roots = {
        "Query": ["{}", "{}_by_id", "{}_aggregated"],
        "Mutation": "create_{}_items create_{}_item update_{}_items update_{}_batch update_{}_item "
        "delete_{}_items delete_{}_item".split(),
    }
    for root, forms in roots.items():
        for form in forms:
            name = form.format(collection)
            ours, theirs = (s.type_map[root].fields[name] for s in (OURS, DIRECTUS))
            assert str(ours.type) == str(theirs.type), name
            assert arguments(OURS, root, name) == arguments(DIRECTUS, root, name), name


def test_every_served_collection_has_all_root_fields_and_no_other():
    queries, mutations = (set(OURS.type_map[root].fields) for root in ("Query", "Mutation"))
    names = [collection.name for collection in BUILTIN.served()]
    assert queries == {
        form.format(name) for name in names for form in ("{}", "{}_by_id", "{}_aggregated")
    }
    written = [collection.name for collection in BUILTIN.served() if not collection.readonly]
    assert mutations == {
        form.format(name)
        for name in written
        for form in "create_{}_items create_{}_item update_{}_items update_{}_batch "
        "update_{}_item delete_{}_items delete_{}_item".split()
    }


def test_the_identifier_job_type_is_directus_own():
    ours, theirs = members(OURS, "identifier_job"), members(DIRECTUS, "identifier_job")
    theirs["sscc_start_serial"] = "GraphQLBigInt"  # 64 bits: systems.md 6.10
    assert ours == theirs
    for name in theirs:
        assert arguments(OURS, "identifier_job", name) == arguments(
            DIRECTUS, "identifier_job", name
        )


def test_the_identifier_job_filter_is_directus_own():
    theirs = members(DIRECTUS, "identifier_job_filter")
    theirs["sscc_start_serial"] = "big_int_filter_operators"
    assert members(OURS, "identifier_job_filter") == theirs


@pytest.mark.parametrize("action", ["create", "update"])
def test_the_identifier_job_input_is_directus_own_but_for_links(action):
    theirs = members(DIRECTUS, f"{action}_identifier_job_input")
    for name, kind in theirs.items():
        target = kind.removeprefix(f"{action}_").removesuffix("_input")
        theirs[name] = LINKS.get(target, kind)
    theirs["sscc_start_serial"] = "GraphQLBigInt"
    assert members(OURS, f"{action}_identifier_job_input") == theirs


def test_aggregates_are_directus_own():
    for name in ("", "_count", "_fields"):
        kind = f"identifier_job_aggregated{name}"
        assert members(OURS, kind) == members(DIRECTUS, kind)


@pytest.mark.parametrize("name", ["Date", "GraphQLBigInt", "GraphQLStringOrFloat", "Hash", "JSON"])
def test_scalars_have_directus_names(name):
    assert isinstance(OURS.type_map[name], GraphQLScalarType)
    assert name in DIRECTUS.type_map


def test_a_collection_without_numbers_has_no_number_aggregates():
    assert set(members(OURS, "domain_aggregated")) == set(members(DIRECTUS, "domain_aggregated"))


def test_keys_are_ids_and_required_fields_are_not_null():
    product = members(OURS, "product")
    assert (product["id"], product["product_name"], product["gtin"]) == ("ID!", "String!", "String")
    assert members(OURS, "create_product_input")["product_name"] == "String!"
    assert members(OURS, "update_product_input")["product_name"] == "String"
    assert members(OURS, "create_identifier_job_input")["id"] == "ID"


def test_internal_collections_and_secrets_are_not_named():
    for internal in ("code_space", "code_range", "job_chunk"):
        assert not any(internal in name for name in OURS.type_map)
    assert "directus_users" not in OURS.type_map["Query"].fields
    users = members(OURS, "directus_users")
    assert users["password"] == users["token"] == "Hash"
    assert members(OURS, "directus_users_filter")["token"] == "hash_filter_operators"


def test_notes_are_descriptions():
    assert OURS.type_map["product"].description.startswith("A trade item")
    field = OURS.type_map["identifier_job"].fields["quantity"]
    assert field.description == "Number of codes to generate."


def test_every_output_field_of_every_type_can_be_selected():
    """No dangling types: a document that selects everything two levels deep is valid."""

    def selection(kind, depth):
        parts = []
        for name, field in kind.fields.items():
            named = field.type
            while hasattr(named, "of_type"):
                named = named.of_type
            if not isinstance(named, GraphQLObjectType):
                parts.append(name)
            elif depth:
                parts.append(f"{name} {{ __typename {selection(named, depth - 1)} }}")
        return " ".join(parts)

    for name in BUILTIN.collections:
        if name in OURS.type_map["Query"].fields:
            document = f"{{ {name} {{ {selection(OURS.type_map[name], 2)} }} }}"
            assert validate(OURS, parse(document)) == []


def test_every_input_type_is_used_and_named_after_its_collection():
    inputs = [t for t in OURS.type_map.values() if isinstance(t, GraphQLInputObjectType)]
    assert {t.name for t in inputs if t.name.startswith("create_")} == {
        f"create_{collection.name}_input"
        for collection in BUILTIN.served()
        if not collection.readonly
    }
