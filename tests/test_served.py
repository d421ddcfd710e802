"""What SCHEMA serves."""

import json
from copy import deepcopy

import pytest
import yaml

from app import domains
from app.items.hooks import rules_of
from app.served import served
from app.settings import GivenSettings
from schema import BUILTIN, BadDefinition
from schema.snapshot_reading import full_snapshot_of
from tests.harbour import SNAPSHOT as HARBOUR
from tests.rest.test_transcripts import DATA

SNAPSHOT = DATA / "directus_snapshot.yaml"


@pytest.fixture(autouse=True)
def own_rules():
    """The rules of a process are those of what it serves: afterwards Mintage's own again."""
    yield
    domains.register()


def settings(schema):
    return GivenSettings(_env_file=None, schema_=schema)


def test_mintages_own_collections_are_the_default():
    found = served(GivenSettings(_env_file=None))
    assert found.schema is BUILTIN
    assert found.builtin


def test_a_snapshot_alone_brings_only_the_system_collections_along():
    found = served(settings(str(SNAPSHOT)))
    names = set(found.schema.collections)
    assert {"account", "identifier", "directus_users"} <= names
    assert "unique_code" not in names
    assert "account" not in found.schema.fields("directus_users")
    assert type(rules_of("account")).__name__ == "Rules"
    assert type(rules_of("directus_users")).__name__ == "UserRules"


def test_the_rules_come_back_with_the_collections():
    served(settings(str(SNAPSHOT)))
    served(settings("builtin"))
    assert type(rules_of("account")).__name__ == "AccountRules"


def test_a_collection_named_twice_is_refused():
    with pytest.raises(BadDefinition, match='Collection "account" is defined twice'):
        served(settings(f"builtin, {SNAPSHOT}"))


@pytest.mark.parametrize(
    ("field", "default"),
    [("qty", "abc"), ("big", "1.5"), ("score", "x"), ("founded", "never"), ("at", "25:00")],
)
def test_a_default_that_no_row_can_have_is_refused(tmp_path, field, default):
    snapshot = deepcopy(HARBOUR)
    [wrong] = [item for item in snapshot["fields"] if item["field"] == field]
    wrong["schema"]["default_value"] = default
    path = tmp_path / "harbour.json"
    path.write_text(json.dumps(snapshot))
    with pytest.raises(BadDefinition, match=f"{field}\" can't have the default '{default}'"):
        served(settings(str(path)))


@pytest.mark.parametrize("rule", [{"name": {"_foo": 1}}, {"nope": {"_eq": 1}}, {"_and": 1}])
def test_a_validation_that_can_not_be_understood_is_refused(tmp_path, rule):
    snapshot = deepcopy(HARBOUR)
    [field] = [item for item in snapshot["fields"] if item["field"] == "qty"]
    field["meta"]["validation"] = rule
    path = tmp_path / "harbour.json"
    path.write_text(json.dumps(snapshot))
    with pytest.raises(BadDefinition, match=r'The validation of "ship\.qty": '):
        served(settings(str(path)))


def test_json_and_the_answer_of_the_snapshot_endpoint_are_read_too(tmp_path):
    path = tmp_path / "shop.json"
    path.write_text(json.dumps({"data": yaml.safe_load(SNAPSHOT.read_text())}))
    assert "identifier" in served(settings(str(path))).schema


def test_what_is_printed_can_be_served(tmp_path):
    path = tmp_path / "builtin.yaml"
    path.write_text(yaml.dump(json.loads(json.dumps(full_snapshot_of(BUILTIN)))))
    assert "unique_code" in served(settings(str(path))).schema


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "can't be read"),
        ("a: [", "is neither valid YAML nor valid JSON"),
        ("[]", "is not a schema snapshot"),
        ("collections: [{schema: {}}]", "is not a schema snapshot"),
        ("", "is not a schema snapshot"),
    ],
)
def test_a_file_that_is_no_snapshot_is_said(tmp_path, text, message):
    path = tmp_path / "x.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadDefinition, match=message) as refused:
        served(settings(str(path)))
    assert str(path) in str(refused.value)
