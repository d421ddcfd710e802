"""`GET /items`: envelopes, parameters, keys with slashes (directus.md 1 and 2)."""

import json
from urllib.parse import quote

import pytest

from app.access.secrets import token_hash
from app.main import create_app
from tests.installation import ACCOUNT, NOBODY, PRODUCT, client_of

CRATE = "/8003/00614141123452"


async def data(client, path, status=200, **params):
    response = await client.get(path, params=params)
    assert response.status_code == status, response.text
    return response.json()


async def ids(client, **params):
    body = await data(client, "/items/product", fields="id", **params)
    return [row["id"] for row in body["data"]]


async def error_of(client, path, status, **params):
    [error] = (await data(client, path, status, **params))["errors"]
    return error


async def test_an_empty_list_is_an_empty_list(client):
    assert await data(client, "/items/identifier_job") == {"data": []}


async def test_a_list_has_every_field_and_no_meta(client):
    body = await data(client, "/items/domain")
    assert set(body) == {"data"}
    assert set(body["data"][0]) == {
        "id",
        "user_created",
        "date_created",
        "user_updated",
        "date_updated",
        "account",
        "domain_name",
        "type",
        "is_default",
        "state",
        "verification_code",
        "verified_at",
    }
    assert body["data"][0]["account"] == ACCOUNT


async def test_headers(client):
    """directus.md 0."""
    response = await client.get("/items/domain")
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["vary"] == "Origin, Cache-Control"


async def test_head_is_get_without_a_body(client):
    response = await client.head("/items/domain")
    assert (response.status_code, response.content) == (200, b"")


async def test_pages_by_an_order_that_says_little_show_every_row_once(client, rows):
    rows.execute(
        "INSERT INTO product (id, product_name, color) "
        "SELECT 'x' || n, 'x', CASE WHEN n % 2 = 0 THEN 'red' END FROM generate_series(1, 60) n"
    )
    for sort in ("color", "-color", "account.account_name"):
        pages = [await ids(client, sort=sort, limit="7", page=str(n)) for n in range(1, 11)]
        shown = [key for page in pages for key in page]
        assert len(shown) == len(set(shown)) == 65


async def test_query_limit_max_bounds_lists_also_those_that_say_nothing(installation):
    """QUERY_LIMIT_MAX below QUERY_LIMIT_DEFAULT: fewer rows, no error nobody asked for."""
    tight = installation.model_copy(update={"query_limit_max": 2, "max_batch_mutation": 3})
    async with client_of(create_app(tight)) as client:
        assert len(await ids(client)) == len(await ids(client, limit="-1")) == 2
        error = await error_of(client, "/items/product", 400, limit="3")
        assert '"limit" must be less than or equal to 2' in error["message"]
        rows = [{"account_name": str(n)} for n in range(3)]
        made = await client.post("/items/account", json=rows)
        assert len(made.json()["data"]) == 3  # what was written is shown, whatever the limit
        refused = await client.post("/items/account", json=[*rows, {"account_name": "4"}])
        assert refused.status_code == 400
        assert "max batch mutation limit of 3" in refused.text


async def test_a_list_ends_at_a_hundred_unless_told_otherwise(client, rows):
    rows.execute(
        "INSERT INTO product (id, product_name) SELECT 'x' || n, 'x' FROM generate_series(1, 200) n"
    )
    assert len(await ids(client)) == 100
    assert len(await ids(client, limit="-1")) == 205
    assert len(await ids(client, limit="150")) == 150
    assert len(await ids(client, page="3")) == 5
    assert len(await ids(client, page="2", limit="-1")) == 205


async def test_pages(client):
    every = await ids(client)
    assert await ids(client, limit="2") == every[:2]
    assert await ids(client, limit="2", offset="1") == every[1:3]
    assert await ids(client, limit="2", page="2") == every[2:4]
    assert await ids(client, limit="2", page="2", offset="1") == every[2:4]
    assert await ids(client, limit="2", page="0", offset="1") == every[1:3]
    assert await ids(client, limit="0") == []
    assert await ids(client, limit="") == every
    assert await ids(client, limit=str(2**31 - 1), page=str(2**31 - 1)) == []


@pytest.mark.parametrize(
    ("parameter", "value", "reason"),
    [
        ("limit", "abc", '"limit" must be a number'),
        ("limit", "1.5", '"limit" must be an integer'),
        ("limit", "-2", '"limit" must be greater than or equal to -1'),
        ("limit", "99999999999", '"limit" must be less than or equal to 2147483647'),
        ("limit", "nan", '"limit" must be a number'),
        ("limit", "inf", '"limit" must be a number'),
        ("limit", "1_0", '"limit" must be a number'),
        ("limit", "1e9999999", '"limit" must be less than or equal to 2147483647'),
        ("offset", "-1", '"offset" must be greater than or equal to 0'),
        ("offset", "abc", '"offset" must be a number'),
        ("page", "-1", '"page" must be greater than or equal to 0'),
        ("limit[]", "1", '"limit" must be a number'),
        ("fields[0][a]", "id", '"fields" must be a string or array'),
        ("sort[0][a]", "id", '"sort" must be a string or array'),
        ("filter", "{bad", "Invalid JSON for filter object"),
        ("filter", "5", 'Invalid filter key "_eq" on "product"'),
        ("filter", '"x"', 'Invalid filter key "_eq" on "product"'),
        ("filter", "[]", 'Invalid filter key "_eq" on "product"'),
        ("filter[id][_in]", "a,,b", "You can't filter for an empty string"),
        ("filter[product_number][_contains]", "1", '"integer" field type does not contain'),
        ("filter[id][_eq]", "\x00", "A parameter contains a NUL character"),
        ("search", "\x00", "A parameter contains a NUL character"),
        ("meta", "nope", '"meta[0]" must be one of [total_count, filter_count]'),
        ("meta", "filter_count,nope", '"meta[1]" must be one of [total_count, filter_count]'),
        ("fields", "sleep(date_created)", 'Invalid function specified "sleep"'),
        ("filter[_and]" + "[0][_and]" * 6, "x", "is nested deeper than 10 levels"),
    ],
)
async def test_an_invalid_query(client, parameter, value, reason):
    error = await error_of(client, "/items/product", 400, **{parameter: value})
    assert reason in error["message"]
    assert error["message"] == f"Invalid query. {error['extensions']['reason']}."
    assert error["extensions"]["code"] == "INVALID_QUERY"


@pytest.mark.parametrize("levels", [60, 300, 900])
async def test_a_filter_nested_without_end_is_an_invalid_query(client, levels):
    text = '{"_and":[' * levels + "{}" + "]}" * levels
    error = await error_of(client, "/items/product", 400, filter=text)
    assert error["extensions"]["code"] == "INVALID_QUERY"


@pytest.mark.parametrize("levels", [120, 500, 900])
async def test_deep_nested_without_end_is_an_invalid_query(client, levels):
    text = '{"account":' * levels + "{}" + "}" * levels
    error = await error_of(client, "/items/product", 400, deep=text)
    assert error["extensions"]["reason"] == "JSON can be nested 100 levels deep at most"


async def test_fields(client):
    path = f"/items/product/{CRATE.replace('/', '%2F')}"
    for params, wanted in (
        ({"fields": "id,product_name"}, {"id": CRATE, "product_name": "Demo Returnable Crate"}),
        ({"fields[]": ["id", "gtin"]}, {"id": CRATE, "gtin": None}),
        ({"fields": ["id", "gtin,sku"]}, {"id": CRATE, "gtin": None, "sku": None}),
        ({"fields[0]": "id"}, {"id": CRATE}),
        ({"fields": "account.account_name"}, {"account": {"account_name": "Demo Account"}}),
        ({"fields": " id , account "}, {"id": CRATE, "account": ACCOUNT}),
        ({"fields": "parent_product.id,id"}, {"parent_product": None, "id": CRATE}),
    ):
        assert (await data(client, path, **params))["data"] == wanted
    for params in ({}, {"fields": "*"}, {"fields": ""}, {"sort": "id"}):
        assert len((await data(client, path, **params))["data"]) > 40
    row = (await data(client, path, fields="*.*,date_created"))["data"]
    assert row["account"]["account_name"] == "Demo Account"
    assert isinstance(row["account"]["default_domain"], str | None)
    row = (await data(client, path, fields="year(date_created),account.year(date_created)"))["data"]
    assert row["date_created_year"] == row["account"]["date_created_year"] >= 2024


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        ("fields", "nope", 'field "nope" in collection "product"'),
        ("fields", "account.nope", 'Queried in "account".'),
        ("sort", "nope", 'field "nope" in collection "product"'),
        ("filter[nope][_eq]", "1", 'field "nope" in collection "product"'),
        ("filter[account][nope][_eq]", "1", 'field "nope" in collection "account"'),
    ],
)
async def test_an_unknown_field_is_forbidden(client, parameter, value, message):
    """Transcripts 104, 108, 110."""
    error = await error_of(client, "/items/product", 403, **{parameter: value})
    assert message in error["message"]
    assert error["extensions"] == {"reason": error["message"], "code": "FORBIDDEN"}


async def test_filters_come_as_json_and_in_brackets(client):
    every = await ids(client)
    for params, wanted in (
        ({"filter": json.dumps({"id": {"_eq": CRATE}})}, [CRATE]),
        ({"filter[id][_eq]": CRATE}, [CRATE]),
        ({"filter[id]": CRATE}, [CRATE]),
        ({"filter[id][_in]": f"{CRATE},x"}, [CRATE]),
        ({"filter[id][_in][]": [CRATE, "x"]}, [CRATE]),
        ({"filter[id][_in][0]": CRATE, "filter[id][_in][1]": "x"}, [CRATE]),
        ({"filter[_or][0][id][_eq]": CRATE, "filter[_or][1][id][_eq]": PRODUCT}, [PRODUCT, CRATE]),
        ({"filter[account][account_name][_eq]": "Demo Account", "limit": "1"}, every[:1]),
        ({"filter[third_party_product][_eq]": "false"}, every),
        ({"filter[sku][_eq]": "null"}, every),
        ({"filter[sku][_nnull]": "true"}, []),
        ({"filter": ""}, every),
        ({"filter": "{}"}, every),
        ({"filter[account][_eq]": ACCOUNT, "filter[id][_eq]": CRATE}, [CRATE]),
        ({"filter[year(date_created)][_gt]": "2000"}, every),
        ({"search": "crate"}, [CRATE]),
        ({"search": "  CRATE "}, [CRATE]),
        ({"search[]": "crate"}, every),
        ({"sort": "-id"}, every[::-1]),
        ({"sort[]": "-id"}, every[::-1]),
        ({"sort": "account.account_name,-id"}, every[::-1]),
        ({"sort": ""}, every),
    ):
        assert await ids(client, **params) == wanted, params
    assert len(await ids(client, **{"filter[product_number][_between]": "1,2"})) == 2


async def test_meta(client):
    """Directus has meta first; both counts are numbers."""
    body = await data(
        client, "/items/product", meta="*", limit="1", search="Demo", **{"filter[id][_neq]": CRATE}
    )
    assert list(body) == ["meta", "data"]
    assert body["meta"] == {"total_count": 5, "filter_count": 4}
    assert len(body["data"]) == 1
    for meta, wanted in (
        ("total_count", {"total_count": 5}),
        ("filter_count", {"filter_count": 5}),
        ("filter_count,total_count", {"total_count": 5, "filter_count": 5}),
    ):
        assert (await data(client, "/items/product", meta=meta, limit="0"))["meta"] == wanted
    assert "meta" not in await data(client, "/items/product", meta="")


@pytest.mark.parametrize(
    "path",
    [
        "/items/product/%2F01%2F09312345551927",
        "/items/product//01/09312345551927",
        "/items/product/%2f01%2f09312345551927",
        "/items/product/%2F01/09312345551927",
    ],
)
async def test_keys_with_slashes(client, path):
    assert (await data(client, path, fields="id"))["data"] == {"id": PRODUCT}


@pytest.mark.parametrize(
    "key", ["a b", "a%b", "ü", "a?b", "a#b", "a&b=c", "..", "a/../b", "'", '"', "%2F", "+"]
)
async def test_keys_of_any_kind(client, key):
    made = await client.post("/items/product?fields=id", json={"id": key, "product_name": "x"})
    assert made.json() == {"data": {"id": key}}
    path = "/items/product/" + quote(key, safe="").replace(".", "%2E")
    assert (await data(client, path, fields="id"))["data"] == {"id": key}
    patched = await client.patch(f"{path}?fields=color", json={"color": "red"})
    assert patched.json() == {"data": {"color": "red"}}
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/items/product/nope",
        f"/items/identifier_job/{NOBODY}",
        "/items/identifier_job/malformed",
        "/items/identifier_job/%00",
        "/items/product/%00",
        "/items/product/'",
        f"/items/account/{ACCOUNT}?filter[account_name][_eq]=x",
    ],
)
async def test_a_missing_item_is_forbidden(client, path):
    """There is never a 404 for an item (directus.md 1.2)."""
    response = await client.get(path)
    assert response.status_code == 403
    assert response.json() == {
        "errors": [
            {
                "message": "You don't have permission to access this.",
                "extensions": {"code": "FORBIDDEN"},
            }
        ]
    }


@pytest.mark.parametrize(
    "collection", ["nope", "code_space", "job_chunk", "alembic_version", "pg_class", "%22"]
)
async def test_an_unknown_collection_is_forbidden(client, collection):
    error = await error_of(client, f"/items/{collection}", 403)
    assert "or it does not exist. Queried in root." in error["message"]
    assert error["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
async def test_system_collections_have_routes_of_their_own(client, method):
    """Transcript 116."""
    for path in ("/items/directus_users", f"/items/directus_users/{NOBODY}"):
        if (method, path.count("/")) == ("POST", 3):
            continue
        response = await client.request(method, path, json=[] if path.count("/") == 2 else {})
        assert response.status_code == 403, path
        assert response.json()["errors"][0]["message"] == (
            "You don't have permission to access this."
        )


async def test_a_slash_at_the_end_is_the_collection(client):
    assert await data(client, "/items/domain/", fields="type") == await data(
        client, "/items/domain", fields="type"
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/items/product"),
        ("PUT", "/items/product/x"),
        ("POST", "/items/product/x"),
        ("GET", "/items"),
        ("GET", "/nope"),
        ("GET", "/"),
        ("POST", "/server/ping"),
        ("DELETE", "/server/health"),
        ("TRACE", "/items/product"),
    ],
)
async def test_other_routes_do_not_exist(client, method, path):
    """Transcript 120."""
    response = await client.request(method, path)
    assert response.status_code == 404
    [error] = response.json()["errors"]
    assert error["message"] == f"Route {path} doesn't exist."
    assert error["extensions"] == {"path": path, "code": "ROUTE_NOT_FOUND"}


async def test_anonymous_gets_nothing(app, installation):
    async with client_of(app, headers={}) as anonymous:
        for path in ("/items/product", f"/items/account/{ACCOUNT}", "/items/nope"):
            response = await anonymous.get(path)
            assert response.status_code == 403
            assert response.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        for method in ("POST", "PATCH", "DELETE"):
            response = await anonymous.request(method, "/items/product", json=[])
            assert response.status_code == 403
            assert "data" not in response.json()


async def test_a_user_without_admin_access_gets_nothing_yet(app, client, rows):
    rows.execute(
        "INSERT INTO directus_users (email, token) VALUES ('a@b.c', %s)", [token_hash("token-1234")]
    )
    async with client_of(app, headers={"Authorization": "Bearer token-1234"}) as user:
        assert (await user.get("/items/product")).status_code == 403


async def test_lists_that_multiply_are_refused_with_what_to_do(client):
    """Each role shows its users, each of them its role again with all of its users, and so on."""
    fields = "users.role.users.id"
    one = await client.get("/roles", params={"fields": fields})
    assert one.status_code == 200, "a hundred times a hundred times a hundred may be"
    fields = f"users.role.{fields}"
    answer = await client.get("/roles", params={"fields": fields})
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "INVALID_QUERY"
    assert 'set a smaller limit of "users.role.users.role.users"' in error["message"]
    # An export takes row by row: what one of them repeats is what counts.
    exported = await client.get("/roles", params={"fields": fields, "export": "json"})
    assert exported.status_code == 200
    deeper = f"users.role.{fields}"
    exported = await client.get("/roles", params={"fields": deeper, "export": "json"})
    assert exported.status_code == 400
    body = {"query": {"fields": [deeper]}, "format": "json"}
    assert (await client.post("/utils/export/directus_roles", json=body)).status_code == 400
    deep = {}
    for _ in range(3):
        deep = {"users": {"_limit": 2, "role": deep}}
    shorter = await client.get("/roles", params={"fields": fields, "deep": json.dumps(deep)})
    assert shorter.status_code == 200, shorter.text


async def test_lists_that_multiply_are_refused_in_graphql_too(client):
    def query(limit):
        below = "id"
        for _ in range(3):
            below = f"users{limit} {{ role {{ {below} }} }}"
        return {"query": f"{{ roles {{ {below} }} }}"}

    answer = (await client.post("/graphql/system", json=query(""))).json()
    assert '"users.role.users.role.users"' in answer["errors"][0]["message"]
    assert "errors" not in (await client.post("/graphql/system", json=query("(limit: 2)"))).json()


@pytest.mark.parametrize("sort", ["-date_created", "sku,-id", "nothing", "max.sku"])
async def test_an_order_of_one_row_is_ignored(client, sort):
    """Clients send their list's along when they count it; a real Directus answers 200."""
    counted = await client.get("/items/product", params={"aggregate[count]": "*", "sort": sort})
    assert counted.status_code == 200, counted.text
    assert counted.json() == (await client.get("/items/product?aggregate[count]=*")).json()
    document = "query($s: [String]) { product_aggregated(sort: $s) { countAll } }"
    body = {"query": document, "variables": {"s": sort.split(",")}}
    answer = (await client.post("/graphql", json=body)).json()
    assert answer["data"]["product_aggregated"][0]["countAll"] is not None
    grouped = {"aggregate[count]": "*", "groupBy[]": "product_status", "sort": "nothing"}
    assert (await client.get("/items/product", params=grouped)).status_code == 403


async def test_groups_have_meta_too(client):
    for group in ({}, {"groupBy[]": "type"}):
        asked = {"aggregate[count]": "*", "meta": "*", "filter": '{"type":{"_eq":"none"}}', **group}
        meta = (await client.get("/items/unique_code", params=asked)).json()["meta"]
        everything = await client.get("/items/unique_code?meta=total_count&limit=1")
        assert meta == {**everything.json()["meta"], "filter_count": 0}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/files/?limit=1", None),
        ("GET", "/users/me/?fields=id", None),
        ("GET", "/server/info/", None),
        ("POST", "/graphql/", {"query": "{ product(limit: 1) { id } }"}),
        ("SEARCH", "/items/product/", {"query": {"limit": 1, "fields": ["id"]}}),
        ("GET", "/api/v2/me", None),
        ("GET", "/users/me//", None),
    ],
)
async def test_a_slash_more_or_less_is_answered_directly(client, method, path, body):
    bare, query = (path.partition("?")[0].rstrip("/"), path.partition("?")[2])
    usual = f"{bare}/" if path.startswith("/api") else bare
    there = await client.request(method, f"{usual}?{query}", json=body)
    other = await client.request(method, path, json=body)
    assert (other.status_code, other.content) == (there.status_code, there.content)
    assert other.status_code in {200, 401}
    assert (await client.get("/nothing/")).status_code == 404
