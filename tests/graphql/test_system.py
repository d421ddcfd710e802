"""`/graphql/system`, SDL files, and the limits of documents (directus.md 4.8; issue: limits)."""

import pytest
from graphql import GraphQLObjectType, get_named_type

from app.graphql.schema import build_schema, core_schema
from app.settings import GivenSettings
from schema import BUILTIN
from tests.installation import ADMIN, client_of

SCHEMA = core_schema(
    build_schema(BUILTIN, "system", GivenSettings(_env_file=None, rate_limiter_enabled=False))
)


def everything(kind):
    """A selection of all that a type has."""
    named = get_named_type(kind)
    if not isinstance(named, GraphQLObjectType):
        return ""
    inner = (f"{name} {everything(field.type)}" for name, field in named.fields.items())
    return f"{{ {' '.join(inner)} }}"


def only(shown, like):
    """What of a REST answer is in a GraphQL one."""
    if isinstance(like, dict) and isinstance(shown, dict):
        return {name: only(shown.get(name), item) for name, item in like.items()}
    if isinstance(like, list) and isinstance(shown, list) and len(like) == len(shown):
        return [only(one, item) for one, item in zip(shown, like, strict=True)]
    # GraphQL has a text for every default, whatever its type.
    return str(shown).lower() if isinstance(like, str) and not isinstance(shown, str) else shown


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


# What is defined, and what the installation says of itself: as REST does.


def test_definitions_have_directus_names_arguments_and_types():
    """directus.md 4.8."""
    fields = SCHEMA.query_type.fields
    shown = {
        name: (str(field.type), {key: str(value.type) for key, value in field.args.items()})
        for name, field in fields.items()
        if name.startswith(("collections", "fields", "relations", "server"))
    }
    collection, field = {"collection": "String!"}, {"field": "String!"}
    assert shown == {
        "server_ping": ("String", {}),
        "server_info": ("server_info", {}),
        "server_health": ("JSON", {}),
        "server_specs_oas": ("JSON", {}),
        "server_specs_graphql": ("String", {"scope": "graphql_sdl_scope"}),
        "collections": ("[directus_collections!]!", {}),
        "collections_by_name": ("directus_collections", {"name": "String!"}),
        "fields": ("[directus_fields!]!", {}),
        "fields_in_collection": ("[directus_fields!]!", collection),
        "fields_by_name": ("directus_fields", collection | field),
        "relations": ("[directus_relations!]!", {}),
        "relations_in_collection": ("[directus_relations!]!", collection),
        "relations_by_name": ("directus_relations", collection | field),
    }
    assert set(SCHEMA.type_map["graphql_sdl_scope"].values) == {"items", "system"}


@pytest.mark.parametrize(
    ("root", "arguments", "path"),
    [
        ("collections", "", "/collections"),
        ("collections_by_name", '(name: "product")', "/collections/product"),
        ("fields", "", "/fields"),
        ("fields_in_collection", '(collection: "identifier_job")', "/fields/identifier_job"),
        (
            "fields_by_name",
            '(collection: "identifier_job", field: "status")',
            "/fields/identifier_job/status",
        ),
        ("relations", "", "/relations"),
        ("relations_in_collection", '(collection: "product")', "/relations/product"),
        (
            "relations_by_name",
            '(collection: "product", field: "account")',
            "/relations/product/account",
        ),
    ],
)
async def test_definitions_are_those_of_rest(system, client, root, arguments, path):
    selection = everything(SCHEMA.query_type.fields[root].type)
    [shown] = (await system(f"{{ {root}{arguments} {selection} }}")).values()
    assert shown
    assert shown == only((await client.get(path)).json()["data"], shown)


async def test_the_installation_is_described_as_by_rest(system, client):
    """Only that a websocket is null where REST says false: its type is an object."""
    selection = everything(SCHEMA.query_type.fields["server_info"].type)
    shown = (await system(f"{{ server_info {selection} }}"))["server_info"]
    said = (await client.get("/server/info")).json()["data"]
    assert said["version"] == "11.17.4"
    assert said["mintage"]["version"]
    assert (said.pop("websocket"), shown.pop("websocket")) == (False, None)
    assert shown == said
    shown = (await system("{ settings { id project_id mcp_enabled } }"))["settings"]
    assert shown["id"] == "1"
    assert shown["project_id"]
    assert shown["mcp_enabled"] is False


async def test_definitions_that_may_not_be_seen_are_not_there(app, client):
    user = {"email": "d@example.com", "token": "token-of-somebody"}
    assert (await client.post("/users", json=user)).status_code == 200
    headers = {"Authorization": "Bearer token-of-somebody"}
    async with client_of(app, headers=headers) as somebody, client_of(app, headers={}) as anyone:
        for who, query in (
            (client, '{ x: collections_by_name(name: "nope") { collection } }'),
            (client, '{ x: collections_by_name(name: "directus_sessions") { collection } }'),
            (client, '{ x: fields_by_name(collection: "product", field: "nope") { field } }'),
            (client, '{ x: relations_by_name(collection: "product", field: "id") { field } }'),
            (somebody, '{ x: collections_by_name(name: "product") { collection } }'),
            (somebody, '{ x: fields_by_name(collection: "product", field: "id") { field } }'),
            (anyone, "{ x: server_specs_oas }"),
            (anyone, "{ x: server_specs_graphql }"),
        ):
            body = (await who.post("/graphql/system", json={"query": query})).json()
            assert body["data"] == {"x": None}, query
            assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        query = "{ collections { collection } }"
        body = (await somebody.post("/graphql/system", json={"query": query})).json()
        assert body["data"] is None


async def test_the_installation_says_the_same_by_graphql(system, client, app):
    data = await system(
        """{ server_health server_specs_oas items: server_specs_graphql
             system: server_specs_graphql(scope: system) }"""
    )
    assert data["server_health"]["status"] == "warn"  # no worker runs in this test
    told = {name: data["server_health"][name] for name in ("releaseId", "serviceId")}
    assert told == {"releaseId": "11.17.4", "serviceId": "http://test"}
    assert data["server_health"]["checks"].keys() == {
        "pg:responseTime",
        "redis:responseTime",
        "storage:responseTime",
        "worker:count",
    }
    assert data["server_specs_oas"] == (await client.get("/server/specs/oas")).json()
    assert data["items"] == (await client.get("/server/specs/graphql")).text
    assert data["system"] == (await client.get("/server/specs/graphql/system")).text
    async with client_of(app, headers={}) as anyone:
        query = (
            "{ server_ping server_health server_info { project { project_name } version "
            "websocket { heartbeat rest { path authentication } } } }"
        )
        body = (await anyone.post("/graphql/system", json={"query": query})).json()
    assert body["data"] == {
        "server_ping": "pong",
        "server_health": {"status": "warn"},
        "server_info": {
            "project": {"project_name": "Mintage"},
            "version": None,
            "websocket": None,
        },
    }


def test_a_limit_of_requests_is_an_object_where_there_is_one():
    limited = GivenSettings(_env_file=None, rate_limiter_enabled=True)
    core = core_schema(build_schema(BUILTIN, "system", limited))
    each, together = (
        core.type_map["server_info"].fields[name].type for name in ("rateLimit", "rateLimitGlobal")
    )
    assert (str(each), str(together)) == ("server_info_rate_limit", "Boolean")
