"""The OpenAPI document is valid, says what the caller may do, and what it is answered."""

import pytest
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import OpenAPIV30SpecValidator

from app.rest.openapi.names import operations, tags
from schema import BUILTIN, SYSTEM, Collection, Schema
from schema.definition import integer
from tests.installation import ACCOUNT, client_of


async def document_of(client):
    response = await client.get("/server/specs/oas")
    assert response.status_code == 200
    return response.json()


@pytest.fixture
async def document(client):
    return await document_of(client)


@pytest.fixture
async def caller(client, app):
    """What makes a client of somebody with a policy, given its permissions."""
    made = []

    async def make(*permissions, **flags):
        policy = {"name": "Some", "permissions": list(permissions), **flags}
        user = {"email": "r@example.com", "token": "their-token", "policies": [{"policy": policy}]}
        assert (await client.post("/users", json=user)).status_code == 200
        context = client_of(app, headers={"Authorization": "Bearer their-token"})
        made.append(context)
        return await context.__aenter__()

    yield make
    for context in made:
        await context.__aexit__(None, None, None)


def operations_of(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                yield method, path, operation


def content(operation, status="200"):
    return operation["responses"][status]["content"]["application/json"]["schema"]


def sent(operation):
    return operation["requestBody"]["content"]["application/json"]["schema"]


class TestDocument:
    async def test_it_is_valid_and_complete(self, document):
        OpenAPIV30SpecValidator(document).validate()
        paths = document["paths"]
        assert {"get", "post", "patch", "delete"} <= paths["/items/product"].keys()
        assert paths["/settings"].keys() == {"get", "patch"}
        assert paths["/activity"].keys() == {"get"}
        told = (
            "/assets/{id} /auth /auth/login /auth/refresh /auth/logout /auth/password/request "
            "/auth/password/reset /server/info /server/ping /server/health /collections "
            "/collections/{id} /fields /fields/{collection} /fields/{collection}/{id} /relations "
            "/relations/{collection} /relations/{collection}/{id} /schema/snapshot /schema/diff "
            "/utils/random/string /utils/hash/generate /utils/hash/verify /utils/sort/{collection} "
            "/utils/revert/{revision} /utils/cache/clear /utils/export/{collection} "
            "/utils/import/{collection} /users/me /permissions/me"
        )
        assert set(told.split()) <= paths.keys()
        length = document["components"]["schemas"]["ItemsIdentifierJob"]["properties"]["length"]
        assert length["type"] == "integer"

    async def test_parts_are_named_as_directus_names_them(self, document):
        """packages/specs and the specifications service in its repository, at 11.17."""
        names = {
            (method, path): operation["operationId"]
            for method, path, operation in operations_of(document)
        }
        assert len(set(names.values())) == len(names)
        for path, whole, single in (
            ("/items/product", "ItemsProduct", "SingleItemsProduct"),
            ("/items/api_credential", "ItemsAPICredential", "SingleItemsAPICredential"),
        ):
            verbs = {"get": "read", "post": "create", "patch": "update", "delete": "delete"}
            for method, verb in verbs.items():
                assert names[method, path] == f"{verb}{whole}"
                if method != "post":
                    assert names[method, f"{path}/{{id}}"] == f"{verb}{single}"
        for method, path, name in (
            ("get", "/users", "getUsers"),
            ("post", "/users", "createUser"),
            ("patch", "/policies", "updatePolicies"),
            ("delete", "/policies/{id}", "deletePolicy"),
            ("get", "/activity", "getActivities"),
            ("get", "/activity/{id}", "getActivity"),
            ("get", "/access", "getAccess"),
            ("get", "/access/{id}", "getAccessById"),
            ("get", "/settings", "getSettings"),
            ("patch", "/settings", "updateSetting"),
            ("get", "/assets/{id}", "getAsset"),
            ("get", "/server/info", "serverInfo"),
        ):
            assert names[method, path] == name
        tagged = {tag["name"]: tag.get("x-collection") for tag in document["tags"]}
        assert tagged["ItemsProduct"] == "product"
        assert tagged["Users"] == "directus_users"
        assert tagged["Authentication"] is None
        assert document["components"]["schemas"]["ItemsProduct"]["x-collection"] == "product"

    def test_names_of_directus_have_its_capitals_and_are_nobodys_twice(self):
        key = integer("id", primary_key=True)
        named = ("url_list", "bill_of_lading", "ios_app", "fooBar", "a_b", "aB", "of", "out_of")
        schema = Schema((*SYSTEM, *(Collection(name, (key,)) for name in named)))
        found = tags(schema)
        assert [found[name] for name in named] == [
            "ItemsURLList",
            "ItemsBillofLading",
            "ItemsiOSApp",
            "ItemsFooBar",
            "ItemsAB",
            "ItemsAB_aB",
            "ItemsOf",
            "ItemsOutOf",
        ]
        assert operations(schema["aB"], found["aB"]).read_one == "readSingleItemsAB_aB"


class TestItems:
    async def test_relations_are_a_key_or_the_item_and_may_be_null(self, document):
        schemas = document["components"]["schemas"]
        reference = {"$ref": "#/components/schemas/ItemsAccount"}
        uuid = {"type": "string", "format": "uuid"}
        assert schemas["ItemsProduct"]["properties"]["account"] == {
            "nullable": True,
            "oneOf": [uuid, reference],
        }
        policies = schemas["Users"]["properties"]["policies"]
        joined = {"oneOf": [uuid, {"$ref": "#/components/schemas/Access"}]}
        assert policies == {"nullable": True, "type": "array", "items": joined}
        assert schemas["Access"]["properties"]["policy"]["nullable"] is False

    async def test_keys_are_never_null(self, document):
        schemas = document["components"]["schemas"]
        named = {
            schema["x-collection"]: schema
            for schema in schemas.values()
            if "x-collection" in schema
        }
        assert named.keys() == {collection.name for collection in BUILTIN.exposed()}
        for name, schema in named.items():
            primary = BUILTIN[name].primary_key.name
            assert schema["properties"][primary]["nullable"] is False
        assert schemas["ItemsProduct"]["properties"]["description"]["nullable"] is True

    async def test_what_is_written_is_an_item_or_several(self, document):
        one = {"$ref": "#/components/schemas/ItemsProduct"}
        several = {"type": "array", "items": one}
        whole = document["paths"]["/items/product"]
        single = document["paths"]["/items/product/{id}"]
        assert sent(whole["post"]) == {"oneOf": [several, one]}
        assert sent(single["patch"]) == one
        assert several in sent(whole["patch"])["oneOf"]
        assert content(whole["get"])["properties"]["data"] == several
        assert content(single["get"])["properties"]["data"] == one
        files = document["paths"]["/files"]["post"]["requestBody"]["content"]
        assert files.keys() == {"application/json", "multipart/form-data"}

    async def test_nothing_is_answered_only_where_it_is(self, client, document):
        shown = {
            (method, path): operation["responses"].keys() & {"200", "204"}
            for method, path, operation in operations_of(document)
        }
        for (method, _), statuses in shown.items():
            if method == "delete":
                assert statuses == {"204"}
            if method == "get":
                assert statuses == {"200"}
        body = {"domain_name": "new.example.com", "account": ACCOUNT}
        made = await client.post("/items/domain", json=body)
        key = made.json()["data"]["id"]
        for method, path, of, asked in (
            ("patch", f"/items/domain/{key}", "/items/domain/{id}", {"json": {"type": "short"}}),
            (
                "patch",
                f"/items/domain/{ACCOUNT}",
                "/items/domain/{id}",
                {"json": {"type": "short"}},
            ),
            ("patch", "/items/domain", "/items/domain", {"json": {"keys": [], "data": {}}}),
            ("delete", f"/items/domain/{key}", "/items/domain/{id}", {}),
            ("post", "/utils/cache/clear", "/utils/cache/clear", {}),
            (
                "post",
                "/auth/password/request",
                "/auth/password/request",
                {"json": {"email": "a@b.c"}},
            ),
            ("get", "/utils/random/string", "/utils/random/string", {}),
        ):
            response = await client.request(method.upper(), path, **asked)
            assert str(response.status_code) in shown[method, of], (method, path, response.text)
        assert shown["post", "/items/domain"] == {"200"}
        assert shown["patch", "/items/domain"] == {"200"}

    async def test_rows_are_what_it_says_of_them(self, client, document):
        """Every collection that has rows: their keys, and one level of what they refer to."""
        validators = {"components": document["components"]}
        seen = 0
        for path, methods in document["paths"].items():
            if "{" in path or "x-metadata" not in str(methods.get("get")):
                continue
            schema = content(methods["get"])["properties"]["data"]
            for fields in ("*", "*.*"):
                response = await client.get(f"{path}?limit=3&fields={fields}")
                rows = [without_nulls(row, document) for row in response.json()["data"]]
                OAS30Validator({**validators, **schema}).validate(rows)
                seen += len(rows)
        assert seen > 20


def without_nulls(value, document):
    """Where `nullable` stands beside `oneOf`, the validator still takes null for no key."""
    if isinstance(value, dict):
        return {
            name: without_nulls(inner, document)
            for name, inner in value.items()
            if inner is not None
        }
    return [without_nulls(inner, document) for inner in value] if isinstance(value, list) else value


class TestOthers:
    async def test_only_what_is_allowed_is_in_it(self, caller):
        allowed = {"collection": "product", "action": "read", "fields": ["id", "sku", "account"]}
        document = await document_of(await caller(allowed))
        OpenAPIV30SpecValidator(document).validate()
        paths, schemas = document["paths"], document["components"]["schemas"]
        assert paths["/items/product"].keys() == {"get"}
        shown = schemas["ItemsProduct"]["properties"]
        assert shown.keys() == {"id", "sku", "account"}
        # Of what may not be read there is no schema to refer to.
        assert shown["account"] == {"nullable": True, "type": "string", "format": "uuid"}
        assert (
            not {"/items/account", "/collections", "/schema/diff", "/utils/cache/clear"}
            & paths.keys()
        )
        assert not {"ItemsAccount", "Collections"} & schemas.keys()

    async def test_who_reads_nothing_of_what_it_writes_is_answered_nothing(self, caller):
        allowed = {"collection": "brand", "action": "create", "fields": ["*"]}
        client = await caller(allowed, app_access=True)
        document = await document_of(client)
        post = document["paths"]["/items/brand"]["post"]
        assert post["responses"].keys() & {"200", "204"} == {"204"}
        assert "/collections" in document["paths"]

    @pytest.mark.usefixtures("client")
    async def test_nobody_is_told_nothing(self, app):
        async with client_of(app, headers={}) as anyone:
            assert (await anyone.get("/server/specs/oas")).status_code == 403
