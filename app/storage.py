"""Object storage: one bucket of an S3 server, written and read as streams in flat memory.

The client is synchronous. Its calls run in threads, each only for as long as one block takes:
however slowly somebody sends or reads, no thread waits for him.
"""

import logging
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterator,
    Sequence,
)
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from io import BytesIO
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import urllib3
from minio import Minio
from minio.datatypes import Part
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error

from app.errors import ServiceUnavailable
from app.pools import STORAGE
from app.settings import installation_settings

logger = logging.getLogger(__name__)

PART = 8 * 1024 * 1024
"""Bytes of one part of a long object. S3 takes 10,000 of them: 80 GB."""

BLOCK = 256 * 1024
"""Bytes read from an object at a time."""

_MISSING = frozenset({"NoSuchKey", "NoSuchObject"})
_CONNECTIONS = 32
_TIMEOUT = urllib3.Timeout(connect=3, read=60)

T = TypeVar("T")


class NoSuchObject(LookupError):
    """There is no object of that name."""


@dataclass(frozen=True, slots=True)
class Storage:
    """A bucket. It is made at its first use. Raises ServiceUnavailable when it can't be used."""

    client: Minio
    bucket: str
    public_url: str | None = None
    """Where clients reach the server; None: they don't."""

    async def check(self) -> None:
        """Make sure the bucket is there and answers. Raises the client's own errors."""
        await STORAGE.run(self._ensure_bucket)

    async def put(self, name: str, blocks: AsyncIterable[bytes], content_type: str) -> int:
        """Store a stream of unknown length under a name; its size in bytes.

        The object appears whole or, when the stream or the storage fails, not at all.
        """
        parts = _in_parts(blocks)
        first = await anext(parts, b"")
        if len(first) < PART:
            await self._call(self._put_whole, name, first, content_type)
            return len(first)
        upload = await self._call(self._begin, name, content_type)
        try:
            size = len(first)
            done = [await self._call(self._put_part, name, first, upload, 1)]
            async for part in parts:
                done.append(await self._call(self._put_part, name, part, upload, len(done) + 1))
                size += len(part)
            await self._call(self._complete, name, upload, done)
        except BaseException:
            await self._abort(name, upload)
            raise
        return size

    async def open(
        self, name: str, offset: int = 0, length: int = 0
    ) -> AsyncGenerator[bytes, None]:
        """The blocks of an object, or of `length` bytes of it. Raises NoSuchObject."""
        response = await self._call(self.client.get_object, self.bucket, name, offset, length)
        return self._blocks(response)

    async def delete(self, names: Sequence[str]) -> None:
        """Delete objects; those that are not there are as good as deleted."""
        if names:
            await self._call(self._delete, list(names))

    async def size(self, name: str) -> int:
        """The bytes of an object. Raises NoSuchObject."""
        found = await self._call(self.client.stat_object, self.bucket, name)
        return int(found.size or 0)

    async def names(self, prefix: str) -> list[str]:
        """The names of objects that begin so, the oldest first."""
        return await self._call(self._listed, prefix)

    # The same for work that is in a thread as it is.

    def read(self, name: str) -> bytes:
        """All of an object. Raises NoSuchObject."""
        with _translated():
            response = self.client.get_object(self.bucket, name)
            try:
                return bytes(response.read())
            finally:
                response.close()
                response.release_conn()

    def write(self, name: str, data: bytes, content_type: str) -> None:
        """Store an object that is there as a whole."""
        with _translated():
            self._put_whole(name, data, content_type)

    def remove(self, names: list[str]) -> None:
        """As `delete`."""
        with _translated():
            self._delete(names)

    def listed(self, prefix: str) -> list[str]:
        """As `names`."""
        with _translated():
            return self._listed(prefix)

    async def link(self, name: str, lifetime: timedelta) -> str | None:
        """A URL that gives the object to whoever has it, for a while; None where nobody gets there.

        It is signed for S3_PUBLIC_URL: another host's signature would be wrong (AWS Signature
        Version 4 signs the Host header).
        """
        if self.public_url is None:
            return None
        link: str = await self._call(self._link, self.public_url, name, lifetime)
        return link

    async def _blocks(self, response: Any) -> AsyncGenerator[bytes, None]:
        try:
            while block := await self._call(response.read, BLOCK):
                yield block
        finally:
            response.close()
            response.release_conn()

    async def _abort(self, name: str, upload: str) -> None:
        try:
            await self._call(self._abort_parts, name, upload)
        except ServiceUnavailable as error:
            logger.warning("Parts of %s may be left in the storage: %s", name, error)

    async def _call(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run a call of the client in a thread; once more if it was the bucket that was missing."""
        with _translated():
            try:
                return await STORAGE.run(work, *arguments)
            except S3Error as error:
                if error.code != "NoSuchBucket":
                    raise
            await STORAGE.run(self._ensure_bucket)
            return await STORAGE.run(work, *arguments)

    def _ensure_bucket(self) -> None:
        try:
            if not self.client.bucket_exists(self.bucket):
                self.client.make_bucket(self.bucket)
        except S3Error as error:
            if error.code != "BucketAlreadyOwnedByYou":  # somebody else was faster
                raise

    def _link(self, public_url: str, name: str, lifetime: timedelta) -> str:
        parts = urlsplit(public_url)
        public = Minio(
            parts.netloc,
            secure=parts.scheme == "https",
            # With the region it has nothing to ask a server that may not be reached from here.
            region=self.client._get_region(self.bucket),  # noqa: SLF001
            credentials=self.client._provider,  # noqa: SLF001
            http_client=self.client._http,  # noqa: SLF001
        )
        link: str = public.presigned_get_object(self.bucket, name, lifetime)
        return link

    # The client's own streaming put would keep its thread while the sender is slow, so its parts
    # are sent one by one, by the calls it is made of.

    def _put_whole(self, name: str, data: bytes, content_type: str) -> None:
        self.client.put_object(
            self.bucket, name, BytesIO(data), len(data), content_type=content_type
        )

    def _begin(self, name: str, content_type: str) -> str:
        headers: dict[str, str | list[str] | tuple[str]] = {"Content-Type": content_type}
        upload: str = self.client._create_multipart_upload(self.bucket, name, headers)  # noqa: SLF001
        return upload

    def _put_part(self, name: str, data: bytes, upload: str, number: int) -> Part:
        etag = self.client._upload_part(self.bucket, name, data, None, upload, number)  # noqa: SLF001
        return Part(number, etag)

    def _complete(self, name: str, upload: str, parts: list[Part]) -> None:
        self.client._complete_multipart_upload(self.bucket, name, upload, parts)  # noqa: SLF001

    def _abort_parts(self, name: str, upload: str) -> None:
        self.client._abort_multipart_upload(self.bucket, name, upload)  # noqa: SLF001

    def _listed(self, prefix: str) -> list[str]:
        found = self.client.list_objects(self.bucket, prefix, recursive=True)
        by_age = sorted((item.last_modified, item.object_name) for item in found)
        return [name for _, name in by_age]

    def _delete(self, names: list[str]) -> None:
        for error in self.client.remove_objects(self.bucket, map(DeleteObject, names)):
            if error.code not in _MISSING:
                logger.warning("%s could not be deleted: %s", error.name, error.message)


async def _in_parts(blocks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The same bytes in parts of PART bytes, the last one shorter."""
    held = bytearray()
    async for block in blocks:
        held += block
        while len(held) >= PART:
            yield bytes(held[:PART])
            del held[:PART]
    if held:
        yield bytes(held)


@contextmanager
def _translated() -> Iterator[None]:
    """The client's errors as ours."""
    try:
        yield
    except S3Error as error:
        if error.code in _MISSING:
            raise NoSuchObject(error.object_name or "") from error
        logger.warning("the object storage refuses: %s", error)
        raise ServiceUnavailable("storage", f"It answers {error.code}; try again soon") from error
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
        logger.warning("the object storage does not answer: %s", error)
        raise ServiceUnavailable("storage", "It does not answer; try again soon") from error


def storage() -> Storage:
    """The storage of this process's settings."""
    current = installation_settings()
    return storage_at(current.s3_url, current.s3_public_url)


@lru_cache(maxsize=4)
def storage_at(url: str, public_url: str | None = None) -> Storage:
    """The storage of `http(s)://ACCESS_KEY:SECRET_KEY@host:port/bucket`; where clients reach it."""
    parts = urlsplit(url)
    bucket = parts.path.strip("/")
    if not parts.hostname or not bucket:
        raise ValueError(
            "S3_URL has to look like http(s)://ACCESS_KEY:SECRET_KEY@host:port/bucket."
        )
    port = f":{parts.port}" if parts.port else ""
    client = Minio(
        f"{parts.hostname}{port}",
        access_key=unquote(parts.username or ""),
        secret_key=unquote(parts.password or ""),
        secure=parts.scheme == "https",
        http_client=urllib3.PoolManager(
            timeout=_TIMEOUT, retries=urllib3.Retry(total=1), maxsize=_CONNECTIONS
        ),
    )
    return Storage(client, bucket, public_url)
