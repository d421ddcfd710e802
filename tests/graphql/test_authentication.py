"""Logins, second factors and `utils_...` at `/graphql/system`: as by REST (directus.md 4.8)."""

import pyotp
import pytest
from graphql import build_schema

from tests.installation import PRODUCT, client_of
from tests.rest.test_passwords import made_token

EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
REFRESH, SESSION = "directus_refresh_token", "directus_session_token"


@pytest.fixture
async def ada(client, app):
    """A client that has no token yet, of a user with a password."""
    made = await client.post("/users", json={"email": EMAIL, "password": PASSWORD})
    assert made.status_code == 200
    async with client_of(app, headers={}) as ada:
        yield ada


async def run(client, query, headers=None, **variables):
    """The data and the codes of what is refused."""
    body = {"query": query, "variables": variables}
    answer = (await client.post("/graphql/system", json=body, headers=headers)).json()
    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    return answer.get("data"), codes


async def login(client, arguments=""):
    text = f'(email: "{EMAIL}", password: "{PASSWORD}" {arguments})'
    data, codes = await run(
        client, f"mutation {{ auth_login{text} {{ access_token expires refresh_token }} }}"
    )
    return data and data["auth_login"], codes


async def test_the_mutations_are_directus_own(client):
    text = (await client.get("/server/specs/graphql/system")).text
    schema = build_schema(text)
    assert set(schema.type_map["auth_mode"].values) == {"json", "cookie", "session"}
    shown = {
        name: (str(field.type), {key: str(value.type) for key, value in field.args.items()})
        for name, field in schema.mutation_type.fields.items()
        if name.startswith(("auth_", "users_me_", "utils_"))
    }
    text, done, mode = "String!", "Boolean", {"mode": "auth_mode"}
    token = {"refresh_token": "String"} | mode
    assert shown == {
        "auth_login": ("auth_tokens", {"email": text, "password": text, "otp": "String"} | mode),
        "auth_refresh": ("auth_tokens", token),
        "auth_logout": (done, token),
        "auth_password_request": (done, {"email": text, "reset_url": "String"}),
        "auth_password_reset": (done, {"token": text, "password": text}),
        "users_me_tfa_generate": ("users_me_tfa_generate_data", {"password": text}),
        "users_me_tfa_enable": (done, {"otp": text, "secret": text}),
        "users_me_tfa_disable": (done, {"otp": text}),
        "utils_random_string": ("String", {"length": "Int"}),
        "utils_hash_generate": ("String", {"string": text}),
        "utils_hash_verify": (done, {"string": text, "hash": text}),
        "utils_sort": (done, {"collection": text, "item": "ID!", "to": "ID!"}),
        "utils_revert": (done, {"revision": "ID!"}),
        "utils_cache_clear": ("Void", {}),
    }


@pytest.mark.parametrize(
    ("mode", "kept", "shown"),
    [
        ("json", None, {"access_token", "refresh_token", "expires"}),
        ("cookie", REFRESH, {"access_token", "expires"}),
        ("session", SESSION, {"expires"}),
    ],
)
async def test_a_login_is_kept_as_its_mode_says(ada, mode, kept, shown):
    given, codes = await login(ada, f"mode: {mode}")
    assert codes == []
    assert {name for name, value in given.items() if value is not None} == shown
    assert given["expires"] == ("86400000" if mode == "session" else "900000")
    assert set(ada.cookies) == ({kept} if kept else set())
    token = {"json": f'refresh_token: "{given["refresh_token"]}"'}.get(mode, "")
    text = f"({token} mode: {mode})"
    data, codes = await run(
        ada, f"mutation {{ auth_refresh{text} {{ expires refresh_token access_token }} }}"
    )
    assert (codes, set(ada.cookies)) == ([], {kept} if kept else set())
    if mode == "session":
        assert (await ada.get("/users/me")).status_code == 200
    if mode == "json":
        text = f'(refresh_token: "{data["auth_refresh"]["refresh_token"]}")'
    assert await run(ada, f"mutation {{ auth_logout{text} }}") == ({"auth_logout": True}, [])
    assert set(ada.cookies) == set()
    gone, codes = await run(ada, f"mutation {{ auth_refresh{text} {{ expires }} }}")
    assert (gone, codes) == (
        {"auth_refresh": None},
        ["INVALID_CREDENTIALS" if mode == "json" else "INVALID_PAYLOAD"],
    )


async def test_a_mode_that_is_none_is_no_document(ada):
    assert await login(ada, "mode: nope") == (None, ["GRAPHQL_VALIDATION"])
    assert await login(ada, 'mode: "json"') == (None, ["GRAPHQL_VALIDATION"])


async def test_a_second_factor_comes_and_goes(ada, client):
    given, _ = await login(ada)
    own = {"Authorization": f"Bearer {given['access_token']}"}
    generate = (
        "mutation ($p: String!) { users_me_tfa_generate(password: $p) { secret otpauth_url } }"
    )
    assert (await run(ada, generate, own, p="wrong"))[1] == ["INVALID_CREDENTIALS"]
    assert (await run(ada, generate, p=PASSWORD))[1] == ["INVALID_CREDENTIALS"]
    data, _ = await run(ada, generate, own, p=PASSWORD)
    made = data["users_me_tfa_generate"]
    assert made["secret"] in made["otpauth_url"]
    code = pyotp.TOTP(made["secret"]).now()
    enable = "mutation ($o: String!, $s: String!) { users_me_tfa_enable(otp: $o, secret: $s) }"
    assert (await run(ada, enable, own, o="000000", s=made["secret"]))[1] == ["INVALID_PAYLOAD"]
    assert await run(ada, enable, own, o=code, s=made["secret"]) == (
        {"users_me_tfa_enable": True},
        [],
    )
    assert await login(ada) == (None, ["INVALID_OTP"])
    disable = "mutation ($o: String!) { users_me_tfa_disable(otp: $o) }"
    assert (await run(ada, disable, own, o=code))[1] == ["INVALID_PAYLOAD"], "it was used"


async def test_a_password_is_reset(ada, installation):
    wanted = 'mutation { auth_password_request(email: "x@example.com") }'
    assert await run(ada, wanted) == ({"auth_password_request": True}, [])
    wanted = 'mutation { auth_password_request(email: "x@a.com", reset_url: "https://a.com") }'
    assert (await run(ada, wanted))[1] == ["INVALID_PAYLOAD"]
    reset = 'mutation ($t: String!) { auth_password_reset(token: $t, password: "another one") }'
    assert (await run(ada, reset, t="nonsense"))[1] == ["INVALID_TOKEN"]
    token = await made_token(installation, EMAIL)
    assert await run(ada, reset, t=token) == ({"auth_password_reset": True}, [])
    assert (await login(ada))[1] == ["INVALID_CREDENTIALS"]


async def test_utilities_do_what_those_of_rest_do(client, ada):
    data, codes = await run(
        client,
        "mutation { a: utils_random_string(length: 5) b: utils_random_string utils_cache_clear "
        'utils_hash_generate(string: "abc") }',
    )
    assert (len(data["a"]), len(data["b"]), data["utils_cache_clear"], codes) == (5, 32, None, [])
    verify = "mutation ($s: String!, $h: String!) { utils_hash_verify(string: $s, hash: $h) }"
    for text, is_one in (("abc", True), ("abd", False)):
        given = {"s": text, "h": data["utils_hash_generate"]}
        assert await run(client, verify, **given) == ({"utils_hash_verify": is_one}, [])
    for wrong, code in (
        ("utils_random_string(length: 0)", "INVALID_QUERY"),
        ("utils_random_string(length: 501)", "INVALID_QUERY"),
        ('utils_hash_generate(string: "")', "INVALID_PAYLOAD"),
        ('utils_sort(collection: "product", item: "a", to: "b")', "INVALID_PAYLOAD"),
        ('utils_sort(collection: "nope", item: "a", to: "b")', "FORBIDDEN"),
        ("utils_revert(revision: 99999999)", "FORBIDDEN"),
    ):
        assert (await run(client, f"mutation {{ {wrong} }}"))[1] == [code], wrong
    for root in (
        'utils_hash_generate(string: "x")',
        "utils_cache_clear",
        "utils_revert(revision: 1)",
    ):
        assert (await run(ada, f"mutation {{ {root} }}"))[1] == ["FORBIDDEN"], root


async def test_items_are_moved_and_reverted(client, ada):
    made = await client.post(
        "/items/campaign?fields=scm_fields.id",
        json={"name": "Sorted", "scm_fields": [{"key": key} for key in "abc"]},
    )
    first, second, third = (row["id"] for row in made.json()["data"]["scm_fields"])
    move = (
        "mutation ($item: ID!, $to: ID!) "
        '{ utils_sort(collection: "scm_field", item: $item, to: $to) }'
    )
    assert (await run(ada, move, item=third, to=first))[1] == ["FORBIDDEN"]
    assert await run(client, move, item=third, to=first) == ({"utils_sort": True}, [])
    shown = (await client.get("/items/scm_field?sort=position&fields=id")).json()["data"]
    assert [row["id"] for row in shown] == [third, first, second]

    url = f"/items/product/{PRODUCT.replace('/', '%2F')}"
    for name in ("First", "Second"):
        await client.patch(url, json={"product_name": name})
    params = {"filter[item][_eq]": PRODUCT, "sort": "id", "fields": "id"}
    revisions = (await client.get("/revisions", params=params)).json()["data"]
    revert = "mutation ($r: ID!) { utils_revert(revision: $r) }"
    assert (await run(ada, revert, r=revisions[1]["id"]))[1] == ["FORBIDDEN"]
    assert await run(client, revert, r=revisions[1]["id"]) == ({"utils_revert": True}, [])
    assert (await client.get(url)).json()["data"]["product_name"] == "First"


async def test_one_operator_type_serves_texts_lists_and_json(client):
    """As in Directus: a client keeps its conditions in variables of that type."""
    query = "query ($f: string_filter_operators) { users(filter: {tags: $f}) { email } }"
    await client.patch("/users/me", json={"tags": ["a", {"b": {"c": 1}}]})
    for condition, found in (
        ({"_null": True}, 0),
        ({"_nnull": True}, 1),
        ({"_json": {"1.b.c": {"_eq": 1}}}, 1),
        ({"_json": {"1.b.c": {"_eq": 2}}}, 0),
    ):
        data, codes = await run(client, query, f=condition)
        assert (len(data["users"]), codes) == (found, []), condition
    assert (await run(client, query, f={"_contains": "a"}))[1] == ["INVALID_QUERY"]
    lists = query.replace(
        "users(filter: {tags: $f}) { email }", "users: policies(filter: {ip_access: $f}) { id }"
    )
    assert (await run(client, lists, f={"_contains": "10."}))[1] == []
    query = query.replace("tags", "email")
    assert (await run(client, query, f={"_json": {"a": {"_eq": 1}}}))[1] == ["INVALID_QUERY"]
    assert len((await run(client, query, f={"_contains": "admin"}))[0]["users"]) == 1
