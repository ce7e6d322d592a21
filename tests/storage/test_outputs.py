"""The front door for what was made: what a vendor sends is taken in bounds, checked, labelled, or refused by a code."""

import datetime
import hashlib
import io
import struct
import subprocess
import tracemalloc
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import default_storage
from django.utils import translation
from PIL import Image
from rest_framework.test import APIClient

from generation.failures import TaskFailure
from genhub.lib.errors import problem_of
from genhub.platforms.models import Platform
from storage import programs, services, spooling, vendor_pictures
from storage.containers import PNG_START, open_container
from storage.content import AS_USUAL, Finish, OutputRefused, StoredFile, Stream, VendorFile
from storage.decoding import decode
from storage.keys import output_id
from storage.labels import Label
from storage.outputs import save_output
from storage.seals import label_output
from storage.services import open_picture, record_artifact
from tests.storage import made_pictures as made
from tests.storage.conftest import Bucket, bucket, local, s3, s3_entry

__all__ = ["bucket", "local", "s3", "s3_entry"]
OWNER, ATTEMPT = uuid.UUID(int=1), uuid.UUID(int=2)
FOLDER = f"outputs/2026/01/02/{OWNER.hex}/{ATTEMPT.hex}/"
MP4 = b"\0\0\0\x20ftypisom\0\0\2\0isomiso2mp41"
EXTENSIONS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}


class Vendor:
    """A stream of one vendor's bytes, and whether it was closed."""

    def __init__(self, data: bytes) -> None:
        self.rest = io.BytesIO(data)
        self.opened = self.closed = 0

    def read(self, most: int, /) -> bytes:
        # As a network does: less than was asked for.
        return self.rest.read(min(most, 1000))

    @contextmanager
    def open(self) -> Iterator[Stream]:
        self.opened += 1
        try:
            yield self
        finally:
            self.closed += 1


def save(
    content: Any,
    media_type: str = "image/png",
    position: int = 0,
    *,
    finish: Finish = AS_USUAL,
    owner: uuid.UUID = OWNER,
) -> StoredFile:
    if isinstance(content, bytes):
        content = VendorFile(media_type, Vendor(content).open)
    day = datetime.date(2026, 1, 2)
    stored = save_output(
        content, day=day, owner=owner, attempt=ATTEMPT, position=position, finish=finish
    )
    if stored.undrawn:
        with stored.undrawn as file:
            data = vendor_pictures.draw_thumbnail(file, label_of(position, finish.producer))
            services.put_thumbnail(stored.thumbnail_key, data)
    return stored


def label_of(position: int = 0, producer: str = "") -> Label:
    """Return what an output must be labelled with."""
    return label_output(output_id(ATTEMPT, position), producer=producer)


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def refused(content: Any, local: Path, media_type: str = "image/png") -> str:
    """Return the code of the refusal, which leaves nothing and has words in both languages."""
    with pytest.raises(OutputRefused) as caught:
        save(content, media_type)
    assert files_in(local) == []
    told = problem_of(caught.value.code, caught.value.params, TaskFailure)
    assert isinstance(told, TaskFailure)
    assert told.code == caught.value.code
    with translation.override("zh-hans"):
        assert translation.gettext(told.detail) != told.detail
    assert "–" not in str(told)
    return caught.value.code


def test_pixels_and_files_go_through_one_door(local: Path) -> None:
    pixels = save(made.scene(), position=1)
    assert pixels.key == f"{FOLDER}1-{pixels.sha256[:16]}.webp"
    assert (pixels.artifact_id, pixels.content_type) == (output_id(ATTEMPT, 1), "image/webp")
    file = save(made.encode(made.scene(), "PNG"), position=2)
    assert file.key == f"{FOLDER}2-{file.sha256[:16]}.png"
    assert (file.artifact_id, file.content_type) == (output_id(ATTEMPT, 2), "image/png")
    assert files_in(local) == sorted(
        [pixels.key, pixels.thumbnail_key, file.key, file.thumbnail_key]
    )


@pytest.mark.parametrize("form", EXTENSIONS)
def test_facts_are_those_of_the_stored_file(local: Path, form: str) -> None:
    # Lying on its side, and called what it is not: its bytes decide, and it is told as it is shown.
    words: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
    data = made.encode(
        made.scene().resize((640, 320)), form, exif=b"Exif\0\0" + made.exif(6), **words
    )
    stored = save(data, "application/octet-stream")
    kept = (local / stored.key).read_bytes()
    assert stored.key == f"{FOLDER}0-{stored.sha256[:16]}.{EXTENSIONS[form]}"
    assert stored.sha256 == hashlib.sha256(kept).hexdigest()
    assert stored.size_bytes == len(kept)
    assert (stored.width, stored.height) == (320, 640)
    assert stored.content_type == f"image/{form.lower()}"
    with Image.open(local / stored.thumbnail_key) as small:
        assert (small.size, small.format) == ((200, 200), "JPEG")
        assert small.info["xmp"] == label_of().xmp
    with Image.open(io.BytesIO(kept)) as image:
        assert image.info["xmp"] == label_of().xmp
    # Nothing that was stored is ever another: a signature is new each time, and so is the name.
    again = save(data)
    assert (again.artifact_id, again.size_bytes) == (stored.artifact_id, stored.size_bytes)
    assert (local / stored.key).read_bytes() == kept != (local / again.key).read_bytes()
    assert len(files_in(local)) == 4


def test_thumbnail_is_as_of_pixels(local: Path) -> None:
    image = made.scene().resize((1900, 1000)).effect_spread(5)
    ours, theirs = save(image, position=0), save(made.encode(image, "PNG"), position=1)
    small = [Image.open(local / stored.thumbnail_key) for stored in (ours, theirs)]
    worst = max(abs(a - b) for a, b in zip(*(image.tobytes() for image in small), strict=True))
    assert worst <= 16, "cut or shrunk otherwise"


NOT_TAKEN = {
    "nothing": (b"", "output_unreadable"),
    "a start alone": (PNG_START, "output_unreadable"),
    "half a PNG": (made.make_png()[:200], "output_unreadable"),
    "half a JPEG": (made.jpeg()[:600], "output_unreadable"),
    "half a WebP": (made.encode(made.scene(), "WEBP", lossless=True)[:60], "output_unreadable"),
    "no height": (
        made.make_png().replace(struct.pack(">II", 24, 16), struct.pack(">II", 24, 0)),
        "output_unreadable",
    ),
    "endless scans": (made.scan_bomb(1000, 1000, 101), "output_unreadable"),
    "a page": (b"<html><body>quota exceeded</body></html>", "output_type_unsupported"),
    "GIF": (made.encode(made.scene(), "GIF"), "output_type_unsupported"),
    "a start of AVIF alone": (b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miaf", "output_unreadable"),
    "MP4": (MP4, "output_video_unsupported"),
    "WebM": (b"\x1aE\xdf\xa3\x01\0\0\0\0\0\0\x1fB\x86\x81\x01", "output_video_unsupported"),
    "APNG": (made.animated_png(), "output_animated"),
    "animated WebP": (made.all_pictures()["webp animated"], "output_animated"),
}


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_file_that_is_not_taken_leaves_nothing(local: Path, name: str) -> None:
    data, code = NOT_TAKEN[name]
    assert refused(data, local) == code


@pytest.mark.parametrize("size", [(30_000, 30_000), (5001, 5000), (8193, 1000), (2100, 100)])
def test_picture_of_too_many_pixels_is_refused(local: Path, size: tuple[int, int]) -> None:
    plain = made.make_png()
    head = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    old = struct.pack(">IIBBBBB", made.WIDTH, made.HEIGHT, 8, 2, 0, 0, 0)
    data = plain.replace(made.chunk(b"IHDR", old), made.chunk(b"IHDR", head))
    assert refused(data, local) == "output_size_refused"


def test_word_of_the_vendor_decides_nothing_but_the_words_of_a_refusal(local: Path) -> None:
    assert refused(b"neither one nor the other", local, "video/mp4") == "output_video_unsupported"
    assert save(made.make_png(), "video/mp4").content_type == "image/png"


def test_endless_stream_is_ended_and_closed(local: Path, settings: Any) -> None:
    settings.OUTPUT_MAX_BYTES = 300_000

    class Endless(Vendor):
        read_bytes = 0

        def read(self, most: int, /) -> bytes:
            self.read_bytes += most
            return (PNG_START if self.read_bytes == most else b"") + bytes(most)

    vendor = Endless(b"")
    assert refused(VendorFile("image/png", vendor.open), local) == "output_too_large"
    assert vendor.read_bytes <= 300_000 + 2 * spooling.PART_BYTES
    assert (vendor.opened, vendor.closed) == (1, 1)


def test_what_is_no_picture_is_not_read_to_its_end(local: Path) -> None:
    vendor = Vendor(MP4 + bytes(1_000_000))
    assert refused(VendorFile("video/mp4", vendor.open), local) == "output_video_unsupported"
    assert vendor.rest.tell() == 1000
    assert vendor.closed == 1


@pytest.mark.parametrize("moment", ["at once", "midway", "closing"])
def test_stream_that_raises_is_the_cause_of_its_refusal(local: Path, moment: str) -> None:
    class Broken(Vendor):
        def read(self, most: int, /) -> bytes:
            if moment == "midway" and self.rest.tell():
                raise ConnectionError("reset at 50 %")
            return super().read(most)

        @contextmanager
        def open(self) -> Iterator[Stream]:
            if moment == "at once":
                raise ConnectionError("refused")
            with super().open() as stream:
                yield stream
            raise ConnectionError("closed badly")

    vendor = Broken(made.encode(made.scene().resize((200, 200)), "PNG", compress_level=0))
    with pytest.raises(OutputRefused, match="output_unread'") as caught:
        save(VendorFile("image/png", vendor.open))
    assert isinstance(caught.value.__cause__, ConnectionError)
    assert refused(VendorFile("image/png", vendor.open), local) == "output_unread"


def test_large_file_is_never_in_memory_as_a_whole(local: Path) -> None:
    # Noise: as large as its pixels.
    data = made.encode(Image.effect_noise((3000, 3000), 90), "PNG", compress_level=1)
    assert len(data) > 6_000_000
    vendor = Vendor(data)
    vendor.read = vendor.rest.read  # type: ignore[method-assign]
    tracemalloc.start()
    try:
        save(VendorFile("image/png", vendor.open))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(data) / 2


@pytest.mark.parametrize("which", ["the picture", "the thumbnail"])
def test_store_that_fails_midway_keeps_nothing(
    local: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    keep = services.put

    def put(key: str, *words: Any) -> None:
        is_thumbnail = key.endswith("_thumbnail.jpg")
        if not is_thumbnail or which == "the picture":
            # It may be there, and the store says it is not.
            keep(key, *words)
        if is_thumbnail == (which == "the thumbnail"):
            raise OSError("no room")

    monkeypatch.setattr(services, "put", put)
    with pytest.raises(OSError, match="no room"):
        save(made.jpeg())
    assert files_in(local) == []


def test_program_that_is_killed_by_a_picture_ends_nothing_else(
    local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for end in ("import os; os.kill(os.getpid(), 9)", "main(60_000_000)"):
        program = vendor_pictures.PROGRAM.replace("main()", end)
        assert program != vendor_pictures.PROGRAM
        with monkeypatch.context() as once:
            once.setattr(vendor_pictures, "PROGRAM", program)
            data = made.encode(made.scene().resize((4000, 4000)), "JPEG")
            assert refused(data, local) == "output_unreadable"
    assert save(made.jpeg()).content_type == "image/jpeg"


def test_program_that_never_ends_is_the_machines_fault(
    local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = vendor_pictures.PROGRAM.replace("main()", "import signal; signal.pause()")
    monkeypatch.setattr(vendor_pictures, "PROGRAM", waiting)
    monkeypatch.setattr(programs, "PATIENCE_SECONDS", 0.1)
    with pytest.raises(subprocess.TimeoutExpired):
        save(made.jpeg())
    assert files_in(local) == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["jpeg", "webp alpha", "png 4 16", "jpeg CMYK", "jpeg held 6"])
def test_owner_gets_it_under_its_type_and_may_start_from_it(
    local: Path, alice: APIClient, shop: Platform, client: Any, name: str
) -> None:
    data = made.all_pictures()[name]
    stored = save(data)
    artifact_id = record_artifact(stored, platform_id=shop.pk, user="alice")
    link = alice.get(f"/api/v1/artifacts/art_{artifact_id.hex}")
    address = urlsplit(link.headers["Location"])
    answer = client.get(f"{address.path}?{address.query}")
    body = b"".join(answer.streaming_content)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, stored.content_type)
    assert answer.headers["Content-Disposition"] == f'inline; filename="{Path(stored.key).name}"'
    assert hashlib.sha256(body).hexdigest() == stored.sha256
    # What an order starts from is what people see: upright, in sRGB, on white.
    seen = decode(open_container(data))
    opened = open_picture(artifact_id, platform_id=shop.pk)
    assert (opened.size, opened.tobytes()) == (seen.size, seen.tobytes())
    assert opened.size == (stored.width, stored.height)


def test_bucket_gets_the_file_and_its_type(s3: Bucket) -> None:
    stored = save(made.jpeg())
    with default_storage.open(stored.key) as file:
        assert hashlib.sha256(file.read()).hexdigest() == stored.sha256
    facts = default_storage.bucket.Object(stored.key)  # type: ignore[attr-defined]
    assert facts.content_type == "image/jpeg"
    for key in (stored.key, stored.thumbnail_key):
        default_storage.delete(key)
