"""The OpenAPI document is valid, and says what the caller may do."""

from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.web import client_of


async def document_of(client):
    response = await client.get("/server/specs/oas")
    assert response.status_code == 200
    return response.json()


async def test_the_document_is_valid_and_complete(client):
    document = await document_of(client)
    OpenAPIV30SpecValidator(document).validate()
    assert {"get", "post", "patch", "delete"} <= document["paths"]["/items/product"].keys()
    assert document["paths"]["/settings"].keys() == {"get", "patch"}
    assert document["paths"]["/activity"].keys() == {"get"}
    length = document["components"]["schemas"]["identifier_job"]["properties"]["length"]
    assert length["type"] == "integer"


async def test_only_what_is_allowed_is_in_it(client, app):
    policy = {
        "name": "Readers",
        "permissions": [{"collection": "product", "action": "read", "fields": ["id", "sku"]}],
    }
    role = await client.post(
        "/roles?fields=id", json={"name": "R", "policies": [{"policy": policy}]}
    )
    user = {"email": "r@example.com", "token": "reader-token", "role": role.json()["data"]["id"]}
    await client.post("/users", json=user)
    async with client_of(app, headers={"Authorization": "Bearer reader-token"}) as reader:
        document = await document_of(reader)
    OpenAPIV30SpecValidator(document).validate()
    assert document["paths"]["/items/product"].keys() == {"get"}
    assert "/items/account" not in document["paths"]
    assert document["components"]["schemas"]["product"]["properties"].keys() == {"id", "sku"}


async def test_nobody_is_told_nothing(app, client):
    async with client_of(app, headers={}) as anyone:
        assert (await anyone.get("/server/specs/oas")).status_code == 403
