"""Pictures in: what is stored is fresh, upright and bounded, and each refusal says how to mend it."""

import hashlib
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageCms, PngImagePlugin
from rest_framework.test import APIClient

from genhub.lib.errors import NotFound
from genhub.lib.ids import NOBODY
from genhub.platforms.models import Platform, Scope
from storage import containers, uploads
from storage.models import Artifact
from storage.services import open_picture
from tests.api.refusals import check_problem, refused
from tests.storage.conftest import local
from tests.storage.made_pictures import encode

__all__ = ["local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local")]

UPLOAD = "/api/v1/artifacts"
INVALID = (400, "invalid_request", "file")
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


def scene(width: int = 40, height: int = 20) -> Image.Image:
    """Return a picture whose left half is blue and whose right half is red."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (0, 0, width // 2, height))
    return image


def send(client: Any, data: bytes, kind: str = "image/png", query: str = "") -> Any:
    return client.generic("POST", UPLOAD + query, data, content_type=kind)


def pixels_of(answer: Any) -> Image.Image:
    assert answer.status_code == 201, answer.json()
    row = Artifact.objects.get(key__contains="uploads/", sha256=answer.json()["sha256"])
    return open_picture(row.pk, platform_id=row.platform_id)


def stored_bytes() -> bytes:
    with default_storage.open(Artifact.objects.get().key) as file:
        return bytes(file.read())


def png_of(width: int, height: int) -> bytes:
    """Return a tiny PNG whose header promises this size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def near(pixel: Any, wanted: tuple[int, int, int]) -> bool:
    return all(abs(a - b) <= 8 for a, b in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize("form", TYPES)
def test_picture_comes_back_with_its_facts(alice: APIClient, form: str) -> None:
    answer = send(alice, encode(scene(), form), TYPES[form])
    body = answer.json()
    assert answer.status_code == 201
    assert set(body) == {
        "id", "url", "width", "height", "sha256", "content_type", "size_bytes", "created_at", "review"
    }  # fmt: skip
    assert body["review"] is None
    data = stored_bytes()
    assert (body["width"], body["height"], body["size_bytes"]) == (40, 20, len(data))
    assert body["sha256"] == hashlib.sha256(data).hexdigest()
    assert body["content_type"] == ("image/jpeg" if form == "JPEG" else "image/webp")
    assert answer.headers["Location"] == body["url"]
    link = alice.get(body["url"])
    assert (link.status_code, "uploads/" in link["Location"]) == (302, True)
    assert near(pixels_of(answer).getpixel((5, 5)), (0, 0, 255))
    thumbnail = alice.get(body["url"] + "/thumbnail")
    assert alice.get(thumbnail["Location"])["Content-Type"] == "image/jpeg"


def test_part_of_a_form_is_taken_too(alice: APIClient, client_of: Callable[..., APIClient]) -> None:
    def form(**words: Any) -> dict[str, Any]:
        return {"file": SimpleUploadedFile("a.png", encode(scene()), "image/png"), **words}

    assert alice.post(UPLOAD, form(), format="multipart").status_code == 201
    assert alice.post(UPLOAD, form(user="alice"), format="multipart").status_code == 201
    app = client_of("")
    assert app.post(UPLOAD, form(user="bob"), format="multipart").status_code == 201
    assert sorted(Artifact.objects.values_list("user", flat=True)) == ["alice", "alice", "bob"]


def test_large_picture_is_shrunk_to_fit(alice: APIClient, settings: Any) -> None:
    settings.UPLOAD_LONGEST_SIDE_PIXELS = 100
    assert pixels_of(send(alice, encode(scene(400, 200)))).size == (100, 50)
    assert pixels_of(send(alice, encode(scene(60, 200)))).size == (30, 100)
    assert pixels_of(send(alice, encode(scene(30, 70)))).size == (30, 70), "never enlarged"


def test_masks_keep_every_value(alice: APIClient) -> None:
    mask = Image.new("L", (256, 1))
    mask.putdata(range(256))
    answer = send(alice, encode(mask.resize((256, 16), Image.Resampling.NEAREST)))
    found = pixels_of(answer).convert("L")
    assert [found.getpixel((x, 8)) for x in range(256)] == list(range(256))


def test_transparent_parts_become_white(alice: APIClient) -> None:
    image = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 10, 20))
    found = pixels_of(send(alice, encode(image)))
    assert (found.getpixel((2, 2)), found.getpixel((15, 2))) == ((0, 0, 0), (255, 255, 255))


@pytest.mark.parametrize("form", TYPES)
def test_picture_stands_upright_and_brings_nothing_along(alice: APIClient, form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its left side
    exif[0x010E] = "secret-place"
    words: dict[str, Any] = {"exif": exif, "icc_profile": srgb_profile()}
    if form == "PNG":
        words["pnginfo"] = PngImagePlugin.PngInfo()
        words["pnginfo"].add_text("Comment", "secret-place")
    data = encode(scene(), form, **words) + b"<script>secret-place</script>"
    assert b"secret-place" in data
    found = pixels_of(send(alice, data, TYPES[form]))
    assert found.size == (20, 40)
    assert near(found.getpixel((10, 5)), (0, 0, 255))
    assert near(found.getpixel((10, 35)), (255, 0, 0))
    for trace in (b"secret-place", b"Exif", b"ICC", b"iCCP", b"Comment"):
        assert trace not in stored_bytes()


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_only_the_first_frame_is_taken(alice: APIClient, form: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("blue", "red", "green")]
    data = encode(frames[0], form, save_all=True, append_images=frames[1:], lossless=True)
    assert near(pixels_of(send(alice, data, TYPES[form])).getpixel((3, 3)), (0, 0, 255))


def test_odd_pixels_become_rgb(alice: APIClient) -> None:
    cmyk = send(alice, encode(Image.new("CMYK", (20, 20), (0, 255, 255, 0)), "JPEG"), "image/jpeg")
    assert near(pixels_of(cmyk).getpixel((3, 3)), (255, 0, 0))
    deep = Image.new("I;16", (20, 20), 32_768)
    assert near(pixels_of(send(alice, encode(deep))).getpixel((3, 3)), (128, 128, 128))
    palette = Image.new("P", (20, 20), 1)
    palette.putpalette([0, 0, 0, 0, 255, 0])
    assert near(pixels_of(send(alice, encode(palette))).getpixel((3, 3)), (0, 255, 0))


@pytest.mark.parametrize(
    ("data", "kind", "code"),
    [
        (encode(scene()), "image/jpeg", "type_differs"),
        (encode(scene(), "JPEG"), "image/webp", "type_differs"),
        (encode(scene(), "GIF"), "image/gif", "unsupported_type"),
        (encode(scene(), "GIF"), "image/png", "unreadable"),
        (encode(scene()), "application/json", "unsupported_type"),
        (encode(scene()), "application/x-www-form-urlencoded", "unsupported_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", "unreadable"),
        (encode(scene())[:60], "image/png", "unreadable"),
        (encode(scene(200, 200), "JPEG")[:400], "image/jpeg", "unreadable"),
        (b"RIFF\xff\xff\xff\xffWEBPVP8 ", "image/webp", "unreadable"),
        (b"", "image/png", "required"),
        (png_of(5001, 5000), "image/png", "too_many_pixels"),
        (png_of(30_000, 30_000), "image/png", "too_many_pixels"),
        (png_of(8193, 1000), "image/png", "side_too_long"),
        (png_of(2100, 100), "image/png", "too_narrow"),
        (png_of(100, 2100), "image/png", "too_narrow"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)
def test_what_is_no_fit_picture_is_refused_and_not_stored(
    alice: APIClient, local: Path, data: bytes, kind: str, code: str
) -> None:
    body = refused(alice, UPLOAD, raw=data, content_type=kind, expect=INVALID)
    assert [error["code"] for error in body["errors"]] == [code]
    assert not Artifact.objects.exists()
    assert not [path for path in local.rglob("*") if path.is_file()]


def test_picture_that_waits_too_long_for_the_machine_may_come_again(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PATIENCE_SECONDS", 0.0)
    answer = send(alice, encode(scene()))
    check_problem(answer, 503, "uploads_busy")
    assert int(answer.headers["Retry-After"]) > 0
    assert not Artifact.objects.exists()


def test_picture_that_needs_too_much_memory_ends_only_its_own_process(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = uploads.PROGRAM.replace("main()", "main(120_000_000)")
    assert small != uploads.PROGRAM
    monkeypatch.setattr(uploads, "PROGRAM", small)
    assert send(alice, encode(scene())).status_code == 201
    large = encode(Image.new("RGB", (5000, 5000)), compress_level=1)
    body = check_problem(send(alice, large), *INVALID)
    assert body["errors"][0]["code"] == "unreadable"


def test_body_above_the_limit_is_not_read(alice: APIClient, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 2000
    data = encode(Image.effect_noise((64, 64), 200))
    assert len(data) > 2000
    refused(alice, UPLOAD, raw=data, content_type="image/png", expect=(413, "body_too_large"))
    part = SimpleUploadedFile("a.png", data, "image/png")
    answer = alice.post(UPLOAD, {"file": part}, format="multipart")
    assert check_problem(answer, 413, "body_too_large")["params"] == {"limit_bytes": 2000}


def test_form_that_is_none_is_refused(alice: APIClient) -> None:
    kind = "multipart/form-data"
    for words in ("", "; boundary=", "; boundary=a"):
        refused(
            alice,
            UPLOAD,
            raw=b"--b\r\nx",
            content_type=kind + words,
            expect=(400, "malformed_form"),
        ) if words != "; boundary=a" else refused(
            alice, UPLOAD, raw=b"--b\r\nx", content_type=kind + words, expect=INVALID
        )


def test_form_holds_one_file_and_nothing_unknown(alice: APIClient) -> None:
    def part() -> SimpleUploadedFile:
        return SimpleUploadedFile("a.png", encode(scene()), "image/png")

    for form, field, code in (
        ({}, "file", "required"),
        ({"file": [part(), part()]}, "file", "too_many"),
        ({"file": part(), "mask": part()}, "mask", "unknown"),
        ({"file": part(), "prompt": "a star"}, "prompt", "unknown"),
        ({"file": "text"}, "file", "required"),
    ):
        answer = alice.post(UPLOAD, form, format="multipart")
        body = check_problem(answer, 400, "invalid_request", field)
        assert body["errors"][0]["code"] == code
    assert not Artifact.objects.exists()


def test_key_decides_whose_picture_it_is(client_of: Callable[..., APIClient]) -> None:
    app, alice, data = client_of(""), client_of("alice"), encode(scene())
    words: dict[str, Any] = {"raw": data, "content_type": "image/png"}
    refused(app, UPLOAD, expect=(400, "invalid_request", "user"), **words)
    refused(app, UPLOAD + "?user=%20", expect=(400, "invalid_request", "user"), **words)
    refused(alice, UPLOAD + "?user=bob", expect=(403, "wrong_user"), **words)
    reader = client_of("alice", scopes=[Scope.TASKS_READ])
    refused(reader, UPLOAD, expect=(403, "scope_missing"), **words)
    refused(APIClient(), UPLOAD, expect=(401, "key_missing"), **words)
    assert not Artifact.objects.exists()
    assert send(app, data, query="?user=bob").status_code == 201
    assert Artifact.objects.get().user == "bob"


def test_picture_opens_for_its_platform_alone(alice: APIClient, shop: Platform) -> None:
    assert send(alice, encode(scene())).status_code == 201
    row = Artifact.objects.get()
    found = open_picture(row.pk, platform_id=shop.pk)
    assert (found.mode, found.size, found.info) == ("RGB", (40, 20), {})
    for artifact_id, platform_id in ((row.pk, NOBODY), (NOBODY, shop.pk)):
        with pytest.raises(NotFound):
            open_picture(artifact_id, platform_id=platform_id)


def test_stored_picture_that_is_too_large_is_not_opened(alice: APIClient, local: Path) -> None:
    assert send(alice, encode(scene())).status_code == 201
    row = Artifact.objects.get()
    (local / row.key).write_bytes(png_of(20_000, 10_000))
    with pytest.raises(containers.RefusedPicture, match="too_many_pixels"):
        open_picture(row.pk, platform_id=row.platform_id)
