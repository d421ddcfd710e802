"""`/collections`, `/fields`, `/relations` (directus.md 8.3 to 8.5, 11.5)."""

import pytest

from schema import BUILTIN

USER_TOKEN = "the-token-of-somebody-with-the-app"


async def data_of(client, path, **options):
    response = await client.request(options.pop("method", "GET"), path, **options)
    assert response.status_code == 200, response.text
    return response.json()["data"]


async def forbidden(client, method, path, **options):
    response = await client.request(method, path, **options)
    assert response.status_code == 403, response.text
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    return error["message"]


@pytest.fixture
async def person(client):
    """What calls as somebody with a policy: given its flags and permissions, headers."""

    async def made(*permissions, **flags):
        policy = {"name": "Reads", "permissions": list(permissions), **flags}
        body = {
            "email": "reader@example.com",
            "token": USER_TOKEN,
            "policies": [{"policy": policy}],
        }
        response = await client.post("/users", json=body)
        assert response.status_code == 200, response.text
        return {"Authorization": f"Bearer {USER_TOKEN}"}

    return made


PRODUCTS = {"collection": "product", "action": "read", "fields": ["id", "product_name", "account"]}


class TestAdmins:
    async def test_see_every_collection_the_systems_too(self, client):
        shown = await data_of(client, "/collections")
        assert {item["collection"] for item in shown} == {c.name for c in BUILTIN.exposed()}
        [product] = [item for item in shown if item["collection"] == "product"]
        assert product == await data_of(client, "/collections/product")
        assert product["schema"] == {"name": "product"}
        assert product["meta"]["singleton"] is False

    async def test_see_every_field_with_what_its_column_says(self, client):
        shown = await data_of(client, "/fields/product/account")
        assert (shown["collection"], shown["field"], shown["type"]) == (
            "product",
            "account",
            "uuid",
        )
        assert shown["schema"]["foreign_key_table"] == "account"
        assert shown["schema"]["foreign_key_column"] == "id"
        assert shown["schema"]["foreign_key_schema"] == "public"
        assert shown["meta"]["special"] == ["m2o"]

    async def test_find_the_key_first_and_no_column_behind_an_alias(self, client):
        for collection in BUILTIN.exposed():
            first, *others = await data_of(client, f"/fields/{collection.name}")
            assert first["schema"]["is_primary_key"] is True
            for shown in others:
                field = BUILTIN.fields(collection.name)[shown["field"]]
                assert (shown["schema"] is None) == (not field.stored)

    async def test_see_all_fields_at_once_each_with_a_number_of_its_own(self, client):
        shown = await data_of(client, "/fields")
        numbers = [field["meta"]["id"] for field in shown]
        assert len(shown) == sum(len(collection.fields) for collection in BUILTIN.exposed())
        assert len(set(numbers)) == len(numbers)

    async def test_see_relations_from_the_side_of_the_key(self, client):
        shown = await data_of(client, "/relations/identifier_job/product")
        assert shown["related_collection"] == "product"
        assert shown in await data_of(client, "/relations/identifier_job")
        assert shown in await data_of(client, "/relations")

    async def test_are_told_what_comes_with_the_installation(self, client):
        """Tools that copy definitions leave those alone."""
        for path in ("/collections", "/fields", "/relations"):
            for item in await data_of(client, path):
                is_system = item["collection"].startswith("directus_")
                assert item["meta"].get("system") == (True if is_system else None), item

    async def test_see_how_policies_hang_on_roles_and_users(self, client):
        """As the relations of Directus's own tables: packages/system-data in its repository."""
        relations = await data_of(client, "/relations")
        assert await data_of(client, "/relations/directus_access") == [
            item for item in relations if item["collection"] == "directus_access"
        ]
        joins = {
            (
                item["field"],
                item["related_collection"],
                item["meta"]["one_field"],
                item["meta"]["junction_field"],
                item["meta"]["sort_field"],
                item["meta"]["one_deselect_action"],
            )
            for item in relations
            if item["collection"] == "directus_access"
        }
        assert joins == {
            ("policy", "directus_policies", "roles", "role", None, "delete"),
            ("policy", "directus_policies", "users", "user", None, "delete"),
            ("role", "directus_roles", "policies", "policy", "sort", "delete"),
            ("user", "directus_users", "policies", "policy", "sort", "delete"),
        }
        for field in ("policies/users", "policies/roles", "roles/policies", "users/policies"):
            shown = await data_of(client, f"/fields/directus_{field}")
            assert (shown["type"], shown["meta"]["special"]) == ("alias", ["m2m"])

    @pytest.mark.parametrize("path", ["/collections", "/fields/product", "/relations/product"])
    async def test_may_ask_by_search_and_parameters_change_nothing(self, client, path):
        """directus-py-sdk asks so; its body may be null (directus.md 11.5)."""
        shown = await data_of(client, path)
        assert await data_of(client, path, method="SEARCH", json=None) == shown
        assert await data_of(client, path, method="SEARCH", json={"query": {"limit": 1}}) == shown
        assert await data_of(client, f"{path}?limit=1") == shown

    @pytest.mark.parametrize(
        "path",
        [
            "/collections/nope",
            "/collections/directus_sessions",  # has a table and nothing else
            "/fields/nope",
            "/fields/product/nope",
            "/relations/nope",
            "/relations/product/id",
        ],
    )
    async def test_learn_nothing_of_what_is_not_there(self, client, path):
        assert await forbidden(client, "GET", path) == "You don't have permission to access this."

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "/collections"),
            ("PATCH", "/collections"),
            ("DELETE", "/collections/product"),
            ("POST", "/fields/product"),
            ("PATCH", "/fields/product/id"),
            ("DELETE", "/fields/product/id"),
            ("POST", "/relations"),
            ("DELETE", "/relations/product/account"),
        ],
    )
    async def test_are_told_that_definitions_are_files(self, client, method, path):
        message = await forbidden(client, method, path, json={})
        assert "The schema is defined by files" in message


class TestOthers:
    async def test_with_the_app_see_what_they_may_read(self, client, person):
        headers = await person(PRODUCTS, app_access=True)
        names = {
            item["collection"] for item in await data_of(client, "/collections", headers=headers)
        }
        assert "product" in names
        assert not names & {"account", "identifier_job", "unique_code"}
        fields = await data_of(client, "/fields/product", headers=headers)
        assert [field["field"] for field in fields] == ["id", "account", "product_name"]
        everywhere = await data_of(client, "/fields", headers=headers)
        assert {field["collection"] for field in everywhere} == names
        # A relation names its target, so that has to be readable, too.
        assert await data_of(client, "/relations/product", headers=headers) == []

    async def test_with_the_app_see_relations_that_are_theirs_to_read_from_both_sides(
        self, client, person
    ):
        of_field = {"collection": "scm_field", "action": "read", "fields": ["id", "campaign"]}
        of_campaign = {"collection": "campaign", "action": "read", "fields": ["id"]}
        headers = await person(of_field, of_campaign, app_access=True)
        assert await data_of(client, "/relations/scm_field", headers=headers) == []
        allowed = await data_of(client, "/permissions?filter[collection][_eq]=campaign&fields=id")
        changed = {"fields": ["id", "scm_fields"]}
        await client.patch(f"/permissions/{allowed[0]['id']}", json=changed)
        [shown] = await data_of(client, "/relations/scm_field", headers=headers)
        assert (shown["field"], shown["meta"]["one_field"]) == ("campaign", "scm_fields")

    async def test_with_the_app_get_the_same_for_hidden_and_for_missing(self, client, person):
        headers = await person(PRODUCTS, app_access=True)
        missing = await forbidden(client, "GET", "/collections/nope", headers=headers)
        for path in ("/collections/account", "/fields/account", "/fields/product/description"):
            assert await forbidden(client, "GET", path, headers=headers) == missing

    async def test_change_nothing(self, client, person):
        headers = await person(PRODUCTS, app_access=True)
        message = await forbidden(client, "POST", "/collections", headers=headers, json={})
        assert message == "You don't have permission to access this."

    @pytest.mark.parametrize("path", ["/collections", "/fields", "/relations", "/fields/product"])
    async def test_without_the_app_see_nothing(self, client, person, path):
        headers = await person(PRODUCTS)
        await forbidden(client, "GET", path, headers=headers)
        await forbidden(client, "GET", path, headers={"Authorization": ""})
