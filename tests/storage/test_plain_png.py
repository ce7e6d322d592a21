"""Plain PNGs are labelled without a decoder; whatever is odd about one sends it the longer way, and nothing is lost."""

import datetime
import io
import mmap
import struct
import uuid
import zlib
from contextlib import nullcontext as nothing
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from PIL import Image
from rest_framework.test import APIClient

from genhub.platforms.models import Platform
from storage import plain_png, programs, services, thumbnails, vendor_pictures
from storage.containers import PNG_START, read_chunks
from storage.content import OutputRefused, StoredFile, VendorFile
from storage.models import Artifact
from storage.outputs import save_output
from storage.selectors import sign_link
from tests.storage import made_pictures as made
from tests.storage.conftest import Bucket, bucket, local, s3, s3_entry
from tests.storage.test_outputs import Vendor, files_in, label_of

__all__ = ["bucket", "local", "s3", "s3_entry"]
HEAD = struct.pack(">IIBBBBB", made.WIDTH, made.HEIGHT, 8, 2, 0, 0, 0)
ROWS = made.pack_rows(2, 8, range(made.WIDTH), range(made.HEIGHT))
PACKED = zlib.compress(ROWS)
END = made.chunk(b"IEND", b"")


def save(data: bytes) -> StoredFile:
    return save_output(
        VendorFile("image/png", Vendor(data).open),
        day=datetime.date(2026, 1, 2),
        owner=uuid.UUID(int=1),
        attempt=uuid.UUID(int=2),
        position=0,
    )


def png(*pixels: bytes, head: bytes = HEAD, before: bytes = b"", behind: bytes = b"") -> bytes:
    """Return a PNG of these chunks of pixels."""
    chunks = b"".join(made.chunk(b"IDAT", part) for part in pixels)
    return PNG_START + made.chunk(b"IHDR", head) + before + chunks + behind + END


PLAIN = {
    "as it should be": png(PACKED),
    "in many parts": png(*(PACKED[place : place + 7] for place in range(0, len(PACKED), 7))),
    "in parts with nothing between": png(b"", PACKED, b""),
    "with words": png(PACKED, before=made.chunk(b"tEXt", b"Comment\0a star"), behind=made.chunk(b"tIME", bytes(7))),
    "with the name of its colours": png(PACKED, before=made.chunk(b"sRGB", b"\0") + made.chunk(b"gAMA", struct.pack(">I", 45455))),
    "with something behind it": png(PACKED) + b"<script>",
    "grey": made.make_png(0),
    "with alpha": made.make_png(6),
}  # fmt: skip
ODD = {
    "16 bits": made.make_png(2, 16),
    "a palette": made.make_png(3),
    "interlaced": made.make_png(interlaced=True),
    "transparent": made.make_png(extra=made.transparent(2, 8)),
    "a gamma twice": png(PACKED, before=2 * made.chunk(b"gAMA", struct.pack(">I", 45455))),
    "a chunk between the pixels": PNG_START + made.chunk(b"IHDR", HEAD) + made.chunk(b"IDAT", PACKED[:9])
        + made.chunk(b"tEXt", b"a\0b") + made.chunk(b"IDAT", PACKED[9:]) + END,
    "a wrong sum of words": png(PACKED, before=made.chunk(b"tEXt", b"a\0b", crc=1)),
    "a wrong sum of the pixels": png(PACKED[:-1] + bytes([PACKED[-1] ^ 1])),
    "more behind the pixels": png(PACKED + b"more"),
    "more behind the pixels, apart": png(PACKED, b"more"),
    "more rows than it has": png(zlib.compress(ROWS + bytes(1 + 3 * made.WIDTH))),
    "no end": png(PACKED)[: -len(END)],
    "a colour's profile": png(PACKED, before=made.chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(128)))),
    "a camera's tags": png(PACKED, before=made.chunk(b"eXIf", made.exif(6))),
    "a manifest": png(PACKED, before=made.chunk(b"caBX", b"c2pa")),
}  # fmt: skip
BROKEN = {
    "fewer rows than it has": png(zlib.compress(ROWS[:-100])),
    "pixels that are cut": png(PACKED[:-30]),
    "pixels that are none": png(b"x" * 90),
    "no pixels": png(),
    "a filter that nobody knows": png(zlib.compress(b"\x05" + ROWS[1:])),
    "a filter that nobody knows, in the last row": png(
        zlib.compress(ROWS[: -(1 + 3 * made.WIDTH)] + b"\x09" + ROWS[-3 * made.WIDTH :])
    ),
    "a broken sum of a part": PNG_START + made.chunk(b"IHDR", HEAD) + made.chunk(b"IDAT", PACKED, crc=1) + END,
    "two frames": made.animated_png(),
    "a chunk that nobody knows": png(PACKED, before=made.chunk(b"NOPE", b"")),
}  # fmt: skip


def pixels_of(data: bytes) -> bytes:
    image: Image.Image = Image.open(io.BytesIO(data))
    return image.convert("RGBA").tobytes()


@pytest.mark.parametrize("name", PLAIN)
def test_plain_picture_is_labelled_without_a_decoder(
    local: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(programs, "run_apart", None)
    stored = save(PLAIN[name])
    kept = (local / stored.key).read_bytes()
    assert files_in(local) == [stored.key]
    assert pixels_of(kept) == pixels_of(PLAIN[name])
    # As one chunk, whatever its vendor wrote: who signs and who reads walk over each.
    assert [kind for kind, _ in read_chunks(kept)].count(b"IDAT") == 1
    with Image.open(io.BytesIO(kept)) as image:
        assert image.info["xmp"] == label_of().xmp
        assert set(image.info) <= {"xmp", "XML:com.adobe.xmp", "gamma", "srgb"}
        assert image.size == (stored.width, stored.height)
    assert stored.undrawn
    with stored.undrawn as file:
        file.seek(0)
        assert file.read() == kept


@pytest.mark.parametrize("name", PLAIN)
def test_it_looks_as_it_would_the_longer_way(
    local: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    first = save(PLAIN[name])
    seen = pixels_of((local / first.key).read_bytes())
    assert first.undrawn
    with first.undrawn as file:
        services.put_thumbnail(
            first.thumbnail_key, vendor_pictures.draw_thumbnail(file, label_of())
        )
    small = (local / first.thumbnail_key).read_bytes()
    monkeypatch.setattr(vendor_pictures, "save_plain", refuse_as_odd)
    again = save(PLAIN[name])
    assert pixels_of((local / again.key).read_bytes()) == seen
    assert (local / again.thumbnail_key).read_bytes() == small


# What a row says may refer to the pixel before it, the one above, both, or the likeliest of three.
FILTERED = b"".join(
    bytes([number % plain_png.FILTERS])
    + made.pack_rows(2, 8, range(made.WIDTH), range(number, number + 1))[1:]
    for number in range(made.HEIGHT)
)


@pytest.mark.parametrize("data", [*PLAIN.values(), png(zlib.compress(FILTERED))])
def test_unpacked_once_it_looks_as_it_does_to_a_decoder(
    monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    with mmap.mmap(-1, len(data)) as mapped:
        mapped[:] = data
        parts = plain_png.find_parts(mapped, label_of())
        rows = plain_png.look_through(mapped, parts)
        assert rows
        image = plain_png.decode_rows(rows, parts)
        assert image.mode == "RGB"
        assert image.tobytes() == plain_png.decode(mapped, parts).tobytes()
        monkeypatch.setattr(plain_png, "MOST_AT_HAND_BYTES", len(rows) - 1)
        assert plain_png.look_through(mapped, parts) is None


def refuse_as_odd(*_: Any, **__: Any) -> None:
    raise plain_png.NotPlain


@pytest.mark.parametrize("name", ODD)
def test_odd_picture_goes_the_longer_way(local: Path, name: str) -> None:
    stored = save(ODD[name])
    assert stored.undrawn is None
    assert files_in(local) == sorted([stored.key, stored.thumbnail_key])


@pytest.mark.parametrize("name", BROKEN)
def test_broken_picture_is_refused_and_leaves_nothing(local: Path, name: str) -> None:
    with pytest.raises(OutputRefused):
        save(BROKEN[name])
    assert files_in(local) == []


def test_nobody_counts_without_end(local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_png, "MOST_CHUNKS", 50)
    parts = [PACKED[place : place + 1] for place in range(len(PACKED))]
    assert save(png(*parts)).undrawn is None


def test_pixels_that_unpack_for_ever_are_left_at_once(local: Path) -> None:
    bomb = zlib.compress(ROWS[:1] + bytes(200_000_000))
    unpacked = []

    class Counting(plain_png.Rows):
        def add(self, packed: bytes) -> None:
            try:
                super().add(packed)
            finally:
                unpacked.append(self._count)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_png, "Rows", Counting)
        # The longer way keeps the rows that it has, as a browser does.
        assert save(png(bomb)).undrawn is None
    assert max(unpacked) <= len(ROWS) + plain_png.PART_BYTES


@pytest.fixture
def published(local: Path, shop: Platform) -> Artifact:
    """A picture that was published by somebody who died then."""
    stored = save(png(PACKED))
    assert stored.undrawn
    stored.undrawn.close()
    artifact_id = services.record_artifact(stored, platform_id=shop.pk, user="alice")
    return Artifact.objects.get(pk=artifact_id)


@pytest.mark.django_db
def test_first_who_asks_for_a_missing_thumbnail_gets_it(
    alice: APIClient, published: Artifact, local: Path
) -> None:
    # On pages that link to the store themselves, the picture stands in for it.
    assert (
        sign_link(published, thumbnail=True).partition("?")[0]
        == sign_link(published).partition("?")[0]
    )
    link = alice.get(f"/api/v1/artifacts/art_{published.pk.hex}/thumbnail").headers["Location"]
    assert published.thumbnail_key in link
    with Image.open(local / published.thumbnail_key) as small:
        assert small.size == (200, 200)
    published.refresh_from_db()
    assert published.has_thumbnail
    assert published.thumbnail_key in sign_link(published, thumbnail=True)


@pytest.mark.django_db
def test_a_thumbnail_that_cannot_be_drawn_leaves_the_picture_in_its_place(
    alice: APIClient, published: Artifact, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr(vendor_pictures, "PROGRAM", "import os; os.kill(os.getpid(), 9)")
    link = alice.get(f"/api/v1/artifacts/art_{published.pk.hex}/thumbnail").headers["Location"]
    assert published.key in link
    assert "no thumbnail of" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["published", "deleted", "refused"])
def test_whoever_published_draws(local: Path, shop: Platform, end: str) -> None:
    stored = save(png(PACKED))
    file = stored.undrawn
    assert file
    raised = pytest.raises(RuntimeError) if end == "refused" else nothing()
    with raised, thumbnails.publishing([stored]):
        if end == "refused":
            raise RuntimeError
        services.record_artifact(stored, platform_id=shop.pk, user="alice")
        if end == "deleted":
            Artifact.objects.all().delete()
    assert file.closed
    drawn = [stored.thumbnail_key] if end == "published" else []
    assert files_in(local) == sorted([stored.key, *drawn])
    assert Artifact.objects.filter(has_thumbnail=True).count() == len(drawn)


def test_bucket_gets_it_too(s3: Bucket) -> None:
    stored = save(png(PACKED))
    assert stored.undrawn
    with stored.undrawn as file:
        services.put_thumbnail(
            stored.thumbnail_key, vendor_pictures.draw_thumbnail(file, label_of())
        )
    with default_storage.open(stored.key) as kept:
        assert pixels_of(kept.read()) == pixels_of(png(PACKED))
    with default_storage.open(stored.key) as kept:
        assert vendor_pictures.draw_thumbnail(kept, label_of())
    for key in (stored.key, stored.thumbnail_key):
        default_storage.delete(key)
