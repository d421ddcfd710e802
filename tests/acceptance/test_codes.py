"""Codes from the job to the look-up, over the public surfaces: what an acceptance test walks."""

from typing import Any
from urllib.parse import quote

import pytest

from app.codes.epc_binary import decode
from app.codes.epc_uri import Epc
from app.database.session import Database
from app.domains.code_space.verify import verify
from app.settings import GivenSettings
from tests.acceptance.conftest import Mint
from tests.installation import ACCOUNT, PRODUCT, SECRET, Client

JOBS: dict[str, dict[str, Any]] = {
    "sgtin": {"type": "sgtin", "product": PRODUCT, "character_set": "hex", "length": 9},
    "sscc": {"type": "sscc", "sscc_company_prefix": "0614141", "sscc_extension_digit": 3},
    "grai": {"type": "grai", "product": "/8003/00614141123452", "character_set": "numeric"},
    "short_code": {"type": "short_code", "character_set": "unambiguous", "account": ACCOUNT},
}


async def minted(client: Client, mint: Mint, kind: str, quantity: int = 25) -> list[dict[str, Any]]:
    """The codes of a new job of that type."""
    answer = await client.post("/items/identifier_job", json={**JOBS[kind], "quantity": quantity})
    job = answer.json()["data"]["id"]
    await mint(job)
    found = await client.get(
        "/items/unique_code", params={"filter[identifier_job][_eq]": job, "limit": -1}
    )
    codes: list[dict[str, Any]] = found.json()["data"]
    assert len({code["id"] for code in codes}) == quantity
    return codes


@pytest.mark.parametrize("kind", JOBS)
async def test_every_minted_code_verifies_in_every_form_it_is_shown_in(
    client: Client, mint: Mint, installation: GivenSettings, kind: str
) -> None:
    codes = await minted(client, mint, kind)
    database = Database(installation.database_url or "", max_size=1)
    await database.open()
    async with database.read() as session:
        for code in codes:
            forms = [code["id"], code["digital_link"], code["epc_uri"], code["epc_hex"]]
            for form in filter(None, forms):
                found = await verify(session, form, SECRET)
                assert (found.was_minted_here, found.job) == (True, code["identifier_job"]), form
    await database.close()


@pytest.mark.parametrize("kind", ["sgtin", "sscc", "grai"])
async def test_epc_forms_are_those_of_the_standard(client: Client, mint: Mint, kind: str) -> None:
    for code in await minted(client, mint, kind):
        assert decode(code["epc_hex"]).epc == Epc.parse(code["epc_uri"])


async def test_codes_belong_to_the_account_of_their_product(client: Client, mint: Mint) -> None:
    codes = await minted(client, mint, "sgtin")
    assert {code["account"] for code in codes} == {ACCOUNT}


async def test_a_code_from_outside_finds_its_product_and_account(client: Client) -> None:
    answer = await client.post("/items/unique_code", json={"id": f"{PRODUCT}/21/OUT-1"})
    code = answer.json()["data"]
    assert (code["product"], code["account"]) == (PRODUCT, ACCOUNT)
    assert code["epc_uri"] == "urn:epc:id:sgtin:9312345.055192.OUT-1"


async def test_a_code_of_a_product_kept_elsewhere_may_be_brought_in(client: Client) -> None:
    answer = await client.post("/items/unique_code", json={"id": "/01/09506000134352/21/X"})
    assert answer.json()["data"]["product"] is None


async def test_a_product_that_is_named_has_to_be_there(client: Client) -> None:
    row = {"product": "/01/09506000134352", "code": "X"}
    answer = await client.post("/items/unique_code", json=row)
    assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_FOREIGN_KEY"


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({"code": "NEW"}, "code"),
        ({"product": "/01/09312345552016"}, "product"),
        ({"type": "grai"}, "type"),
    ],
)
async def test_a_code_never_contradicts_its_key(
    client: Client, patch: dict[str, str], field: str
) -> None:
    await client.post("/items/unique_code", json={"id": f"{PRODUCT}/21/OUT-1"})
    path = f"/items/unique_code/{quote(PRODUCT + '/21/OUT-1', safe='')}"
    answer = await client.patch(path, json=patch)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["field"] == field
    assert (await client.patch(path, json={"custom_id": "mine"})).status_code == 200


@pytest.mark.parametrize("fill", [0, -1, 1.5])
async def test_a_share_is_more_than_nothing_and_at_most_all(client: Client, fill: float) -> None:
    answer = await client.post(
        "/items/account", json={"account_name": "x", "max_keyspace_fill": fill}
    )
    assert answer.json()["errors"][0]["extensions"]["field"] == "max_keyspace_fill"


async def test_a_length_that_is_refused_has_no_room_named(client: Client) -> None:
    answer = await client.post(
        "/items/identifier_job", json={"quantity": 5, "product": PRODUCT, "length": 0}
    )
    [error] = answer.json()["errors"]
    assert error["extensions"]["type"] == "gte"
    assert "keyspace" not in error["message"]


@pytest.mark.parametrize("field", ["epc_hex", "digital_link", "epc_join_key", "extended_id"])
async def test_computed_fields_can_be_filtered_by(client: Client, mint: Mint, field: str) -> None:
    code = (await minted(client, mint, "sgtin"))[0]
    for operator, value in (("_eq", code[field]), ("_in", f"{code[field]},x")):
        found = await client.get(
            "/items/unique_code", params={f"filter[{field}][{operator}]": value, "fields": "id"}
        )
        assert [row["id"] for row in found.json()["data"]] == [code["id"]]


@pytest.mark.parametrize("kind", ["String", "ID", "create_account_input"])
async def test_a_relation_takes_a_variable_of_any_fitting_type(client: Client, kind: str) -> None:
    value: Any = {"account_name": "New"} if kind.startswith("create") else ACCOUNT
    data = await client.data(
        f'mutation($a: {kind}) {{ create_brand_item(data: {{name: "B", account: $a}}) '
        "{ account { account_name } } }",
        a=value,
    )
    name = data["create_brand_item"]["account"]["account_name"]
    assert name == ("New" if kind.startswith("create") else "Demo Account")
