"""Object storage: streams in, streams out, whole or not at all."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from app.errors import ServiceUnavailable
from app.storage import PART, NoSuchObject, Storage, storage_at


@pytest.fixture
def storage(s3_url):
    """A bucket that is not there yet."""
    address = s3_url.rpartition("/")[0]
    return storage_at(f"{address}/b{uuid4().hex[:20]}")


async def blocks(*given):
    for block in given:
        yield block


async def content(storage: Storage, name: str, *place) -> bytes:
    return b"".join([block async for block in await storage.open(name, *place)])


@pytest.mark.parametrize(
    "given", [(), (b"",), (b"abc",), (b"ab", b"", b"c"), (b"x" * PART,), (b"y" * 1_000_003,) * 20]
)
async def test_what_is_put_comes_out(storage, given):
    assert await storage.put("a/b.txt", blocks(*given), "text/plain") == sum(map(len, given))
    assert await content(storage, "a/b.txt") == b"".join(given)


async def test_a_range_comes_out(storage):
    await storage.put("a", blocks(b"0123456789"), "text/plain")
    assert await content(storage, "a", 2, 3) == b"234"
    assert await content(storage, "a", 9, 1) == b"9"


async def test_a_missing_object_is_said_to_be_missing(storage):
    await storage.check()
    with pytest.raises(NoSuchObject):
        await storage.open("nothing")


async def test_a_deleted_object_is_gone_and_deleting_again_is_fine(storage):
    for name in ("a", "b"):
        await storage.put(name, blocks(b"x"), "text/plain")
    await storage.delete(["a", "b", "never"])
    await storage.delete(["a"])
    await storage.delete([])
    for name in ("a", "b"):
        with pytest.raises(NoSuchObject):
            await storage.open(name)


@pytest.mark.parametrize("size", [3, PART + 1, 3 * PART])
async def test_a_stream_that_breaks_leaves_nothing(storage, size):
    async def broken():
        yield b"x" * size
        raise ZeroDivisionError

    await storage.check()
    with pytest.raises(ZeroDivisionError):
        await storage.put("a", broken(), "text/plain")
    with pytest.raises(NoSuchObject):
        await storage.open("a")
    found = storage.client._list_multipart_uploads(storage.bucket)
    assert not found.uploads


async def test_a_link_gives_the_object_to_whoever_has_it(storage, s3_url):
    """Signed for the host that clients use, which is another than ours."""
    await storage.put("a/b.txt", blocks(b"hello"), "text/plain")
    host = s3_url.rpartition("@")[2].partition("/")[0].replace("127.0.0.1", "localhost")
    public = replace(storage, public_url=f"http://{host}")
    link = await public.link("a/b.txt", timedelta(minutes=1))
    assert link.startswith(f"http://{host}/{storage.bucket}/a/b.txt?")
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(link)).content == b"hello"


async def test_where_clients_do_not_get_there_is_no_link(storage):
    assert await storage.link("a", timedelta(minutes=1)) is None


async def test_the_size_of_an_object_is_known(storage):
    await storage.put("a", blocks(b"hello"), "text/plain")
    assert await storage.size("a") == 5
    with pytest.raises(NoSuchObject):
        await storage.size("b")


async def test_a_storage_that_does_not_answer_is_unavailable():
    storage = storage_at("http://key:secret@127.0.0.1:1/bucket")
    with pytest.raises(ServiceUnavailable, match="It does not answer"):
        await storage.put("a", blocks(b"x"), "text/plain")


@pytest.mark.parametrize("url", ["http://key:secret@host:1", "http:///bucket"])
def test_a_url_without_host_or_bucket_is_refused(url):
    with pytest.raises(ValueError, match="S3_URL has to look like"):
        storage_at(url)
