"""Local files behave as a private bucket does: only a fresh, own signature opens them, and nothing outside."""

import datetime
import hashlib
import io
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from xml.etree import ElementTree

import pytest
from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageChops, ImageOps, ImageStat
from rest_framework.test import APIClient

from generation.models import Account
from generation.work.run import run_queue
from genhub.management.commands import demo
from storage.encoding import encode_thumbnail
from storage.files import SIGNER, is_signed
from storage.keys import output_key
from storage.labels import NONE
from storage.media import encode_picture
from storage.models import Artifact
from storage.selectors import local_path
from storage.services import save_picture
from tests.storage.made_pictures import LABEL

pytestmark = pytest.mark.django_db
SOURCE = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"


def picture(width: int = 320, height: int = 192) -> Image.Image:
    image = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (image, image.rotate(180), image))


def save(name: str = "0") -> Any:
    return save_picture(picture(), folder="outputs/2026/01/02/a/b/", name=name, label=LABEL)


def address(name: str, signature: str) -> str:
    return f"/files/{quote(name)}?signature={quote(signature)}"


def sign(name: str) -> str:
    return SIGNER.sign(name).removeprefix(f"{name}:")


@pytest.mark.parametrize("form", ["webp", "png"])
def test_fresh_link_opens_the_file(client: Any, local: Path, settings: Any, form: str) -> None:
    settings.PICTURE_FORMAT = form
    stored = save()
    answer = client.get(default_storage.url(stored.key))
    data = b"".join(answer.streaming_content)
    assert answer.status_code == 200
    assert hashlib.sha256(data).hexdigest() == stored.sha256
    assert stored.key.endswith(f"/0-{stored.sha256[:16]}.{form}")
    assert answer.headers["Content-Type"] == stored.content_type == f"image/{form}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "private" in answer.headers["Cache-Control"]
    small = client.get(default_storage.url(stored.thumbnail_key))
    assert small.headers["Content-Type"] == "image/jpeg"
    small.close()


def test_link_expires(client: Any, local: Path, settings: Any) -> None:
    link = default_storage.url(save().key)
    settings.SIGNED_LINK_SECONDS = -1
    assert client.get(link).status_code == 403


@pytest.mark.parametrize("age", [301, 10_000_000])
def test_old_link_is_refused(
    client: Any, local: Path, monkeypatch: pytest.MonkeyPatch, age: int
) -> None:
    stored = save()
    now = time.time()
    with monkeypatch.context() as past:
        past.setattr(time, "time", lambda: now - age)
        link = default_storage.url(stored.key)
    assert client.get(link).status_code == 403


def test_forged_signature_is_refused(client: Any, local: Path) -> None:
    stored = save()
    right = sign(stored.key)
    other = signing.TimestampSigner(salt="other").sign(stored.key).removeprefix(f"{stored.key}:")
    stranger = signing.TimestampSigner(key="x" * 50, salt="storage.files").sign(stored.key)
    last = "a" if right[-1] != "a" else "b"
    for wrong in (
        "", "x", ":", "::", right[:-1] + last, right[:-1], f"x{right}", right.upper(), other,
        stranger.removeprefix(f"{stored.key}:"), "\x00", "签名", "a" * 10_000,
    ):  # fmt: skip
        assert client.get(address(stored.key, wrong)).status_code == 403, wrong
    assert client.get(f"/files/{stored.key}").status_code == 403
    assert client.get(address(stored.key, right)).status_code == 200


def test_signature_opens_its_own_file_only(client: Any, local: Path) -> None:
    first, second = save("0"), save("1")
    assert client.get(address(second.key, sign(first.key))).status_code == 403
    assert client.get(address(first.thumbnail_key, sign(first.key))).status_code == 403


def test_signature_of_a_longer_name_does_not_open_a_shorter_one() -> None:
    signature = SIGNER.sign("a:b").removeprefix("a:")
    assert not is_signed("a", signature)
    assert is_signed("a:b", sign("a:b"))


@pytest.mark.parametrize(
    "name",
    ["../secrets.json", "outputs/../../secrets.json", "/etc/passwd", "..%2fsecrets.json", "outputs/./../../secrets.json",
     "....//secrets.json", "outputs\\..\\..\\secrets.json", "a\x00.png", "outputs", ".", ""],
)  # fmt: skip
def test_path_outside_is_refused_even_when_it_is_signed(
    client: Any, local: Path, name: str
) -> None:
    (local.parent / "secrets.json").write_text("{}")
    save()
    for signature in ("x", sign(name)):
        assert client.get(address(name, signature)).status_code in {400, 403, 404}


def test_missing_file_is_not_found(client: Any, local: Path) -> None:
    assert client.get(default_storage.url("outputs/gone.png")).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_files_are_only_read(client: Any, local: Path, method: str) -> None:
    stored = save()
    assert getattr(client, method)(default_storage.url(stored.key)).status_code == 405
    assert default_storage.exists(stored.key)


def test_unknown_type_is_not_guessed(client: Any, local: Path) -> None:
    name = default_storage.save("outputs/x.unknown", ContentFile(b"<script>alert(1)</script>"))
    answer = client.get(default_storage.url(name))
    assert answer.headers["Content-Type"] == "application/octet-stream"
    answer.close()


def test_repeated_save_writes_the_same_files(local: Path) -> None:
    first, again = save(), save()
    assert first == again
    assert len([path for path in local.rglob("*") if path.is_file()]) == 2


def test_keys_tell_day_owner_and_attempt() -> None:
    owner, attempt = uuid.UUID(int=1), uuid.UUID(int=2)
    key = output_key(datetime.date(2026, 1, 2), owner, attempt, "0.png")
    assert key == f"outputs/2026/01/02/{owner.hex}/{attempt.hex}/0.png"
    assert key == output_key(datetime.date(2026, 1, 2), owner, attempt, "0.png")


@pytest.mark.parametrize(
    "size", [(64, 64), (16, 1024), (1024, 16), (200, 200), (199, 201), (640, 480)]
)
def test_thumbnail_is_a_square_jpeg(size: tuple[int, int]) -> None:
    small = Image.open(io.BytesIO(encode_thumbnail(picture(*size), NONE)))
    assert (small.size, small.format, small.mode) == ((200, 200), "JPEG", "RGB")


def test_thumbnail_covers_the_square_from_the_centre() -> None:
    image = Image.new("RGB", (600, 200), "red")
    image.paste("blue", (200, 0, 400, 200))
    small = Image.open(io.BytesIO(encode_thumbnail(image, NONE)))
    for place in ((5, 5), (100, 100), (194, 194)):
        red, _, blue = small.getpixel(place)  # type: ignore[misc]
        assert blue > 200 > red


def test_large_picture_is_reduced_to_what_lanczos_alone_would_make() -> None:
    image = picture(1000, 700).effect_spread(3)
    exact = ImageOps.fit(image, (200, 200), Image.Resampling.LANCZOS)
    small = Image.open(io.BytesIO(encode_thumbnail(image, NONE)))
    difference = ImageStat.Stat(ImageChops.difference(exact, small))
    assert max(difference.rms) < 4


@pytest.mark.parametrize("form", ["webp", "png"])
def test_stored_picture_is_lossless_and_repeatable(settings: Any, form: str) -> None:
    settings.PICTURE_FORMAT = form
    image = picture().effect_spread(9)
    # What a picture brought along does not travel on with it.
    image.info |= {"exif": b"Exif\0\0where it was taken", "comment": "words"}
    data, content_type, extension = encode_picture(image, NONE)
    assert (content_type, extension) == (f"image/{form}", f".{form}")
    assert data == encode_picture(image, NONE).data
    again = Image.open(io.BytesIO(data))
    assert (again.mode, again.tobytes()) == ("RGB", image.tobytes())
    assert again.get_format_mimetype() == content_type
    assert again.info.keys() <= {"loop", "background", "timestamp", "duration"}


def test_facts_of_an_artifact_are_those_of_its_file(
    local: Path, alice: APIClient, stub: Account
) -> None:
    alice.post("/api/v1/generate", {"prompt": "a", "width": 96, "height": 48}, format="json")
    run_queue("local")
    row = Artifact.objects.get()
    data = (local / row.key).read_bytes()
    assert (row.sha256, row.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert (row.width, row.height) == Image.open(io.BytesIO(data)).size == (96, 48)
    assert (row.user, row.content_type) == ("alice", "image/webp")
    assert local_path(f"art_{row.pk.hex}") == local / row.key
    assert local_path("art_nothing") is None


def test_links_are_signed_afresh_at_each_visit(
    local: Path, alice: APIClient, stub: Account, settings: Any, client: Any
) -> None:
    settings.PUBLIC_URL = "https://hub.example"
    task = alice.post("/api/v1/generate", {"prompt": "a"}, format="json").json()
    run_queue("local")
    image = alice.get(task["result_url"]).json()["images"][0]
    link = urlsplit(alice.get(image["url"]).headers["Location"])
    assert (link.scheme, link.netloc) == ("https", "hub.example")
    assert set(parse_qs(link.query)) == {"signature"}
    answer = client.get(f"{link.path}?{link.query}")
    assert answer.status_code == 200
    answer.close()
    assert "signature" not in image["url"]


@pytest.mark.parametrize(
    ("content_type", "extension"),
    [("image/webp", ".webp"), ("image/png", ".png"), ("image/jpeg", ".jpg")],
)
def test_demo_names_what_it_fetches_by_its_content_type(
    settings: Any, tmp_path: Path, content_type: str, extension: str
) -> None:
    class Store:
        def download(self, link: str) -> bytes:
            return link.encode()

    settings.HOME = tmp_path
    picture = {"id": "art_1", "content_type": content_type}
    path = demo.Command()._keep(Store(), picture, "the bytes")  # type: ignore[arg-type]
    assert path == tmp_path / "pictures" / f"art_1{extension}"
    assert path.read_bytes() == b"the bytes"


@pytest.mark.parametrize("form", ["webp", "png"])
def test_generated_picture_and_its_thumbnail_say_so(local: Path, settings: Any, form: str) -> None:
    settings.PICTURE_FORMAT = form
    stored = save_picture(picture(), folder="outputs/a/", name="0", label=LABEL)
    for key in (stored.key, stored.thumbnail_key):
        with Image.open(local / key) as image:
            assert image.info["xmp"] == LABEL.xmp
    (source,) = ElementTree.fromstring(LABEL.xmp).iter(SOURCE)  # noqa: S314 (our own)
    assert source.text is not None
    assert source.text.endswith("/digitalsourcetype/trainedAlgorithmicMedia")
