"""What the server chooses itself needs no rights: a row by its key, orders, what ends them.

And who may write, and not read, has written (directus.md 1.4).
"""

from tests.acceptance.test_refusals import (
    KEY,
    OTHER,
    PRODUCT,
    a,
    few,
    furniture,
    two_accounts,
)

__all__ = ["a", "few", "furniture", "two_accounts"]

NOWHERE = {"date_created": {"_lt": "1990-01-01"}}
WITHOUT_KEY = ("product", "read", "product_name,sku", None)
MASKED = [WITHOUT_KEY, ("product", "read", "*", NOWHERE)]
"""Rights to read a product: its key in no row that there is."""


async def graphql(client, document):
    return (await client.post("/graphql", json={"query": document})).json()


async def test_a_write_stands_whose_row_shows_no_key(client, few, rows):
    """The reproduction: FORBIDDEN, though the product was there."""
    async with few(MASKED) as asked:
        new = '{id: "/01/04012345000023", product_name: "New"}'
        made = await graphql(
            asked, f"mutation {{ create_product_item(data: {new}) {{ product_name }} }}"
        )
        assert made == {"data": {"create_product_item": {"product_name": "New"}}}
        patch = f'update_product_item(id: "{PRODUCT}", data: {{sku: "S"}}) {{ id sku }}'
        changed = await graphql(asked, f"mutation {{ {patch} }}")
        assert changed == {"data": {"update_product_item": {"id": None, "sku": "S"}}}
        path = f"/items/product/{PRODUCT}?fields=id,sku"
        answer = await asked.patch(path, json={"sku": "T"})
        assert answer.json()["data"] == {"id": None, "sku": "T"}


async def test_a_write_stands_whose_row_is_not_shown(client, few, rows):
    async with few([("product", "read", "*", NOWHERE)]) as asked:
        new = '{id: "/01/04012345000023", product_name: "New"}'
        made = await graphql(asked, f"mutation {{ create_product_item(data: {new}) {{ id }} }}")
        assert made == {"data": {"create_product_item": None}}
        patch = f'update_product_item(id: "{PRODUCT}", data: {{sku: "S"}}) {{ id }}'
        assert await graphql(asked, f"mutation {{ {patch} }}") == {
            "data": {"update_product_item": None}
        }
        assert (
            await asked.patch(f"/items/product/{PRODUCT}", json={"sku": "T"})
        ).status_code == 204
        missing = 'update_product_item(id: "none", data: {sku: "S"}) { id }'
        refused = await graphql(asked, f"mutation {{ {missing} }}")
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    found = rows.execute("SELECT sku FROM product WHERE id = %s", [PRODUCT]).fetchone()
    assert found == ("T",)


async def test_a_row_is_read_by_its_key_as_by_one_policy_alone(client, few):
    """The reproduction: 403 with two permissions, the row with the first of them."""
    for rights in ([WITHOUT_KEY], MASKED):
        async with few(rights) as asked:
            one = await asked.get(f"/items/product/{PRODUCT}?fields=product_name")
            assert one.json() == {"data": {"product_name": "One"}}
            by_id = await graphql(asked, f'{{ product_by_id(id: "{PRODUCT}") {{ product_name }} }}')
            assert by_id == {"data": {"product_by_id": {"product_name": "One"}}}
            body = {"keys": [PRODUCT], "query": {"fields": "product_name"}}
            many = await asked.request("SEARCH", "/items/product", json=body)
            assert many.json() == {"data": [{"product_name": "One"}]}
            assert (await asked.get("/items/product/none")).status_code == 403
            by_key = await asked.get("/items/product", params={"filter[id][_eq]": PRODUCT})
            assert by_key.status_code == 403 or by_key.json()["data"] == []
    async with few([("product", "read", "*", NOWHERE)]) as asked:
        assert (await asked.get(f"/items/product/{PRODUCT}")).status_code == 403


async def test_an_order_that_may_not_be_read_hides_no_parent(client, few, rows):
    """The reproduction: `position` of SCM fields, by which campaigns list them."""
    rows.execute("UPDATE scm_field SET position = CASE key WHEN 'secretlot' THEN 1 ELSE 2 END")
    rights = [("campaign", "read", "id,scm_fields", None), ("scm_field", "read", "id,key", None)]
    async with few(rights) as asked:
        path = "/items/campaign/424242?fields="
        shown = (await asked.get(f"{path}scm_fields.key")).json()["data"]["scm_fields"]
        assert [field["key"] for field in shown] == ["secretlot", "secretfarm"]
        keys = (await asked.get(f"{path}scm_fields")).json()["data"]["scm_fields"]
        assert len(keys) == 2
        listed = await graphql(asked, "{ campaign_by_id(id: 424242) { scm_fields { key } } }")
        assert listed == {"data": {"campaign_by_id": {"scm_fields": shown}}}
        asked_for = await asked.get(f"{path}scm_fields.key&deep[scm_fields][_sort]=position")
        assert asked_for.status_code == 403


async def test_pages_show_each_row_once_without_its_key(client, few, rows):
    rows.execute(
        "INSERT INTO product (id, account, product_name, sku) SELECT 'p' || n, account, 'Same', n "
        "FROM product, generate_series(1, 300) AS n WHERE id = %s",
        [OTHER],
    )
    async with few([WITHOUT_KEY]) as asked:
        shown = []
        for page in range(1, 8):
            path = "/items/product?sort=product_name&filter[product_name][_eq]=Same&limit=50"
            shown += [row["sku"] for row in (await asked.get(f"{path}&page={page}")).json()["data"]]
    assert sorted(shown) == sorted(str(n) for n in range(1, 301))


async def test_a_scan_of_nothing_is_refused(a, furniture):
    for text in ("", "   ", "\r\n", "\x1d"):
        for field in ("scanned_key", "code"):
            refused = await a.post("/items/scan", json={field: text})
            assert refused.status_code == 400, refused.text
            assert "send the text that was scanned" in refused.text
    body = {"query": 'mutation { create_scan_item(data: {scanned_key: " "}) { id } }'}
    assert "send the text" in (await a.post("/graphql", json=body)).text
    kept = await a.post("/items/scan", json={"scanned_key": "", "code": KEY})
    assert (kept.status_code, kept.json()["data"]["code"]) == (200, KEY)
