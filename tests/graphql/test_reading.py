"""Reading by GraphQL: selections, arguments, groups; one statement for each root."""

import pytest

from app.database.session import ReadSession
from schema import BUILTIN
from tests.installation import ACCOUNT, NOBODY, PRODUCT

DEMO = {"id": ACCOUNT, "account_name": "Demo Account"}


@pytest.fixture
def statements(monkeypatch):
    """The text of every statement that reads run from now on."""
    seen = []
    run = ReadSession.run

    async def noted(self, statement, values):
        seen.append(str(statement))
        return await run(self, statement, values)

    monkeypatch.setattr(ReadSession, "run", noted)
    return seen


async def first(client, selection, **variables):
    """The first product, selected so."""
    declared = f"({', '.join(f'${name}: Boolean!' for name in variables)})" if variables else ""
    query = f'query{declared} {{ product(limit: 1, sort: ["id"]) {{ {selection} }} }}'
    [product] = (await client.data(query, **variables))["product"]
    return product


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        ("id", {"id": PRODUCT}),
        ("a: id b: id", {"a": PRODUCT, "b": PRODUCT}),
        ("account { id account_name }", {"account": DEMO}),
        ("x: account { n: account_name }", {"x": {"n": "Demo Account"}}),
        ("account { id } account { account_name }", {"account": DEMO}),
        ("account { id } ... on product { account { account_name } }", {"account": DEMO}),
        ("account { ...{ id } ...{ account_name } }", {"account": DEMO}),
        ("__typename", {"__typename": "product"}),
        (
            "t: __typename account { __typename u: __typename }",
            {"t": "product", "account": {"__typename": "account", "u": "account"}},
        ),
        (
            "date_created_func { __typename t: __typename }",
            {"date_created_func": {"__typename": "datetime_functions", "t": "datetime_functions"}},
        ),
        ("date_updated_func { year }", {"date_updated_func": {"year": None}}),
        ("parent_product { id account { id } }", {"parent_product": None}),
        ("digital_link", {"digital_link": f"https://id.example.com{PRODUCT}"}),
        ("n: id r: id row: id o: id g: id", dict.fromkeys(("n", "r", "row", "o", "g"), PRODUCT)),
        (
            "account { json: id n: account_name }",
            {"account": {"json": ACCOUNT, "n": DEMO["account_name"]}},
        ),
        (
            "one: account { id } two: account { id }",
            {"one": {"id": ACCOUNT}, "two": {"id": ACCOUNT}},
        ),
        (f"{'k' * 63}: id", {"k" * 63: PRODUCT}),
    ],
)
async def test_what_is_selected_is_answered(client, selection, wanted):
    assert await first(client, selection) == wanted


async def test_parts_of_dates(client, rows):
    rows.execute("UPDATE product SET date_updated = '2024-02-29T23:59:59.9Z'")
    names = "year month week day weekday hour minute second"
    product = await first(
        client, f"date_updated_func {{ {names} }} f: date_updated_func {{ y: year }}"
    )
    assert product == {
        "date_updated_func": dict(zip(names.split(), (2024, 2, 9, 29, 4, 23, 59, 59), strict=True)),
        "f": {"y": 2024},
    }


@pytest.mark.parametrize(
    ("on", "wanted"),
    [
        (True, {"gtin": "09312345551927", "account": {"id": ACCOUNT}}),
        (
            False,
            {"id": PRODUCT, "account": {"account_name": "Demo Account"}, "date_created_func": {}},
        ),
    ],
)
async def test_skip_and_include_with_variables(client, on, wanted):
    selection = """
      id @skip(if: $on) gtin @include(if: $on)
      account { id @include(if: $on) ...Name @skip(if: $on) }
      ... @skip(if: $on) { date_created_func { year @include(if: $on) } }
    """
    query = f"query($on: Boolean!) {{ product(limit: 1) {{ {selection} }} }}"
    fragment = "fragment Name on account { account_name }"
    [product] = (await client.data(query + fragment, on=on))["product"]
    assert product == wanted


async def test_a_selection_may_be_skipped_whole(client):
    assert await first(client, "id @skip(if: true)") == {}
    assert await first(client, "account { id @skip(if: true) }") == {"account": {}}


async def test_fragments_within_fragments(client):
    query = """
      query { ...Root }
      fragment Root on Query { product(limit: 1) { ...P } __typename }
      fragment P on product { id ...Q account { ...A } }
      fragment Q on product { account { id } gtin }
      fragment A on account { account_name }
    """
    assert await client.data(query) == {
        "product": [{"id": PRODUCT, "account": DEMO, "gtin": "09312345551927"}],
        "__typename": "Query",
    }


async def test_the_order_of_keys_is_that_of_the_selection(client):
    product = await first(client, "product_name id account { account_name id } gtin")
    assert list(product) == ["product_name", "id", "account", "gtin"]
    assert list(product["account"]) == ["account_name", "id"]


async def test_roots_have_aliases_and_may_repeat(client):
    data = await client.data(
        "{ one: product(limit: 1) { id } two: product(limit: 2) { id } account { id } "
        f"{'x' * 200}: domain(limit: 0) {{ id }} }}"
    )
    assert [len(data[key]) for key in ("one", "two", "account", "x" * 200)] == [1, 2, 1, 0]


async def test_each_root_is_one_statement(client, statements):
    await client.data(
        """{
          product(filter: {account: {account_name: {_eq: "x"}}}, sort: ["-account.account_name"],
            search: "a") { id account { id user_created { id } } parent_product { account { id } } }
          product_aggregated(groupBy: ["account"]) { group countAll sum { product_number } }
        }"""
    )
    assert len([text for text in statements if "directus_access_version" not in text]) == 2


async def test_arguments_of_a_list(client):
    query = """query($filter: product_filter, $sort: [String], $limit: Int, $offset: Int,
      $page: Int, $search: String) { product(filter: $filter, sort: $sort, limit: $limit,
      offset: $offset, page: $page, search: $search) { id } }"""

    async def ids(**variables):
        return [row["id"] for row in (await client.data(query, **variables))["product"]]

    every = await ids()
    assert len(every) == 5
    assert await ids(sort=["-id"]) == every[::-1]
    assert await ids(sort=["-account.account_name", None, "-id"]) == every[::-1]
    assert await ids(limit=2) == every[:2]
    assert await ids(limit=2, offset=1) == every[1:3]
    assert await ids(limit=2, page=2) == every[2:4]
    assert await ids(limit=2, page=2, offset=1) == every[2:4]
    assert await ids(limit=-1, page=2) == every
    assert await ids(limit=2**31 - 1, page=2**31 - 1) == []
    assert await ids(limit=0) == []
    assert await ids(search="Sparkling") == [PRODUCT]
    assert await ids(filter={"id": {"_starts_with": "/8003"}}) == every[4:]
    assert (
        await ids(filter={"_or": [{"id": {"_eq": PRODUCT}}, {"id": {"_eq": every[1]}}]})
        == every[:2]
    )
    assert await ids(filter={"_and": []}) == every
    assert await ids(filter={"product_number": {"_between": ["1", 2]}}) == await ids(
        filter={"product_number": {"_in": [1, "2"]}}
    )
    assert await ids(filter={"account": {"account_name": {"_icontains": "demo"}}}) == every
    assert await ids(filter={"date_created_func": {"year": {"_gt": 2000}}}) == every
    assert await ids(filter={"date_created": {"_lt": "$NOW(-1 day)"}}) == []
    assert (
        await ids(filter={"sku": {"_null": True}, "third_party_product": {"_eq": False}}) == every
    )
    assert (
        await ids(filter=None, sort=None, limit=None, offset=None, page=None, search=None) == every
    )


async def test_a_related_item_can_be_filtered(client):
    product = await first(
        client,
        """yes: account(filter: {account_name: {_eq: "Demo Account"}}) { id }
        no: account(filter: {account_name: {_eq: "x"}}) { id }
        found: account(search: "demo") { id } lost: account(search: "no such") { id }""",
    )
    assert product == {"yes": {"id": ACCOUNT}, "no": None, "found": {"id": ACCOUNT}, "lost": None}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ product(limit: -2) { id } }", '"limit" must be greater than or equal to -1'),
        ("{ product(offset: -1) { id } }", '"offset" must be greater than or equal to 0'),
        ("{ product(page: -1) { id } }", '"page" must be greater than or equal to 0'),
        ('{ product(search: "\\u0000") { id } }', "A value can't be compared"),
        ('{ product(filter: {id: {_eq: ""}}) { id } }', "You can't filter for an empty string"),
        ("{ product(filter: {id: {_in: []}}) { id } }", '"_in" has to be an array of values'),
        ('{ product(sort: ["year(id)"]) { id } }', 'Invalid function specified "year"'),
        ('{ product_aggregated(groupBy: ["account.id"]) { group } }', "Can't group by"),
        (
            '{ product_aggregated(groupBy: ["id"], sort: ["account"]) { group } }',
            "it is no group",
        ),
    ],
)
async def test_an_invalid_query_is_an_error_of_its_root(client, query, message):
    body = await client.graphql(query)
    assert body["data"] is None
    [error] = body["errors"]
    assert message in error["message"]
    assert error["extensions"]["code"] == "INVALID_QUERY"
    assert error["path"][0] in {"product", "product_aggregated"}
    assert error["locations"] == [{"line": 1, "column": 3}]


async def test_depth_is_bounded(client):
    selection = "id"
    for _ in range(11):
        selection = f"parent_product {{ {selection} }}"
    response = await client.post("/graphql", json={"query": f"{{ product {{ {selection} }} }}"})
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["extensions"]["errors"] == [{"message": "Max relational depth exceeded"}]


@pytest.mark.parametrize("key", [NOBODY, "malformed", "", "'", "\x00"])
async def test_an_unknown_key_is_null_and_forbidden(client, key):
    """directus.md 4.4."""
    query = "query($id: ID!) { identifier_job_by_id(id: $id) { id } product_by_id(id: $id) { id } }"
    body = await client.graphql(query, id=key)
    assert body["data"] == {"identifier_job_by_id": None, "product_by_id": None}
    assert sorted(error["path"][0] for error in body["errors"]) == sorted(body["data"])
    for error in body["errors"]:
        assert error["message"] == "You don't have permission to access this."
        assert error["extensions"] == {"code": "FORBIDDEN"}


async def test_one_failing_root_leaves_the_others(client):
    body = await client.graphql('{ product_by_id(id: "x") { id } account { id } }')
    assert body["data"] == {"product_by_id": None, "account": [{"id": ACCOUNT}]}
    assert [error["path"] for error in body["errors"]] == [["product_by_id"]]


async def test_a_failing_list_takes_the_whole_answer_with_it(client):
    """Lists are not null, so the null goes up (GraphQL specification 6.4.4)."""
    body = await client.graphql("{ product(limit: -5) { id } account { id } }")
    assert body["data"] is None
    assert [error["path"] for error in body["errors"]] == [["product"]]


async def test_groups(client):
    data = await client.data(
        """{
          product_aggregated { __typename group countAll count { __typename id sku }
            countDistinct { account } min { product_number } max { m: product_number }
            sum { net_weight } }
          by: product_aggregated(groupBy: ["account", "year(date_created)"], sort: ["-count.id"]) {
            g: group n: countAll }
        }"""
    )
    [row] = data["product_aggregated"]
    assert row == {
        "__typename": "product_aggregated",
        "group": None,
        "countAll": 5,
        "count": {"__typename": "product_aggregated_count", "id": 5, "sku": 0},
        "countDistinct": {"account": 1},
        "min": {"product_number": 1},
        "max": {"m": 5},
        "sum": {"net_weight": None},
    }
    [group] = data["by"]
    assert group["n"] == 5
    assert group["g"]["account"] == ACCOUNT
    assert isinstance(group["g"]["date_created_year"], int)


async def test_groups_of_groups(client):
    async def groups(arguments, selection="group"):
        return (await client.data(f"{{ product_aggregated{arguments} {{ {selection} }} }}"))[
            "product_aggregated"
        ]

    assert await groups("") == [{"group": None}]
    assert await groups("", "__typename") == [{"__typename": "product_aggregated"}]
    assert await groups('(groupBy: ["account", "account", null])') == [
        {"group": {"account": ACCOUNT}}
    ]
    assert len(await groups('(groupBy: ["digital_link"])')) == 5
    assert len(await groups('(groupBy: ["id"], limit: 2)')) == 2
    assert await groups('(filter: {id: {_eq: "x"}})', "countAll") == [{"countAll": 0}]
    assert await groups('(search: "Sparkling")', "countAll") == [{"countAll": 1}]
    assert await groups('(groupBy: ["id"], sort: ["-id"], limit: 1)') == [
        {"group": {"id": "/8003/00614141123452"}}
    ]


async def test_every_field_can_be_counted_at_once(client):
    """More members than a function of PostgreSQL has arguments."""
    names = " ".join(BUILTIN.fields("product"))
    [row] = (await client.data(f"{{ product_aggregated {{ count {{ {names} }} }} }}"))[
        "product_aggregated"
    ]
    assert len(row["count"]) == len(BUILTIN.fields("product"))
    assert row["count"]["digital_link"] == 5


async def test_numbers_and_big_numbers(client, rows):
    rows.execute("UPDATE product SET net_weight = 0.5 WHERE id = %s", [PRODUCT])
    rows.execute(
        "INSERT INTO identifier_job (type, status, sscc_start_serial) VALUES ('sscc', 'error', %s)",
        [2**40],
    )
    assert await first(client, "net_weight product_number") == {
        "net_weight": 0.5,
        "product_number": 1,
    }
    data = await client.data(
        '{ identifier_job(filter: {sscc_start_serial: {_eq: "1099511627776"}}) '
        "{ sscc_start_serial } identifier_job_aggregated { max { sscc_start_serial } } }"
    )
    assert data == {
        "identifier_job": [{"sscc_start_serial": 2**40}],
        "identifier_job_aggregated": [{"max": {"sscc_start_serial": 2**40}}],
    }
