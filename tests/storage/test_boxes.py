"""AVIF and HEIC, as phones and vendors send them: seen as browsers show them, taken, and kept in other formats."""

import io
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image, ImageChops
from rest_framework.test import APIClient

from storage.boxes import find_boxed
from storage.containers import find_format, open_container
from storage.decoding import TYPES, decode
from storage.models import Artifact
from storage.profiles import make_profile
from tests.api.refusals import check_problem
from tests.api.test_uploads import INVALID, send
from tests.storage import made_pictures as made
from tests.storage.conftest import local
from tests.storage.test_outputs import refused, save

__all__ = ["local"]
SIZE = (96, 64)
pillow_heif.register_heif_opener()
FORMS = ("AVIF", "HEIF")
KINDS = {form: content_type for content_type, form in TYPES.items()}


def picture(form: str, mode: str = "RGB", **words: object) -> bytes:
    """Return a gradient in a format."""
    return made.encode(made.scene(mode).resize(SIZE), form, quality=95, **words)


def far(one: Image.Image, other: Image.Image) -> int:
    """Return how far two pictures are from each other at most, seen from afar: codecs differ in single pixels."""
    small = (image.convert("RGB").resize((6, 4), Image.Resampling.BOX) for image in (one, other))
    return max(ImageChops.difference(*small).tobytes())


@pytest.mark.parametrize("form", FORMS)
def test_it_is_seen_as_it_is_shown(form: str) -> None:
    plain = made.scene().resize(SIZE)
    data = picture(form)
    assert find_format(data) == form
    assert far(decode(open_container(data)), plain) <= 4
    turned = decode(open_container(picture(form, exif=b"Exif\0\0" + made.exif(6, more=bytes(4)))))
    assert turned.size == SIZE[::-1]
    assert far(turned, plain.transpose(Image.Transpose.ROTATE_270)) <= 4
    on_white = Image.new("RGBA", SIZE, "white")
    on_white.alpha_composite(made.scene("RGBA").resize(SIZE))
    assert far(decode(open_container(picture(form, "RGBA"))), on_white) <= 6
    wide = decode(open_container(picture(form, icc_profile=make_profile(1 / 2.2, made.P3))))
    assert far(wide, plain) > 8, "its colours are not sRGB's"


@pytest.mark.parametrize(
    ("brands", "form"),
    [
        (b"avif\0\0\0\0mif1", "AVIF"), (b"avis\0\0\0\0avif", "AVIF"), (b"heic\0\0\0\0mif1", "HEIF"),
        (b"mif1\0\0\0\0mif1heic", "HEIF"), (b"mif1\0\0\0\0mif1avif", "AVIF"), (b"isom\0\0\0\0avif", ""),
        (b"mif1\0\0\0\0", ""), (b"", ""),
    ],
)  # fmt: skip
def test_what_it_calls_itself(brands: bytes, form: str) -> None:
    data = (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands
    assert find_boxed(data + bytes(40)) == form


@pytest.mark.django_db
@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    ("form", "called", "kept"),
    [("AVIF", "image/avif", "image/webp"), ("HEIF", "image/heic", "image/jpeg"),
     ("HEIF", "image/heif", "image/jpeg"), ("HEIF", "", "image/jpeg")],
)  # fmt: skip
def test_upload_is_taken(alice: APIClient, form: str, called: str, kept: str) -> None:
    answer = send(alice, picture(form, exif=b"Exif\0\0" + made.exif(8, more=bytes(4))), called)
    body = answer.json()
    assert (answer.status_code, body["content_type"]) == (201, kept), body
    assert (body["width"], body["height"]) == SIZE[::-1]


@pytest.mark.django_db
@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("form", FORMS)
def test_broken_or_miscalled_upload_is_refused(alice: APIClient, form: str) -> None:
    data = picture(form)
    for sent, called, code in (
        (data[: len(data) // 2], KINDS[form], "unreadable"), (data[:40], KINDS[form], "unreadable"),
        (data, "image/png", "type_differs"),
    ):  # fmt: skip
        problem = check_problem(send(alice, sent, called), *INVALID)
        assert [one["code"] for one in problem["errors"]] == [code]
    assert not Artifact.objects.exists()


@pytest.mark.parametrize("form", FORMS)
def test_vendors_file_becomes_a_picture_of_the_usual_format(local: Path, form: str) -> None:
    stored = save(picture(form), KINDS[form])
    assert (stored.content_type, (stored.width, stored.height)) == ("image/webp", SIZE)
    with Image.open(io.BytesIO((local / stored.key).read_bytes())) as image:
        assert far(image, made.scene().resize(SIZE)) <= 4
        assert b"AIGC" in image.info["xmp"]


@pytest.mark.parametrize("form", FORMS)
def test_half_a_vendors_file_leaves_nothing(local: Path, form: str) -> None:
    data = picture(form)
    assert refused(data[: len(data) // 2], local) == "output_unreadable"
