"""`/schema/snapshot` and `/schema/diff` (directus.md 8.4, 8.5)."""

import json
from copy import deepcopy

import pytest
import yaml

from app.served import served
from app.settings import GivenSettings
from schema import BUILTIN, SYSTEM, Schema
from schema.snapshot_changes import changes
from schema.snapshot_reading import collections_of, full_snapshot_of
from schema.snapshot_writing import snapshot_of
from tests.rest.test_transcripts import DATA

RECORDED = yaml.safe_load((DATA / "directus_snapshot.yaml").read_text())


@pytest.fixture
async def snapshot(client):
    response = await client.get("/schema/snapshot")
    assert response.status_code == 200
    return response.json()["data"]


def keys_of(value):
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from keys_of(item)


def entry(snapshot, part, name, field=None):
    [found] = [
        item for item in snapshot[part] if (item["collection"], item.get("field")) == (name, field)
    ]
    return found


async def refused(client, status=403, path="/schema/diff", **body):
    response = await client.post(path, **body)
    assert response.status_code == status, response.text
    [error] = response.json()["errors"]
    return error["message"]


class TestSnapshot:
    async def test_it_has_the_keys_of_directus_and_no_others(self, snapshot):
        assert set(keys_of(snapshot)) - {"choices", "text", "value"} <= set(keys_of(RECORDED))
        assert snapshot.keys() == RECORDED.keys()
        assert {item["collection"] for item in snapshot["collections"]} == {
            collection.name for collection in BUILTIN.served()
        }

    async def test_a_directus_that_applies_it_keeps_its_own_indexes(self, snapshot):
        assert snapshot["systemFields"] == RECORDED["systemFields"]

    async def test_what_directus_has_no_type_for_says_how_it_is_read(self, snapshot):
        casts = {"json": ["cast-json"], "csv": ["cast-csv"], "boolean": ["cast-boolean"]}
        for type_, special in casts.items():
            recorded = {
                tuple(field["meta"]["special"])
                for field in RECORDED["fields"]
                if field["type"] == type_
            }
            assert recorded == {tuple(special)}
        typed = [field for field in snapshot["fields"] if field["type"] in casts]
        assert {field["type"] for field in typed} == casts.keys()
        assert all(field["meta"]["special"] == casts[field["type"]] for field in typed)

    async def test_it_can_be_served(self, client, tmp_path):
        for form in ("yaml", "json"):
            response = await client.get(f"/schema/snapshot?export={form}")
            assert f'.{form}"' in response.headers["content-disposition"]
            path = tmp_path / f"shop.{form}"
            path.write_bytes(response.content)
            found = served(GivenSettings(_env_file=None, schema_=str(path))).schema
            for name in ("product", "unique_code"):
                assert found.fields(name).keys() == BUILTIN.fields(name).keys()
        assert found.fields("identifier_job")["sscc_start_serial"].wide
        response = await client.get("/schema/snapshot?export=csv")
        assert response.status_code == 400


class TestDiff:
    async def test_what_is_served_changes_nothing_in_whatever_form(self, client, snapshot):
        full = json.loads(json.dumps(full_snapshot_of(BUILTIN)))
        shuffled = {**snapshot, "fields": snapshot["fields"][::-1]}
        for same in (snapshot, full, shuffled):
            response = await client.post("/schema/diff", json=same)
            assert (response.status_code, response.content) == (204, b"")
        exported = await client.get("/schema/snapshot?export=yaml")
        for name, text in (("s.yaml", exported.text), ("s.json", json.dumps(full))):
            response = await client.post("/schema/diff", files={"file": (name, text)})
            assert response.status_code == 204, response.text

    def test_nor_does_the_file_that_is_served(self):
        schema = Schema((*SYSTEM, *collections_of(RECORDED)))
        assert changes(RECORDED, schema) == []
        assert changes(snapshot_of(schema), schema) == []

    async def test_changes_are_refused_by_name(self, client, snapshot):
        given = deepcopy(snapshot)
        entry(given, "fields", "product", "sku")["schema"]["max_length"] = 7
        entry(given, "collections", "brand")["meta"]["note"] = "Others"
        given["fields"].remove(entry(given, "fields", "domain", "type"))
        given["collections"].append({"collection": "shop", "schema": {}, "meta": None})
        given["fields"].append({"collection": "scan", "field": "mood", "type": "string"})
        message = await refused(client, json=given)
        assert message.startswith("The schema is defined by files")
        assert message.endswith(
            'This snapshot says something else: collection "brand" is another; '
            'field "domain.type" is missing; field "product.sku" is another; '
            'field "scan.mood" is new; collection "shop" is new.'
        )

    async def test_many_changes_are_counted(self, client, snapshot):
        message = await refused(client, json={**snapshot, "collections": []}, status=400)
        assert "is not among the" in message
        nothing = {"version": 1, "directus": "11.17.4", "vendor": "postgres", "collections": []}
        message = await refused(client, json=nothing)
        assert message.count("is missing") == 5
        assert message.endswith(f"; and {len(BUILTIN.served()) - 5} more.")

    async def test_a_snapshot_of_another_directus_has_to_be_forced(self, client, snapshot):
        other = {**snapshot, "directus": "10.0.0"}
        message = await refused(client, json=other, status=400)
        assert 'The "directus" of the snapshot is "10.0.0", here it is "11.17.4"' in message
        response = await client.post("/schema/diff?force=true", json=other)
        assert response.status_code == 204

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("a: [", "The file is not valid YAML"),
            ("a: 2020-99-99", "The file is not valid YAML"),
            ("[]", "This is not a schema snapshot"),
            ("collections: [{schema: {}}]", "This is not a schema snapshot"),
            (
                (
                    "{collections: [{collection: a, schema: {}}], fields: "
                    "[{collection: a, field: b, type: alias, meta: {special: [[1]]}}]}"
                ),
                "This is not a schema snapshot",
            ),
            ("a: &a [1]\nb: [*a, *a]", "have no aliases"),
            ("[" * 200 + "]" * 200, "100 levels deep"),
        ],
    )
    async def test_what_is_no_snapshot_is_said(self, client, text, message):
        files = {"file": ("snapshot.yaml", text)}
        assert message in await refused(client, files=files, status=400)

    async def test_only_admins_learn_of_it(self, client):
        for method, path in (
            ("GET", "/schema/snapshot"),
            ("POST", "/schema/diff"),
            ("POST", "/schema/apply"),
        ):
            response = await client.request(method, path, headers={"Authorization": ""})
            assert response.status_code == 403
            assert "permission" in response.text
        assert "defined by files" in await refused(client, path="/schema/apply", json={})
