"""`/assets/:id?width=...`: pictures in other sizes and formats, to those who may read the files."""

import zlib
from io import BytesIO
from struct import pack

import pytest
from PIL import Image

from app.domains.directus_files import variants
from app.settings import settings
from app.storage import storage_at
from tests.domains.directus_files.test_transforming import picture
from tests.installation import forget_settings
from tests.rest.test_assets import anonymous, tenant
from tests.rest.test_files import is_stored, upload

__all__ = ["anonymous"]


@pytest.fixture
def storage(installation):
    return storage_at(installation.s3_url)


@pytest.fixture
async def file(client):
    return await upload(client, picture(), "photo.png", "image/png")


def opened(response):
    assert response.status_code == 200, response.text
    return Image.open(BytesIO(response.content))


def refused(response, code="ILLEGAL_ASSET_TRANSFORMATION", status=400):
    assert response.status_code == status, response.text
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == code
    return error["message"]


def made_of(storage, file):
    return storage.listed(f"transformed/{file['filename_disk']}/")


async def test_a_picture_is_made_once_and_served_as_any_file(client, file, storage):
    url = f"/assets/{file['id']}?width=50&format=webp"
    first = await client.get(url)
    assert (opened(first).size, opened(first).format) == ((50, 25), "WEBP")
    assert first.headers["content-type"] == "image/webp"
    assert first.headers["content-disposition"] == 'inline; filename="photo.webp"'
    assert first.headers["content-length"] == str(len(first.content))
    plain = await client.get(f"/assets/{file['id']}")
    assert opened(plain).size == (200, 100)
    assert plain.headers["etag"] != first.headers["etag"]
    [name] = made_of(storage, file)
    storage.write(name, b"0123456789", "image/webp")
    again = await client.get(url)
    assert (again.content, again.headers["etag"]) == (b"0123456789", first.headers["etag"])
    part = await client.get(url, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    assert part.headers["content-range"] == "bytes 2-4/10"
    head = await client.head(url)
    assert (head.content, head.headers["content-length"]) == (b"", "10")
    known = await client.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    other = await client.get(f"/assets/{file['id']}/x.jpg?key=system-small-cover&download")
    assert opened(other).size == (64, 64)
    assert other.headers["content-disposition"] == 'attachment; filename="x.png"'


async def test_auto_is_what_the_client_accepts(client, file):
    url = f"/assets/{file['id']}?key=system-small-contain"
    for accept, form in (("image/webp,*/*", "WEBP"), ("*/*", "PNG")):
        response = await client.get(url, headers={"Accept": accept})
        assert (opened(response).format, opened(response).size) == (form, (64, 32))
        assert response.headers["vary"].endswith(", Accept")
    assert "Accept" not in (await client.get(f"/assets/{file['id']}?width=9")).headers["vary"]


async def test_the_settings_say_what_may_be_asked_for(client, file):
    """Directus's storage_asset_transform and storage_asset_presets."""
    saved = {"key": "thumb", "width": 30, "height": None, "format": "jpg", "fit": "cover",
             "transforms": [["flip"]], "withoutEnlargement": False}  # fmt: skip
    url, own = f"/assets/{file['id']}?", "key=system-small-cover"
    presets = [saved, {"key": "odd", "width": "x"}, "none"]
    await client.patch("/settings", json={"storage_asset_presets": presets})
    thumb = await client.get(f"{url}key=thumb")
    assert (opened(thumb).size, opened(thumb).format) == ((30, 15), "JPEG")
    assert "whole number" in refused(await client.get(f"{url}key=odd"), "INVALID_QUERY")
    for mode, served in (
        ("presets", {"key=thumb", own, "", "fit=cover"}),
        ("none", {own, "", "fit=cover"}),
    ):
        await client.patch("/settings", json={"storage_asset_transform": mode})
        for asked in ("key=thumb", own, "", "fit=cover", "width=5", "format=webp", "key=x"):
            response = await client.get(url + asked)
            assert response.status_code == (200 if asked in served else 400), (mode, asked)


async def test_nothing_stale_is_served_and_nothing_is_left(client, file, storage):
    url = f"/assets/{file['id']}?width=50"
    await client.get(url)
    [old] = made_of(storage, file)
    form = {"files": {"file": ("b.jpg", picture(100, 100, form="JPEG"), "image/jpeg")}}
    replaced = (await client.patch(f"/files/{file['id']}", **form)).json()["data"]
    response = await client.get(url)
    assert (opened(response).size, opened(response).format) == ((50, 50), "JPEG")
    assert not await is_stored(storage, old)
    await client.patch(f"/files/{file['id']}", json={"title": "Other", "type": "image/jpeg"})
    assert len(made_of(storage, replaced)) == 1
    await client.patch(f"/files/{file['id']}", json={"type": "text/plain"})
    assert made_of(storage, replaced) == []
    assert opened(await client.get(url)).size == (100, 100)  # no picture any more: as it is
    await client.patch(f"/files/{file['id']}", json={"type": "image/jpeg"})
    others = [await upload(client, picture(), f"{n}.png", "image/png") for n in range(2)]
    for one in (replaced, *others):
        await client.get(f"/assets/{one['id']}?height=20")
        assert len(made_of(storage, one)) == 1
    keys = [one["id"] for one in (replaced, *others)]
    assert (await client.request("DELETE", "/files", json=keys)).status_code == 204
    assert [made_of(storage, one) for one in (replaced, *others)] == [[]] * 3
    assert (await client.get(url)).status_code == 403


async def test_what_is_made_of_a_file_is_for_who_may_read_the_file(
    app, client, anonymous, rows, file
):
    url = f"/assets/{file['id']}?width=50"
    async with await tenant(app, rows) as stranger:
        for _ in range(2):
            assert (await stranger.get(url)).status_code == 403
            assert (await stranger.head(url)).status_code == 403
            assert (await anonymous.get(url)).status_code == 403
            opened(await client.get(url))
        own = await upload(stranger, picture(), "own.png", "image/png")
        assert opened(await stranger.get(f"/assets/{own['id']}?width=20")).size == (20, 10)
        assert (await anonymous.get(f"/assets/{own['id']}?width=20")).status_code == 403
    await client.patch("/settings", json={"project_logo": file["id"]})
    assert opened(await anonymous.get(url)).size == (50, 25)


def bomb(width, height):
    """A PNG of very many pixels in very few bytes."""

    def chunk(kind, data):
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    head = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(bytes(1000))), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


async def test_what_is_no_picture_or_too_large_is_refused(client, file, rows, monkeypatch):
    text = await upload(client)
    svg = await upload(client, b"<svg/>", "a.svg", "image/svg+xml")
    for one, content in ((text, b"hello file"), (svg, b"<svg/>")):
        assert (await client.get(f"/assets/{one['id']}?width=5")).content == content
        assert refused(await client.get(f"/assets/{one['id']}?width=0"), "INVALID_QUERY")
    for content, sentence in (
        (b"nonsense", "can't be read as a picture"),
        (bomb(60_000, 60_000), "A side of 60000 pixels is too long: it may have 6000"),
        (bomb(5_000, 5_000), "can't be read as a picture"),
    ):
        broken = await upload(client, content, "a.png", "image/png")
        assert sentence in refused(await client.get(f"/assets/{broken['id']}?width=5"))
        assert (await client.get(f"/assets/{broken['id']}")).content == content
    assert "whole number" in refused(
        await client.get(f"/assets/{file['id']}?width=6001"), "INVALID_QUERY"
    )
    rows.execute("UPDATE directus_files SET filesize = 67108865 WHERE id = %s", [file["id"]])
    assert "67108865 bytes" in refused(await client.get(f"/assets/{file['id']}?width=5"))
    rows.execute("UPDATE directus_files SET filesize = 9 WHERE id = %s", [file["id"]])
    monkeypatch.setenv("ASSETS_TRANSFORM_TIMEOUT", "0.001")
    forget_settings()
    assert settings().assets_transform_timeout == 0.001
    late = await client.get(f"/assets/{file['id']}?width=5")
    assert "0.001 seconds" in refused(late, "SERVICE_UNAVAILABLE", 503)


async def test_a_picture_has_a_bound_of_time_and_of_pixels(client, monkeypatch):
    noise = BytesIO()
    Image.effect_noise((3000, 3000), 90).save(noise, "JPEG")
    large = await upload(client, noise.getvalue(), "a.jpg", "image/jpeg")
    monkeypatch.setenv("ASSETS_TRANSFORM_TIMEOUT", "1")
    forget_settings()
    url = f"/assets/{large['id']}?transforms="
    slow = await client.get(url + "[" + ",".join(['["blur",900]'] * 5) + "]&format=avif")
    assert "more than 1 seconds" in refused(slow, "SERVICE_UNAVAILABLE", 503)
    wide = await client.get(url + '[["extend",5999]]&format=tiff')
    assert "too large" in refused(wide)


async def test_of_a_picture_so_many_are_kept(client, file, storage, monkeypatch):
    monkeypatch.setattr(variants, "_MOST_KEPT", 2)
    kept = []
    for width in (10, 20, 30):
        before = set(kept)
        assert opened(await client.get(f"/assets/{file['id']}?width={width}")).width == width
        kept = made_of(storage, file)
        assert len(kept) <= 2
        assert len(set(kept) - before) == 1


async def test_who_deletes_a_file_meanwhile_leaves_nothing(
    client, file, storage, rows, monkeypatch
):
    make = variants._make

    def slowly(*given):
        size = make(*given)
        assert len(made_of(storage, file)) == 1
        rows.execute("DELETE FROM directus_files WHERE id = %s", [file["id"]])
        return size

    monkeypatch.setattr(variants, "_make", slowly)
    assert (await client.get(f"/assets/{file['id']}?width=5")).status_code == 403
    assert made_of(storage, file) == []
