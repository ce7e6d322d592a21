"""The gate of pictures: all that browsers show gets in, and none takes long; what it looks like is a browser's test."""

import struct
import threading
import time
import zlib
from typing import Any

import pytest
from PIL import Image, ImageChops
from rest_framework.test import APIClient

from storage import containers, uploads
from storage.containers import RefusedPicture, open_container
from storage.decoding import decode
from storage.models import Artifact
from storage.services import open_picture
from tests.api.refusals import check_problem
from tests.api.test_uploads import INVALID, send
from tests.patience import patience
from tests.storage import made_pictures as made
from tests.storage.conftest import local

__all__ = ["local"]
PICTURES = made.all_pictures()
stores = pytest.mark.usefixtures("db", "local")


def show(data: bytes) -> Image.Image:
    return decode(open_container(data))


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and ImageChops.difference(one, other).getbbox() is None


def furthest(one: Image.Image, other: Image.Image) -> int:
    return max(ImageChops.difference(one, other).tobytes())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("png zTXt bomb", "image/png"),
        ("jpeg tags: a value too large for its kind", "image/jpeg"),
        ("png 0 16 tRNS", "image/png"),
        ("png 0 4 tRNS", "image/png"),
        ("png without its end", ""),
        ("jpeg CMYK", "application/octet-stream"),
        ("webp alpha", "binary/octet-stream"),
        ("jpeg", "image/jpg"),
    ],
)
@stores
def test_picture_that_browsers_show_is_taken(alice: APIClient, name: str, kind: str) -> None:
    answer = send(alice, PICTURES[name], kind)
    assert answer.status_code == 201, answer.json()
    row = Artifact.objects.get()
    form = "image/jpeg" if name.startswith("jpeg") else "image/webp"
    assert row.content_type == form
    shown = open_picture(row.pk, platform_id=row.platform_id)
    wanted = show(PICTURES[name])
    assert shown.size == wanted.size
    # A photo is stored as one.
    assert furthest(shown, wanted) <= (40 if form == "image/jpeg" else 0)


@pytest.mark.parametrize("kind", ["", "Content-Type: application/octet-stream\r\n"])
@stores
def test_part_of_a_form_need_not_know_what_it_is(alice: APIClient, kind: str) -> None:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n{kind}\r\n'
    body = head.encode() + made.make_png() + b"\r\n--b--\r\n"
    answer = send(alice, body, "multipart/form-data; boundary=b")
    assert answer.status_code == 201, answer.json()
    nothing = head.encode() + b"<svg/>\r\n--b--\r\n"
    check_problem(send(alice, nothing, "multipart/form-data; boundary=b"), *INVALID)


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("kind", [0, 2])
def test_the_one_transparent_colour_is_white_and_no_other(kind: int, depth: int) -> None:
    if kind == 2 and depth < 8:
        return
    plain = show(made.make_png(kind, depth))
    seen = show(made.make_png(kind, depth, extra=made.transparent(kind, depth)))
    wanted = [made.value_at(9, 7, channel, depth) for channel in range(made.CHANNELS[kind])]
    for y in range(made.HEIGHT):
        for x in range(made.WIDTH):
            own = [made.value_at(x, y, channel, depth) for channel in range(made.CHANNELS[kind])]
            right = (255, 255, 255) if own == wanted else plain.getpixel((x, y))
            assert seen.getpixel((x, y)) == right, (x, y)


def test_transparent_colour_of_16_bits_differs_from_its_neighbours_in_the_last() -> None:
    rows = b"\0" + struct.pack(">6H", 300, 500, 700, 301, 500, 700)
    head = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    key = made.chunk(b"tRNS", struct.pack(">3H", 300, 500, 700))
    pixels = made.chunk(b"IDAT", zlib.compress(rows))
    start = containers.PNG_START + made.chunk(b"IHDR", head)
    seen = show(start + key + pixels + made.chunk(b"IEND", b""))
    assert [seen.getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (1, 1, 2)]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_every_way_of_holding_a_camera_ends_upright(form: str, orientation: int) -> None:
    words: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
    turned = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]
    upright = made.scene()
    lying = upright if turned is None else upright.transpose(Image.Transpose(turned))
    tags = made.exif(orientation)
    data = made.encode(lying, form, exif=b"Exif\0\0" + tags, **words)
    found = show(data)
    assert found.size == upright.size
    assert furthest(found, upright) <= (60 if form == "JPEG" else 0)


@pytest.mark.parametrize("name", [name for name in PICTURES if "tags:" in name])
def test_tags_that_are_none_neither_refuse_nor_turn_wrongly(name: str) -> None:
    size = (48, 32) if "number" in name else (32, 48)
    assert show(PICTURES[name]).size == size


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_can_be_shrunk(name: str) -> None:
    large, small = show(PICTURES[name]), decode(open_container(PICTURES[name]), 8)
    assert (small.mode, max(small.size)) == ("RGB", 8)
    assert (small.width > small.height) is (large.width > large.height)
    # Not a pixel of what it hides: colours below transparent parts do not bleed into others.
    wanted = large.resize(small.size, Image.Resampling.BOX)
    assert (
        furthest(
            small.resize((1, 1), Image.Resampling.BOX), wanted.resize((1, 1), Image.Resampling.BOX)
        )
        <= 12
    )


def test_picture_without_its_end_marker_is_whole() -> None:
    assert same(show(made.jpeg()[:-2]), show(made.jpeg()))
    for progressive in (False, True):
        data = made.jpeg(progressive=progressive)
        assert same(show(data + b"trailing \xff\xda\xff\xda"), show(data))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.98])
@pytest.mark.parametrize("name", ["png 2 8", "jpeg", "jpeg restarts", "webp lossless"])
def test_picture_that_was_cut_short_is_refused(name: str, share: float) -> None:
    data = PICTURES[name]
    with pytest.raises((OSError, ValueError)):
        show(data[: int(len(data) * share)])


def test_chunk_that_decides_pixels_and_is_broken_is_refused() -> None:
    whole = made.make_png()
    for place in (20, whole.index(b"IDAT") + 8):
        broken = bytearray(whole)
        broken[place] ^= 1
        with pytest.raises(ValueError, match="is broken"):
            open_container(bytes(broken))
    with pytest.raises(ValueError, match="nobody knows"):
        open_container(made.make_png(extra=made.chunk(b"CgBI", b"\0\0\0\0")))


@pytest.mark.parametrize(("side", "scans"), [(1000, 101), (5000, 25), (5000, 20_000)])
@stores
def test_jpeg_of_endless_scans_is_refused_before_it_is_decoded(
    alice: APIClient, side: int, scans: int
) -> None:
    data = made.scan_bomb(side, side, scans)
    assert len(data) < 2_000_000
    body = check_problem(send(alice, data, "image/jpeg"), *INVALID)
    assert body["errors"][0]["code"] == "too_many_scans"
    with pytest.raises(RefusedPicture, match="too_many_scans"):
        open_container(data)
    assert not Artifact.objects.exists()


def test_ordinary_progressive_picture_of_any_size_has_scans_enough() -> None:
    most = containers.MOST_SCANNED_PIXELS // 25_000_000
    assert most >= 24
    open_container(made.scan_bomb(5000, 5000, most))
    open_container(made.scan_bomb(1000, 1000, 100))


@stores
def test_picture_waits_for_its_turn_and_is_asked_to_come_later(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "turns", threading.BoundedSemaphore(1))
    monkeypatch.setattr(uploads, "TURN_SECONDS", 0.05)
    with uploads.taking_turns(uploads.turns, 1):
        answer = send(alice, made.make_png())
        body = check_problem(answer, 503, "uploads_busy")
        assert answer.headers["Retry-After"] == str(body["params"]["seconds"])
        assert not Artifact.objects.exists()
        monkeypatch.setattr(uploads, "TURN_SECONDS", 60.0)
        waiting = threading.Event()
        acquire = uploads.turns.acquire

        def wait(**words: Any) -> bool:
            waiting.set()
            return acquire(**words)

        monkeypatch.setattr(uploads.turns, "acquire", wait)
        taken: list[Image.Image] = []
        thread = threading.Thread(
            target=lambda: taken.append(uploads.decode_apart(made.make_png()))
        )
        thread.start()
        assert waiting.wait(patience())
        assert not taken
    thread.join(patience())
    assert [image.size for image in taken] == [(made.WIDTH, made.HEIGHT)]
    assert send(alice, made.make_png()).status_code == 201


@stores
def test_picture_is_decoded_behind_all_else_and_within_its_seconds(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = (
        "import os, resource; from storage import decoding; seen = decoding.decode\n"
        "def spy(*words):\n"
        "    assert os.nice(0) >= 5 and resource.getrlimit(resource.RLIMIT_CPU)[0] == 4\n"
        "    return seen(*words)\n"
        "decoding.decode = spy; main()"
    )
    monkeypatch.setattr(uploads, "PROGRAM", uploads.PROGRAM.replace("main()", "\n" + look))
    assert send(alice, made.make_png()).status_code == 201
    endless = "import storage.bounded as b, storage.decoding as d; b.CPU_SECONDS = 1; d.decode = lambda *_: [0 for _ in iter(int, 1)]\nmain()"
    monkeypatch.setattr(uploads, "PROGRAM", uploads.PROGRAM.replace(look, endless))
    body = check_problem(send(alice, made.make_png()), *INVALID)
    assert body["errors"][0]["code"] == "unreadable"


def test_many_fill_bytes_take_no_time() -> None:
    data = b"\xff\xd8" + b"\xff" * 200_000 + b"\0"
    started = time.process_time()
    with pytest.raises(ValueError, match="no scan"):
        open_container(data)
    scan = b"\xff\xd8\xff\xda\0\2" + b"\xff" * 200_000 + b"\0"
    assert not open_container(scan).has_end
    assert time.process_time() - started < 1


def test_a_part_of_a_profile_without_its_number_is_passed_over() -> None:
    data = b"\xff\xd8\xff\xe2\0\x0eICC_PROFILE\0\xff\xda\0\2\xff\xd9"
    assert open_container(data).profile == b""
