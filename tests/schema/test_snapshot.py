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


def test_hints_for_a_studio_are_not_enforced():
    schema = Schema((*SYSTEM, *collections_of(SNAPSHOT)))
    status = schema.fields("identifier_job")["status"]
    assert status.choices == ()
    assert status.meta["options"]["choices"][0]["value"] == "new"
    key = schema.fields("account")["id"]
    assert not key.readonly
    assert key.meta["readonly"] is True


@pytest.mark.parametrize(
    ("snapshot", "message"),
    [
        ([], "This is no schema snapshot"),
        ({"collections": {}}, "This is no schema snapshot"),
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
