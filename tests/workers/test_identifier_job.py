"""What identifier jobs make: the keys, the order, the limits (systems.md 1.4)."""

import asyncio

import pytest

from app.database.session import Database
from app.domains.code_space.verify import verify
from app.settings import settings
from workers.chunks import advance
from workers.identifier_job import IdentifierJobs

JOBS = IdentifierJobs()


async def run(plant, database: Database, **fields) -> str:
    """Insert a job and do all its chunks; its key."""
    job = plant.job(**fields)
    await finish(plant, database, job)
    return job


async def finish(plant, database: Database, job: str) -> None:
    for _ in range(100):
        await advance(database, JOBS, job)
        if plant.status(job) not in {"new", "in_progress"}:
            return
    raise AssertionError(f"The job is still {plant.status(job)}.")


@pytest.fixture
def chunk_size(monkeypatch):
    def set_to(size: int) -> None:
        monkeypatch.setenv("CHUNK_SIZE", str(size))
        settings.cache_clear()

    return set_to


async def test_sgtin_keys(plant, database: Database):
    user = plant.value("INSERT INTO directus_users (email) VALUES ('a@b.c') RETURNING id::text")
    job = await run(plant, database, quantity=100, length=8, user_created=user)
    assert plant.status(job) == "complete"
    codes = plant.codes(job)
    assert len(set(codes)) == 100
    for code in codes:
        prefix, serial = code[:22], code[22:]
        assert prefix == "/01/09312345551927/21/"
        assert len(serial) == 8
        assert serial.isalnum()
    row = plant.connection.execute(
        "SELECT id, account::text, code, type, product, domain::text, identifier_job::text, "
        "user_created::text, status, activation_status, date_created IS NOT NULL "
        "FROM unique_code ORDER BY id LIMIT 1"
    ).fetchone()
    assert row == (
        codes[0],
        plant.account,
        codes[0][22:],
        "sgtin",
        plant.product,
        plant.domain,
        job,
        user,
        "unassigned",
        0,
        True,
    )


@pytest.mark.parametrize("length", [6, 12])
async def test_every_number_for_tags_has_an_epc_of_96_bits(
    plant, database: Database, chunk_size, length
):
    """GS1 EPC TDS 14.6.1: SGTIN-96 is 24 digits in hex."""
    chunk_size(70)
    job = await run(plant, database, quantity=300, character_set="rfid_numeric", length=length)
    assert plant.status(job) == "complete"
    assert len(set(plant.codes(job))) == 300
    assert (
        plant.value(
            "SELECT count(*) FROM unique_code WHERE length(code) = %s"
            " AND gs1_epc_hex(id, 7, 0) ~ '^30[0-9A-F]{22}$'",
            length,
        )
        == 300
    )
    async with database.read() as session:
        for code in plant.codes(job)[::29]:
            found = await verify(session, code, settings().secret or "")
            assert (found.was_minted_here, found.job) == (True, job)


async def test_numbers_for_tags_are_told_apart_from_numbers(plant, database: Database):
    """A space of its own: neither takes the other's positions, and no code is made twice."""
    first = await run(plant, database, quantity=1000, character_set="numeric", length=6)
    second = await run(plant, database, quantity=1000, character_set="rfid_numeric", length=6)
    assert not set(plant.codes(first)) & set(plant.codes(second))
    assert all(code[22] != "0" for code in plant.codes(second))


async def test_grai_keys(plant, database: Database):
    job = await run(plant, database, type="grai", quantity=50, character_set="numeric", length=16)
    codes = plant.codes(job)
    assert len(set(codes)) == 50
    assert all(code.startswith("/8003/00614141123452") and len(code) == 36 for code in codes)
    assert plant.value("SELECT code FROM unique_code ORDER BY id") == codes[0][20:]


@pytest.mark.parametrize(
    ("extension", "prefix", "serial", "sscc"),
    [
        (0, "0614141", 0, "006141410000000005"),
        (0, "0614141", 1, "006141410000000012"),
        (3, "0614141", 234567890, "306141412345678902"),
        (1, "0712132", 1, "107121320000000014"),
        (9, "952123456789", 9999, "995212345678999990"),
    ],
)
async def test_sscc_vectors(plant, database: Database, extension, prefix, serial, sscc):
    job = await run(
        plant,
        database,
        type="sscc",
        quantity=1,
        sscc_extension_digit=extension,
        sscc_company_prefix=prefix,
        sscc_start_serial=serial,
    )
    assert plant.codes(job) == [f"/00/{sscc}"]
    assert plant.value("SELECT code FROM unique_code") == sscc


async def test_ssccs_are_sequential_over_chunks(plant, database: Database, chunk_size):
    chunk_size(40)
    job = await run(
        plant,
        database,
        type="sscc",
        quantity=100,
        sscc_company_prefix="0614141",
        sscc_start_serial=5,
    )
    assert [code[12:21] for code in plant.codes(job)] == [f"{n:09d}" for n in range(5, 105)]


async def test_short_code_keys(plant, database: Database):
    short = plant.value(
        "INSERT INTO domain (state, domain_name, type, is_default, account) "
        "VALUES ('verified', 'brand.example', 'short', true, %s) RETURNING id::text",
        plant.account,
    )
    job = await run(plant, database, type="short_code", quantity=20, character_set="unambiguous")
    codes = plant.codes(job)
    assert len(set(codes)) == 20
    assert all(code.startswith("brand.example/") and len(code) == 22 for code in codes)
    assert plant.column("SELECT DISTINCT domain::text FROM unique_code") == [short]


async def test_null_means_the_default(plant, database: Database):
    job = await run(plant, database, type=None, product=plant.product, length=None, quantity=3)
    assert [len(code) for code in plant.codes(job)] == [30] * 3


async def test_the_domain_of_a_job_comes_before_the_accounts(plant, database: Database):
    other = plant.value(
        "INSERT INTO domain (state, domain_name, account) "
        "VALUES ('verified', 'other.example', %s) RETURNING id::text",
        plant.account,
    )
    job = await run(plant, database, domain=other)
    assert plant.column(
        "SELECT DISTINCT domain::text FROM unique_code WHERE identifier_job = %s", job
    ) == [other]


async def test_chunks_are_written_in_the_order_of_the_key(plant, database: Database):
    await run(plant, database, quantity=500)
    keys = plant.column("SELECT id FROM unique_code ORDER BY ctid")
    assert keys == sorted(keys)


async def test_jobs_of_one_product_never_share_a_code(plant, database: Database):
    jobs = [plant.job(quantity=300, length=6, character_set="hex") for _ in range(4)]
    await asyncio.gather(*(advance(database, JOBS, job) for job in jobs))
    assert [plant.status(job) for job in jobs] == ["complete"] * 4
    assert plant.value("SELECT count(DISTINCT id) FROM unique_code") == 1200
    assert plant.value("SELECT next_position FROM code_space") == 1200


async def test_codes_that_exist_are_replaced_by_further_ones(plant, database: Database, chunk_size):
    chunk_size(200)
    fields = {"length": 6, "character_set": "numeric"}
    first = await run(plant, database, quantity=400, **fields)
    codes = plant.codes(first)
    # As if they had come from outside, and the installation had been set up afterwards.
    plant.connection.execute("UPDATE unique_code SET identifier_job = NULL")
    plant.connection.execute("UPDATE code_space SET next_position = 0")
    plant.connection.execute("DELETE FROM code_range")
    second = await run(plant, database, quantity=450, **fields)
    assert (plant.status(second), plant.created(second)) == ("complete", 450)
    made = plant.codes(second)
    assert len(made) == 450
    assert set(made).isdisjoint(codes)
    ranges = plant.column("SELECT quantity FROM code_range ORDER BY first_position")
    assert sum(ranges) == 850
    assert plant.value("SELECT count(*) FROM code_range WHERE minted_at IS NULL") == 0


async def test_a_full_keyspace_is_refused_and_a_length_named(plant, database: Database):
    job = await run(plant, database, quantity=500_001, length=6, character_set="numeric")
    assert plant.status(job) == "error"
    assert "keyspace too small" in plant.error(job)
    assert "length 7 would do" in plant.error(job)
    assert plant.count(job) == 0


async def test_what_was_issued_before_counts(plant, database: Database):
    await run(plant, database, quantity=10, length=6, character_set="numeric")
    plant.connection.execute("UPDATE code_space SET next_position = 499_995")
    job = await run(plant, database, quantity=6, length=6, character_set="numeric")
    assert plant.error(job) == (
        "keyspace too small: 5 codes of length 6 may still be issued "
        "(at most a share of 0.5), 6 are asked for; length 7 would do."
    )
    await run(plant, database, quantity=5, length=6, character_set="numeric")
    assert plant.value("SELECT next_position FROM code_space") == 500_000


async def test_an_account_may_be_stricter(plant, database: Database):
    plant.connection.execute("UPDATE account SET max_keyspace_fill = 0.0001")
    job = await run(plant, database, quantity=101, length=6, character_set="numeric")
    assert plant.error(job).endswith("length 7 would do.")
    await run(plant, database, quantity=100, length=6, character_set="numeric")
    assert plant.value("SELECT count(*) FROM unique_code") == 100


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"quantity": None}, 'field "quantity"'),
        ({"type": "bar_code"}, 'field "type"'),
        ({"character_set": "emoji"}, 'field "character_set"'),
        ({"product": None}, 'field "product"'),
        ({"type": "sscc"}, 'field "sscc_company_prefix"'),
        ({"type": "short_code", "account": None}, 'field "domain"'),
        ({"length": 21}, 'field "length"'),
        ({"length": 3, "character_set": "numeric"}, 'field "length"'),
    ],
)
async def test_a_job_that_slipped_through_ends_in_error(plant, database, fields, sentence):
    job = await run(plant, database, **fields)
    assert plant.status(job) == "error"
    assert sentence in plant.error(job)


async def test_a_wrong_secret_is_said(plant, database: Database, monkeypatch):
    await run(plant, database, quantity=1)
    monkeypatch.setenv("SECRET", "another secret of sixteen characters")
    settings.cache_clear()
    job = await run(plant, database, quantity=1)
    assert plant.status(job) == "error"
    assert "SECRET" in plant.error(job)


SSCC = {"type": "sscc", "sscc_company_prefix": "0614141"}


async def test_an_sscc_in_use_ends_the_job_and_names_the_first(plant, database: Database):
    plant.connection.execute(
        "INSERT INTO unique_code (id, code, type) VALUES "
        "('/00/006141410000000074', '006141410000000074', 'sscc'), "
        "('/00/006141410000000098', '006141410000000098', 'sscc')"
    )
    job = await run(plant, database, quantity=10, **SSCC)
    assert (plant.status(job), plant.created(job), plant.count(job)) == ("error", 0, 0)
    assert plant.error(job).startswith("SSCC 006141410000000074 exists already")
    assert plant.value("SELECT count(*) FROM code_range") == 0
    await run(plant, database, quantity=7, **SSCC)
    assert plant.value("SELECT count(*) FROM unique_code") == 9


async def test_a_serial_another_job_took_is_in_use(plant, database: Database, chunk_size):
    chunk_size(10)
    first = plant.job(quantity=30, **SSCC)
    await advance(database, JOBS, first)
    second = await run(plant, database, quantity=5, sscc_start_serial=25, **SSCC)
    assert plant.status(second) == "error"
    assert plant.error(second).startswith("SSCC 006141410000000258 exists already")
    await finish(plant, database, first)
    assert plant.count(first) == 30


async def test_of_overlapping_jobs_one_succeeds(plant, database: Database):
    jobs = [plant.job(quantity=20, sscc_start_serial=start, **SSCC) for start in (0, 10, 19)]
    await asyncio.gather(*(advance(database, JOBS, job) for job in jobs))
    assert sorted(plant.status(job) for job in jobs) == ["complete", "error", "error"]
    assert plant.value("SELECT count(*) FROM unique_code") == 20


async def test_a_retried_sscc_job_makes_the_missing_serials(plant, database: Database, chunk_size):
    chunk_size(10)
    job = plant.job(quantity=30, **SSCC)
    await advance(database, JOBS, job)
    plant.connection.execute(
        "INSERT INTO unique_code (id, code, type) "
        "VALUES ('/00/006141410000000258', '006141410000000258', 'sscc')"
    )
    await finish(plant, database, job)
    assert (plant.status(job), plant.created(job)) == ("error", 20)
    assert plant.error(job).startswith("SSCC 006141410000000258 exists already")
    plant.connection.execute("DELETE FROM unique_code WHERE identifier_job IS NULL")
    plant.connection.execute("UPDATE identifier_job SET status = 'new'")
    await finish(plant, database, job)
    assert (plant.status(job), plant.created(job), plant.count(job)) == ("complete", 30, 30)
    plant.connection.execute("UPDATE identifier_job SET status = 'new'")
    await finish(plant, database, job)
    assert (plant.status(job), plant.count(job)) == ("complete", 30)


async def test_ssccs_do_not_wrap(plant, database: Database):
    fields = {"type": "sscc", "sscc_company_prefix": "952123456789", "sscc_start_serial": 9999}
    job = await run(plant, database, quantity=2, **fields)
    assert plant.status(job) == "error"
    assert 'less than or equal to "9998"' in plant.error(job)
