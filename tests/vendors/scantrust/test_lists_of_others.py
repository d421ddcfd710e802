"""Lists that workers made for one user, asked for by others: what `/items` hides is not in them."""

import asyncio

import pytest

from app.access.caller import Caller
from app.access.permissions import Permission, Permissions
from app.database.session import Database
from app.domains.unique_code.lists import own_codes
from app.served import served
from app.storage import storage_at
from tests.installation import ACCOUNT, PRODUCT
from tests.vendors.scantrust.test_door import COLLEAGUE, allowed, furniture, reads

__all__ = ["allowed", "furniture"]

FILE = "66666666-0000-4000-8000-000000000000"
SOME = {"permissions": {"id": {"_starts_with": "go."}}}
BESIDE = reads("workorder", "directus_files", "product", "code_reservation")


@pytest.fixture
async def keeps(rows, installation):
    """Keeps a list that a worker made of a collection, in an order of a user."""

    async def kept(user: str, collection: str = "unique_code") -> None:
        name = f"made/{collection}/0123456789abcdef"
        storage = storage_at(installation.s3_url)
        await storage.put(name, _blocks(), "text/csv")
        rows.execute(
            "INSERT INTO directus_files (id, storage, filename_disk, filename_download, type, "
            "filesize, uploaded_by, uploaded_on, created_on, account) "
            "VALUES (%s, 's3', %s, 'list.csv', 'text/csv', 6, %s, now(), now(), "
            "(SELECT account FROM workorder WHERE id = 7))",
            [FILE, name, user],
        )
        rows.execute(
            "UPDATE workorder SET codegen_file = %s, state = 'complete' WHERE id = 7", [FILE]
        )

    return kept


async def _blocks():
    yield b"SECRET"


async def got(client) -> list[int]:
    """How the surfaces answer who asks for the list."""
    asked = [client.get(path) for path in (f"/assets/{FILE}", "/api/v2/workorders/7/download/")]
    return [answer.status_code for answer in await asyncio.gather(*asked)]


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        (reads("unique_code"), 200),
        ([], 403),
        ([("unique_code", "read", SOME)], 403),
        (reads(unique_code="id,extended_id"), 403),
        ([("unique_code", "read", SOME), *reads(unique_code="id")], 403),
    ],
    ids=["all", "nothing", "some rows", "some fields", "both"],
)
async def test_a_list_of_codes_is_for_who_may_read_all_of_them(allowed, keeps, permissions, status):
    await keeps(COLLEAGUE)
    assert await got(await allowed(*BESIDE, *permissions)) == [status, status]


@pytest.mark.usefixtures("furniture")
async def test_a_list_has_the_codes_of_its_order_whatever_else_its_asker_may_read(installation):
    """The server picks them by a field that a second permission shows in some rows only."""
    compiler = served(installation).compiler
    few = Permission("unique_code", "read", frozenset({"id", "extended_id"}))
    active = Permission("unique_code", "read", rule={"activation_status": {"_eq": 2}})
    database = Database(installation.database_url or "", max_size=1)
    await database.open()
    for permissions in ([few], [few, active]):
        caller = Caller(COLLEAGUE, ACCOUNT, permissions=Permissions(permissions))
        query = own_codes(compiler, caller, ("extended_id",), ("product",), PRODUCT)
        statement = compiler.rows(query)
        async with database.read() as session:
            found = await session.fetch_all(statement.sql, statement.values)
        assert {row["extended_id"] for row in found} == {"SECRETEXTENDED", "OTHEREXTENDED"}
    await database.close()


async def test_ones_own_is_ones_own(allowed, keeps):
    client = await allowed(*BESIDE, ("unique_code", "read", SOME))
    await keeps(client.user)
    assert await got(client) == [200, 200]


@pytest.mark.parametrize(
    ("permissions", "status"),
    [
        (reads("unique_code", "scan"), 200),
        (reads("unique_code"), 403),
        (reads("scan"), 403),
        ([("unique_code", "read", SOME), *reads("scan")], 403),
    ],
)
async def test_a_list_of_two_is_for_who_may_read_both(allowed, keeps, permissions, status):
    await keeps(COLLEAGUE, "scan+unique_code")
    asset, _ = await got(await allowed(*BESIDE, *permissions))
    assert asset == status


async def test_a_list_of_more_than_a_name_can_say_is_its_askers(allowed, keeps):
    every = reads("unique_code", "scan")
    await keeps(COLLEAGUE, "*")
    assert (await got(await allowed(*BESIDE, *every)))[0] == 403


async def test_a_list_of_users_is_for_who_may_read_them(allowed, keeps):
    await keeps(COLLEAGUE, "directus_users")
    asset, _ = await got(await allowed(*BESIDE, *reads("unique_code")))
    assert asset == 403
    asset, _ = await got(await allowed(*BESIDE, *reads("directus_users")))
    assert asset == 200
