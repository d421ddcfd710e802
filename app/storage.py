"""Object storage: one bucket of an S3 server."""

import asyncio
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import urllib3
from minio import Minio

_TIMEOUT = urllib3.Timeout(connect=3, read=60)


@dataclass(frozen=True, slots=True)
class Storage:
    """A bucket. The client is synchronous, so its calls run in threads."""

    client: Minio
    bucket: str

    async def check(self) -> None:
        """Make sure the bucket is there and answers. Raises the client's own errors."""
        await asyncio.to_thread(self._ensure_bucket)

    def _ensure_bucket(self) -> None:
        if not self.client.bucket_exists(self.bucket):
            self.client.make_bucket(self.bucket)


def storage_at(url: str) -> Storage:
    """The storage of `http(s)://ACCESS_KEY:SECRET_KEY@host:port/bucket`."""
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
        http_client=urllib3.PoolManager(timeout=_TIMEOUT, retries=urllib3.Retry(total=1)),
    )
    return Storage(client, bucket)
