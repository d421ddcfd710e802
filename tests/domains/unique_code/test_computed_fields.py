"""Computed fields of codes and products, as PostgreSQL reads them (systems.md 6.5)."""

import pytest
from sqlalchemy import select

from app import domains
from app.database.session import WriteSession
from app.database.tables import METADATA
from app.items.hooks import expression_of

CODE = "/01/09312345551927/21/32ab"


async def read(session: WriteSession, collection: str, field: str, key: str):
    domains.register()
    table = METADATA.tables[collection].alias("t")
    expression = expression_of(collection, field)
    assert expression is not None
    return await session.fetch_value(select(expression(table)).where(table.c.id == key))


@pytest.fixture(autouse=True)
async def furnished(session: WriteSession, account: str) -> None:
    values = {"account": account}
    await session.execute(
        "INSERT INTO product (id, product_name, account) "
        "VALUES ('/01/09312345551927', 'x', %(account)s), ('own', 'x', %(account)s)",
        values,
    )
    job = await session.fetch_value(
        "INSERT INTO identifier_job (type, sscc_company_prefix) VALUES ('sscc', '0614141') "
        "RETURNING id"
    )
    await session.execute(
        "INSERT INTO unique_code (id, code, type, account, product, identifier_job) VALUES "
        "('/01/09312345551927/21/32ab', '32ab', 'sgtin', %(account)s, '/01/09312345551927', NULL), "
        "('/00/006141410000000005', '006141410000000005', 'sscc', %(account)s, NULL, %(job)s)",
        {**values, "job": job},
    )


async def test_the_host_of_a_link_is_the_codes_the_accounts_or_gs1s(session, account):
    async def host() -> str:
        link = await read(session, "unique_code", "digital_link", CODE)
        assert link.endswith(CODE)
        return str(link.removeprefix("https://").removesuffix(CODE))

    made = "INSERT INTO domain (state, domain_name, account, is_default) VALUES "
    values = {"account": account}
    assert await host() == "id.gs1.org"
    own = await session.fetch_value(
        made + "('verified', 'own.example', %(account)s, false) RETURNING id", values
    )
    await session.execute("UPDATE account SET default_domain = %(own)s", {"own": own})
    assert await host() == "own.example"
    await session.execute(made + "('verified', 'link.example', %(account)s, true)", values)
    assert await host() == "link.example"
    assert await read(session, "product", "digital_link", "/01/09312345551927") == (
        "https://link.example/01/09312345551927"
    )
    code = await session.fetch_value(
        made + "('verified', 'code.example', %(account)s, false) RETURNING id", values
    )
    await session.execute("UPDATE unique_code SET domain = %(code)s", {"code": code})
    assert await host() == "code.example"


async def test_a_custom_product_has_no_link(session):
    assert await read(session, "product", "digital_link", "own") is None


async def test_epc_needs_the_length_that_the_code_was_made_with(session):
    assert await read(session, "unique_code", "epc_uri", CODE) is None
    assert await read(session, "unique_code", "extended_id", CODE) == CODE
    await session.execute("UPDATE product SET company_prefix_length = 8")
    assert await read(session, "unique_code", "epc_uri", CODE) is None
    await session.execute("UPDATE unique_code SET company_prefix_length = 7")
    expected = "urn:epc:id:sgtin:9312345.055192.32ab"
    assert await read(session, "unique_code", "epc_uri", CODE) == expected
    in_hex = await read(session, "unique_code", "epc_hex", CODE)
    assert in_hex.startswith("36")
    assert await read(session, "unique_code", "extended_id", CODE) == in_hex


async def test_the_epc_of_an_sscc_stays_when_its_job_goes(session):
    sscc = "/00/006141410000000005"
    await session.execute("UPDATE unique_code SET company_prefix_length = 7 WHERE type = 'sscc'")
    await session.execute("DELETE FROM identifier_job")
    uri = await read(session, "unique_code", "epc_uri", sscc)
    assert uri == "urn:epc:id:sscc:0614141.0000000000"


async def test_stored_values_come_first(session):
    assert await read(session, "unique_code", "epc_join_key", CODE) == CODE
    assert await read(session, "unique_code", "serial_number", CODE) == "32ab"
    assert await read(session, "unique_code", "serial_number", "/00/006141410000000005") is None
    await session.execute(
        "UPDATE unique_code SET extended_id = 'E', serial_number = 'S' WHERE id = %(code)s",
        {"code": CODE},
    )
    assert await read(session, "unique_code", "extended_id", CODE) == "E"
    assert await read(session, "unique_code", "serial_number", CODE) == "S"
