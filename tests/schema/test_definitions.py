"""The language of definitions: what it builds, and the sentences that refuse a bad one."""

import pytest

from schema import BUILTIN, BadDefinition, Collection, Field, Index, Schema
from schema.definition import (
    audit,
    big_integer,
    computed,
    decimal,
    hashed,
    integer,
    m2m,
    m2o,
    o2m,
    string,
    tenant,
    text,
    uuid,
)

KEY = uuid("id", primary_key=True)


def built(*fields, name="thing", **options):
    return Schema((Collection(name, fields=fields, **options),))


def refusal(*collections):
    with pytest.raises(BadDefinition) as refused:
        Schema(collections)
    return str(refused.value)


@pytest.mark.parametrize(
    ("collections", "message"),
    [
        (
            [Collection("a", fields=(KEY,)), Collection("a", fields=(KEY,))],
            'Collection "a" is defined twice: rename one.',
        ),
        ([Collection("1a", fields=(KEY,))], 'Collection "1a": use letters, digits'),
        ([Collection("a-b", fields=(KEY,))], 'Collection "a-b": use letters, digits'),
        ([Collection("", fields=(KEY,))], 'Collection "": use letters, digits'),
        ([Collection("a" * 64, fields=(KEY,))], "use letters, digits and underscores"),
        *[
            (
                [Collection("a", fields=(KEY,)), Collection(f"a{end}", fields=(KEY,))],
                f'Collections "a" and "a{end}" both make "a{end}": rename one.',
            )
            for end in "_by_id _aggregated _filter _quantifier_filter _link".split()
        ],
        (
            [Collection("a", fields=(KEY,)), Collection("create_a_items", fields=(KEY,))],
            'both make "create_a_items"',
        ),
        *[
            ([Collection(name, fields=(KEY,))], f'Collection "{name}": use letters')
            for name in ("Query", "JSON", "string_filter_operators", "__a", "count_functions")
        ],
        (
            [Collection("a", fields=(KEY, Field(name="x", type="alias")))],
            'Field "a.x": an alias is a to-many relation',
        ),
        (
            [Collection("a", fields=(KEY, o2m("x", of="b", field="a")))],
            'Field "a.x" lists "b", which is not defined.',
        ),
        (
            [
                Collection("a", fields=(KEY, o2m("x", of="b", field="a"))),
                Collection("b", fields=(KEY, text("a"))),
            ],
            'Field "a.x" needs "b.a" to be a many-to-one to "a".',
        ),
        (
            [
                Collection("a", fields=(KEY, m2m("x", through="b", field="a", junction_field="c"))),
                Collection("b", fields=(KEY, m2o("a", to="a"), text("c"))),
            ],
            'Field "a.x" needs "b.c" to be a many-to-one.',
        ),
        (
            [
                Collection("a", fields=(KEY, o2m("x", of="b", field="a", sort_field="n"))),
                Collection("b", fields=(KEY, m2o("a", to="a"))),
            ],
            'Field "a.x" is sorted by "n", which "b" has not.',
        ),
        (
            [Collection("a", fields=())],
            'Collection "a" needs exactly one primary key, has [].',
        ),
        (
            [Collection("a", fields=(KEY, string("x", primary_key=True)))],
            "needs exactly one primary key, has ['id', 'x'].",
        ),
        ([Collection("a", fields=(KEY, text("x"), text("x")))], 'Field "a.x" is defined twice'),
        ([Collection("a", fields=(KEY, text("x-y")))], 'Field "a.x-y": use letters, digits'),
        (
            [Collection("a", fields=(KEY, text("__typename")))],
            "use letters, digits and underscores",
        ),
        ([Collection("a", fields=(KEY, text("x_func")))], "not ending in _func"),
        (
            [Collection("a", fields=(KEY, Field(name="x", type="varchar")))],
            "Field \"a.x\" has the unknown type 'varchar'.",
        ),
        (
            [Collection("a", fields=(KEY, string("x", default="c", choices=("a", "b"))))],
            "Field \"a.x\": its default 'c' is not one of its choices.",
        ),
        (
            [Collection("a", fields=(KEY, computed("x", required=True)))],
            'Field "a.x" is computed, so it can\'t be a key, a relation or required.',
        ),
        (
            [Collection("a", fields=(computed("id", primary_key=True),))],
            "is computed, so it can't be a key",
        ),
        (
            [Collection("a", fields=(KEY, m2o("x", to="b")))],
            'Field "a.x" points to "b", which is not defined.',
        ),
        (
            [Collection("a", fields=(KEY,), indexes=(Index(("x",)),))],
            'An index of "a" names "x", which is not a field.',
        ),
        (
            [Collection("a", fields=(KEY, computed("x")), indexes=(Index(("x",)),))],
            'An index of "a" names "x", which has no column.',
        ),
        (
            [Collection("a", fields=(KEY,), sort_field="x")],
            'Collection "a" is sorted by "x", which is not a field.',
        ),
        (
            [Collection("a", fields=(KEY, m2o("x", to="a", on_delete="SET ZERO")))],
            'Field "a.x": on_delete has to be one of',
        ),
        (
            [Collection("a", fields=(KEY, m2o("x", to="a", enforced=False, on_delete="CASCADE")))],
            'Field "a.x": on_delete has to be one of SET NULL, RESTRICT, NO ACTION.',
        ),
        (
            [Collection("a", fields=(KEY, m2o("x", to="a", required=True)))],
            'Field "a.x" is required, so its target can\'t set it null',
        ),
        (
            [Collection("a", fields=(KEY, string("x", pattern="(")))],
            'Field "a.x": its pattern "(" is not a regular expression',
        ),
    ],
)
def test_a_bad_definition_is_refused_with_a_sentence(collections, message):
    assert message in refusal(*collections)


@pytest.mark.parametrize("name", ["delete_one", "delete_many", "date_functions"])
def test_a_name_of_the_generated_graphql_schema_is_no_collection(name):
    assert f'Collection "{name}"' in refusal(Collection(name, fields=(KEY,)))


def test_a_many_to_one_takes_the_type_of_its_targets_key():
    schema = Schema(
        (
            Collection("a", fields=(string("id", primary_key=True, max_length=40),)),
            Collection("b", fields=(big_integer("id", primary_key=True),)),
            Collection("c", fields=(KEY, m2o("a", to="a"), m2o("b", to="b"), m2o("c", to="c"))),
        )
    )
    fields = schema.fields("c")
    assert (fields["a"].type, fields["a"].max_length) == ("string", 40)
    assert (fields["b"].type, fields["c"].type) == ("bigInteger", "uuid")


def test_fields_keep_their_order():
    schema = built(text("z"), KEY, text("a"), *audit()[1:2])
    assert list(schema.fields("thing")) == ["z", "id", "a", "date_created"]


def test_a_schema_can_be_asked_for_its_collections():
    schema = Schema(
        (
            Collection("directus_users", fields=(KEY,)),
            Collection("hidden", fields=(KEY,), internal=True),
            Collection("thing", fields=(KEY, m2o("owner", to="directus_users"))),
        )
    )
    assert [c.name for c in schema.served()] == ["thing"]
    assert [c.name for c in schema.exposed()] == ["directus_users", "thing"]
    assert [(c.name, f.name) for c, f in schema.references_to("directus_users")] == [
        ("thing", "owner")
    ]
    assert "thing" in schema
    assert "nope" not in schema
    assert schema["thing"].primary_key.name == "id"


def test_the_helpers_set_what_their_kind_means():
    assert KEY.special == ("uuid",)
    assert KEY.fills_itself
    assert string("x").max_length == 255
    assert string("x", max_length=3).max_length == 3
    assert decimal("x").precision == (10, 5)
    assert hashed("x").concealed
    assert not integer("x").fills_itself
    assert integer("x", default=0).fills_itself
    assert tenant().relation.on_delete == "RESTRICT"
    assert [f.name for f in audit()] == [
        "user_created",
        "date_created",
        "user_updated",
        "date_updated",
    ]
    assert all(field.readonly for field in audit())
    assert not any(f.relation.enforced for f in audit(enforced=False) if f.relation)


def test_every_served_collection_has_the_audit_fields():
    for collection in BUILTIN.served():
        assert {f.name for f in audit()} <= set(BUILTIN.fields(collection.name)), collection.name
