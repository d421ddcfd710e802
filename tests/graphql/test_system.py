"""`/graphql/system`, SDL files, and the limits of documents (directus.md 4.8; issue: limits)."""

import pytest

from tests.web import ADMIN, client_of


@pytest.fixture
def system(client):
    """Runs a document at /graphql/system; the data, which has no errors."""

    async def run(query, **variables):
        response = await client.post(
            "/graphql/system", json={"query": query, "variables": variables}
        )
        assert response.status_code == 200, response.text
        assert "errors" not in response.json(), response.text
        return response.json()["data"]

    return run


async def test_system_collections_lose_their_prefix_in_roots_only(system):
    data = await system(
        """{ users { __typename email role { __typename name policies { policy { name } } } }
             users_aggregated { countAll } roles { name users { email } }
             settings { project_name } activity(limit: 1, sort: ["-id"]) { action } }"""
    )
    assert data["users"] == [
        {
            "__typename": "directus_users",
            "email": "admin@example.com",
            "role": {
                "__typename": "directus_roles",
                "name": "Administrator",
                "policies": [{"policy": {"name": "Administrator"}}],
            },
        }
    ]
    assert data["users_aggregated"] == [{"countAll": 1}]
    assert data["roles"] == [{"name": "Administrator", "users": [{"email": "admin@example.com"}]}]
    assert data["settings"] == {"project_name": "Mintage"}


async def test_me(system):
    data = await system(
        """{ server_ping users_me { email } roles_me { name } permissions_me
             policies_me_globals { admin_access app_access enforce_tfa } }"""
    )
    assert data["server_ping"] == "pong"
    assert data["users_me"] == {"email": "admin@example.com"}
    assert data["roles_me"] == [{"name": "Administrator"}]
    assert data["permissions_me"]["product"]["read"]["access"] == "full"
    assert data["policies_me_globals"]["admin_access"] is True


async def test_users_are_made_and_log_in(system, app):
    made = await system(
        """mutation($data: create_directus_users_input!) {
             create_users_item(data: $data) { id email } update_settings(data: {project_name: "P"})
             { project_name } }""",
        data={"email": "g@example.com", "password": "a long password"},
    )
    assert made["create_users_item"]["email"] == "g@example.com"
    assert made["update_settings"] == {"project_name": "P"}
    tokens = (
        await system(
            'mutation { auth_login(email: "g@example.com", password: "a long password") '
            "{ access_token refresh_token expires } }"
        )
    )["auth_login"]
    assert tokens["expires"] == "900000"
    again = await system(
        "mutation($t: String) { auth_refresh(refresh_token: $t) { refresh_token } }",
        t=tokens["refresh_token"],
    )
    token = again["auth_refresh"]["refresh_token"]
    assert await system(f'mutation {{ auth_logout(refresh_token: "{token}") }}') == {
        "auth_logout": True
    }


async def test_a_wrong_login_is_an_error_of_its_root(client):
    query = 'mutation { auth_login(email: "x@example.com", password: "x") { access_token } }'
    body = (await client.post("/graphql/system", json={"query": query})).json()
    assert body["data"] == {"auth_login": None}
    assert body["errors"][0]["extensions"]["code"] == "INVALID_CREDENTIALS"


async def test_nobody_is_told_nothing(app, client):
    async with client_of(app, headers={}) as anyone:
        query = "{ users_me { id } users { id } }"
        body = (await anyone.post("/graphql/system", json={"query": query})).json()
        assert body["data"] is None
        assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert (await anyone.get("/server/specs/graphql")).status_code == 403


async def test_activity_can_only_be_read(client):
    text = (await client.get("/server/specs/graphql/system")).text
    assert "activity(" in text
    assert "create_activity_item" not in text
    assert "create_users_item" in text


@pytest.mark.parametrize("path", ["/server/specs/graphql", "/server/specs/graphql/items"])
async def test_the_sdl_is_a_file(client, path):
    response = await client.get(path, headers=ADMIN)
    assert "attachment" in response.headers["content-disposition"]
    assert "create_identifier_job_item(" in response.text
    assert (await client.get("/server/specs/graphql/nothing")).status_code == 404


async def test_too_many_aliases_are_refused(client):
    aliased = " ".join(f"a{n}: product(limit: 0) {{ id }}" for n in range(301))
    response = await client.post("/graphql", json={"query": f"{{ {aliased} }}"})
    assert response.status_code == 400
    assert "301 aliases are too many: 300 at most." in response.text
