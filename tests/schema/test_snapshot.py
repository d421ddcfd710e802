"""Definitions from and to a Directus schema snapshot (directus.md 8.5)."""

import json
from pathlib import Path

import pytest
import yaml

from schema import BUILTIN, SYSTEM, BadDefinition, Schema, with_accounts
from schema.snapshot_reading import collections_of, full_snapshot_of

SNAPSHOT = yaml.safe_load(
    (Path(__file__).parents[1] / "data" / "directus_snapshot.yaml").read_text()
)


def changed(**sections):
    return {**json.loads(json.dumps(SNAPSHOT)), **sections}


def with_field(name, **changes):
    """The snapshot with something else said of one field."""
    snapshot = changed()
    for field in snapshot["fields"]:
        if f"{field['collection']}.{field['field']}" == name:
            field.update(changes)
    return snapshot


@pytest.mark.parametrize("part", ["collections", "fields", "relations"])
def test_what_directus_printed_is_printed_again(part):
    printed = full_snapshot_of(Schema((*SYSTEM, *collections_of(SNAPSHOT))))

    def by_name(items):
        return {(item["collection"], item.get("field")): item for item in items}

    assert by_name(printed[part]) == by_name(SNAPSHOT[part])


def test_what_is_printed_reads_back_as_the_same_schema():
    schema = Schema((*SYSTEM, *collections_of(SNAPSHOT)))
    printed = json.loads(json.dumps(full_snapshot_of(schema)))
    assert Schema((*SYSTEM, *collections_of(printed))).collections == schema.collections


def test_mintages_own_collections_read_back_too():
    printed = yaml.safe_load(yaml.dump(json.loads(json.dumps(full_snapshot_of(BUILTIN)))))
    again = Schema((*collections_of(printed), *with_accounts()))
    for collection in BUILTIN.served():
        assert again[collection.name] == collection


def test_a_many_to_one_with_two_to_manys_keeps_both():
    snapshot = changed()
    [jobs] = [f for f in snapshot["fields"] if (f["collection"], f["field"]) == ("account", "jobs")]
    snapshot["fields"].append({**jobs, "field": "more", "meta": {**jobs["meta"], "field": "more"}})
    [relation] = [r for r in snapshot["relations"] if r["meta"]["one_field"] == "jobs"]
    meta = {**relation["meta"], "one_field": "more"}
    snapshot["relations"].append({**relation, "meta": meta, "schema": None})
    schema = Schema((*SYSTEM, *collections_of(snapshot)))
    printed = full_snapshot_of(schema)["relations"]
    assert sorted(printed, key=str) == sorted(snapshot["relations"], key=str)


def test_hints_for_a_studio_are_not_enforced():
    schema = Schema((*SYSTEM, *collections_of(SNAPSHOT)))
    status = schema.fields("identifier_job")["status"]
    assert status.choices == ()
    assert status.meta["options"]["choices"][0]["value"] == "new"
    key = schema.fields("account")["id"]
    assert not key.readonly
    assert key.meta["readonly"] is True


def column_of(name, type_, **said):
    """A field whose column says something else."""
    collection, field = name.split(".")
    [found] = [
        c for c in collections_of(with_field(name, type=type_, schema=said)) if c.name == collection
    ]
    return next(item for item in found.fields if item.name == field)


def test_a_decimal_without_precision_keeps_its_decimals():
    assert column_of("product.price", "decimal").precision == (10, 5)
    assert column_of("product.price", "decimal", numeric_precision=7).precision == (7, 0)


@pytest.mark.parametrize("default", ["gen_random_uuid()", "uuid_generate_v4()"])
def test_a_uuid_the_database_makes_is_made_here_too(default):
    field = column_of("product.price", "uuid", default_value=default)
    assert (field.special, field.default) == (("uuid",), None)


def test_what_counts_and_what_is_now_are_generated():
    assert column_of("product.price", "integer", has_auto_increment=True).generated == "sequence"
    assert (
        column_of("product.price", "integer", default_value="nextval('x')").generated == "sequence"
    )
    assert column_of("product.price", "timestamp", default_value="now()").generated == "now"


@pytest.mark.parametrize(
    ("snapshot", "message"),
    [
        ([], "This is not a schema snapshot"),
        ({"collections": {}}, "This is not a schema snapshot"),
        (
            changed(collections=[{"collection": "directus_x", "schema": {}, "meta": {}}]),
            "names of directus_ are the system's own",
        ),
        (
            with_field("product.price", type="geometry"),
            'Field "product.price" has the type "geometry", which is not served',
        ),
        (
            with_field("account.jobs", meta={"special": ["m2a"]}),
            'Field "account.jobs" is a many-to-any',
        ),
        (changed(relations=[]), "but no relation names it"),
        ({"collections": [1]}, "collections[0] needs an object"),
        (changed(fields={"a": 1}), 'its "fields" have to be a list'),
        (changed(relations=[{"collection": "account"}]), 'relations[0] needs "field"'),
        (with_field("product.price", type=None), 'needs "type"'),
        (with_field("product.price", meta=[1]), "meta has to be an object or null, not [1]"),
        (with_field("product.price", meta={"sort": "x"}), "sort has to be a whole number"),
        (with_field("product.price", meta={"validation": "x"}), "validation has to be an object"),
        (with_field("product.price", meta={"special": "uuid"}), "special has to be a list"),
        (
            with_field("product.price", meta={"options": {"mintage": {"huge": True}}}),
            'Field "product.price": "mintage" says huge, which has no meaning',
        ),
        (changed(mintage={"product": {"huge": True}}), 'Collection "product": "mintage" says huge'),
        (
            changed(collections=[{"collection": "x", "schema": {}, "meta": {"accountability": 1}}]),
            'Collection "x": accountability has to be "all", "activity" or null, not 1',
        ),
        (
            with_field("product.price", collection="directus_users"),
            'Field "directus_users.price": system collections take no fields of a snapshot',
        ),
        (
            with_field("product.price", collection="shop"),
            'Field "shop.price": "shop" is not among the "collections"',
        ),
    ],
)
def test_what_cannot_be_served_is_said(snapshot, message):
    with pytest.raises(BadDefinition) as refused:
        collections_of(snapshot)
    assert message in str(refused.value)


def test_what_only_a_studio_shows_is_left_out():
    snapshot = with_field("account.jobs", meta={"special": ["alias", "no-data"]})
    [account] = [c for c in collections_of(snapshot) if c.name == "account"]
    assert "jobs" not in {field.name for field in account.fields}
    folder = {"collection": "a_folder", "schema": None, "meta": {}}
    found = collections_of(changed(collections=[*SNAPSHOT["collections"], folder]))
    assert len(found) == len(SNAPSHOT["collections"])
