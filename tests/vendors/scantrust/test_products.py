"""Products, with the numbers of their codes (systems.md 4.6, 7.4)."""

import pytest

from tests.installation import ACCOUNT, PRODUCT
from tests.vendors.scantrust.conftest import OTHER

PRODUCTS = "/api/v2/products/"
SHAPE = (
    "id uuid sku image name description label brand company creation_date client_url is_archived "
    "code_count active_code_count blacklisted_code_count campaign smartlabel"
).split()


@pytest.fixture
async def company(as_company, uat):
    """A company that has no products yet."""
    return await as_company(uat(account=OTHER))


async def created(client, **fields):
    made = await client.post(PRODUCTS, json={"name": "Pork", "sku": "259052703982", **fields})
    assert made.status_code == 201, made.text
    return made.json()


async def test_a_product_has_the_shape_of_its_surface(company, rows):
    """systems.md 4.6: the shape in N8; one product per POST."""
    brand = rows.execute(
        "INSERT INTO brand (name, account) VALUES ('American Pork', %s) RETURNING number", [OTHER]
    ).fetchone()[0]
    campaign = (await company.post("/api/v2/campaigns/", json={"name": "Meat"})).json()["id"]
    made = await created(company, brand=brand, campaign=campaign, client_url="https://a.example/x")
    assert list(made) == SHAPE or set(made) == set(SHAPE)
    assert made["brand"] == {"id": brand, "name": "American Pork", "image": None}
    assert made["campaign"] == {
        "id": campaign,
        "name": "Meat",
        "description": None,
        "is_archived": False,
    }
    assert made["company"]["name"] == "Other"
    assert (made["name"], made["sku"], made["code_count"]) == ("Pork", "259052703982", 0)
    assert (await company.get(f"{PRODUCTS}{made['id']}/")).json() == made
    assert (await company.get(f"{PRODUCTS}{made['id']}")).json() == made


async def test_codes_are_counted_whatever_their_kind(client, company, rows):
    """code_count, active_code_count, blacklisted_code_count."""
    rows.execute(
        "INSERT INTO unique_code (id, account, code, type, product, activation_status) "
        "SELECT %s || '/21/' || n, %s, n, 'sgtin', %s, n %% 3 FROM generate_series(1, 10) AS n",
        [PRODUCT, ACCOUNT, PRODUCT],
    )
    rows.execute(
        "INSERT INTO unique_code (id, account, code, type, product, activation_status) "
        "VALUES ('go.example.com/x', %s, 'x', 'short_code', %s, 1), "
        "('/01/09312345551927/21/A9', %s, 'A9', 'sgtin', NULL, 1)",
        [ACCOUNT, PRODUCT, ACCOUNT],
    )
    number = rows.execute("SELECT product_number FROM product WHERE id = %s", [PRODUCT]).fetchone()[
        0
    ]
    found = (await client.get(f"{PRODUCTS}{number}/")).json()
    counts = [found[f"{name}code_count"] for name in ("", "active_", "blacklisted_")]
    assert counts == [11, 5, 3]
    listed = (await client.get(PRODUCTS)).json()["results"]
    assert [row for row in listed if row["id"] == number] == [found]


async def test_lists_are_pages_with_the_urls_around_them(company):
    """systems.md 4.1: {count, next, previous, results}, limit (default 20), offset."""
    for number in range(22):
        await created(company, name=f"P{number}", sku=str(number))
    first = (await company.get(PRODUCTS)).json()
    assert (first["count"], len(first["results"]), first["previous"]) == (22, 20, None)
    assert first["next"] == "http://test/api/v2/products/?limit=20&offset=20"
    last = (await company.get(first["next"])).json()
    assert [row["name"] for row in last["results"]] == ["P20", "P21"]
    assert (last["next"], last["previous"]) == (None, "http://test/api/v2/products/?limit=20")
    some = (await company.get(f"{PRODUCTS}?ordering=-sku&search=P1&limit=2&offset=1")).json()
    assert [row["sku"] for row in some["results"]] == ["18", "17"]
    assert some["next"] == ("http://test/api/v2/products/?ordering=-sku&search=P1&limit=2&offset=3")
    assert some["previous"] == "http://test/api/v2/products/?ordering=-sku&search=P1&limit=2"
    beyond = (await company.get(f"{PRODUCTS}?offset=100")).json()
    assert (beyond["count"], beyond["results"]) == (22, [])


async def test_lists_are_narrowed(company):
    """systems.md 4.6: is_archived, sku__exact."""
    await created(company, sku="A")
    await created(company, sku="AB", is_archived=True)

    async def skus(query):
        return [r["sku"] for r in (await company.get(f"{PRODUCTS}?{query}")).json()["results"]]

    assert await skus("sku__exact=A") == ["A"]
    assert await skus("is_archived=true") == ["AB"]
    assert await skus("is_archived=false") == ["A"]
    assert await skus("is_archived=") == ["A", "AB"]


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("colour=red", {"colour": ["Unknown filter."]}),
        ("limit=x", {"limit": ["A valid integer is required."]}),
        ("limit=0", {"limit": ["Ensure this value is between 1 and 2000."]}),
        ("offset=-1", {"offset": ["A valid integer is required."]}),
        ("ordering=price", {"ordering": ["Enter a valid value."]}),
        ("is_archived=maybe", {"is_archived": ["Must be a valid boolean."]}),
    ],
)
async def test_parameters_that_say_nothing_are_refused(client, query, body):
    """systems.md 4.2 and 4.7."""
    refused = await client.get(f"{PRODUCTS}?{query}")
    assert (refused.status_code, refused.json()) == (400, body)


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({"sku": None}, {"sku": ["This field is required."]}),
        ({"name": None}, {"name": ["This field may not be null."]}),
        ({"brand": 999}, {"brand": ['Invalid pk "999" - object does not exist.']}),
        ({"campaign": "x"}, {"campaign": ['Invalid pk "x" - object does not exist.']}),
    ],
)
async def test_products_that_cannot_be_are_refused_by_field(company, fields, body):
    """systems.md 7.1: ValidationFailed is {"field": ["..."]}."""
    given = {"name": "Pork", "sku": "1", **fields}
    refused = await company.post(PRODUCTS, json=given)
    assert (refused.status_code, refused.json()) == (400, body)


async def test_a_sku_is_used_once_in_a_company(company, as_company, uat):
    """systems.md 6.3: sku uq(account, sku)."""
    await created(company)
    again = await company.post(PRODUCTS, json={"name": "x", "sku": "259052703982"})
    assert (again.status_code, again.json()) == (400, {"sku": ["This field must be unique."]})
    demo = await as_company(uat())
    await created(demo)


async def test_a_gtin_makes_the_key(company, rows):
    rows.execute("INSERT INTO company_prefix (account, digits) VALUES (%s, '4012345')", [OTHER])
    made = await created(company, gtin="04012345000009")
    key = rows.execute("SELECT id FROM product WHERE product_number = %s", [made["id"]]).fetchone()
    assert key == ("/01/04012345000009",)


@pytest.mark.parametrize(
    ("sent", "kind", "status", "body"),
    [
        (b"{", "application/json", 400, "JSON parse error"),
        (b"[]", "application/json", 400, "Invalid data"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "Unsupported media type"),
    ],
)
async def test_bodies_that_are_no_objects_are_refused(client, sent, kind, status, body):
    """systems.md 7.1, row "bad JSON"."""
    refused = await client.post(PRODUCTS, content=sent, headers={"Content-Type": kind})
    assert refused.status_code == status
    assert body in refused.text


async def test_another_companys_product_is_not_there(client, company, rows):
    """systems.md 6.1.5: Scantrust 404; and words are asked for."""
    number = rows.execute("SELECT product_number FROM product WHERE id = %s", [PRODUCT]).fetchone()[
        0
    ]
    missing = await company.get(f"{PRODUCTS}{number}/")
    assert (missing.status_code, missing.json()) == (404, {"detail": "Not found."})
    assert (await company.get(PRODUCTS)).json()["count"] == 0
    assert (await company.get(f"{PRODUCTS}99999999999999/")).status_code == 404


async def test_words_are_asked_for(as_company, uat):
    """systems.md 4.1 and 4.7."""
    seeing = await as_company(uat("product_view"))
    denied = {"detail": "You do not have permission to perform this action."}
    refused = await seeing.post(PRODUCTS, json={"name": "x", "sku": "y"})
    assert (refused.status_code, refused.json()) == (403, denied)
    blind = await as_company(uat("codes_view"))
    assert (await blind.get(PRODUCTS)).status_code == 403


async def test_a_user_needs_its_own_permissions_as_well(as_company, uat):
    """A token gives a share of what its user may do: nothing of nothing."""
    nobody = await as_company(uat(account=OTHER, admin=False))
    refused = await nobody.get(PRODUCTS)
    assert refused.status_code == 403
