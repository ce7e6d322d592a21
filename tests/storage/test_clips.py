"""Clips as their vendors made them: what they really are, whole or refused, their head in front, our label alone."""

import hashlib
import io
import json
import re
import struct
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import av
import c2pa
import httpx2
import pytest
from django.core.files.storage import default_storage
from PIL import Image, ImageSequence
from rest_framework.test import APIClient

from generation.providers.stub_clips import make_silence
from genhub.platforms.models import Platform
from storage import mp4, services, vendor_clips
from storage.content import AS_USUAL, Finish, OutputRefused, StoredFile, VendorFile
from storage.models import Artifact
from storage.outputs import save_output
from storage.services import record_artifact
from tests.storage import made_pictures
from tests.storage.conftest import Bucket
from tests.storage.test_outputs import files_in

SECRET = "a prompt that nobody shall read"
OWNER, ATTEMPT = uuid.UUID(int=1), uuid.UUID(int=2)


@cache
def film(
    codec: str = "libx264",
    size: tuple[int, int] = (320, 180),
    *,
    frames: int = 30,
    form: str = "mp4",
    parts: bool = False,
    sounds: bool = False,
) -> bytes:
    """Return a clip of 15 frames a second that moves, with words in its head."""
    file = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov"} if parts else {}
    with av.open(file, "w", format=form, options=options) as container:
        container.metadata["comment"] = SECRET
        stream: Any = container.add_stream(codec, rate=15)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        if sounds:
            container.add_stream("aac", rate=44_100)
        for number in range(frames):
            image = Image.new("RGB", size, (number * 8 % 256, 90, 40))
            container.mux(stream.encode(av.VideoFrame.from_image(image)))  # type: ignore[no-untyped-call]
        container.mux(stream.encode())
    return file.getvalue()


def frames_of(data: bytes) -> list[bytes]:
    """Return what is seen of a clip, frame by frame."""
    with av.open(io.BytesIO(data), "r") as container:
        frames: Any = container.decode(video=0)
        return [frame.to_image().tobytes() for frame in frames]


def save(data: bytes, **words: Any) -> StoredFile:
    """Have a vendor's file stored as a clip."""

    @contextmanager
    def open_file() -> Iterator[BinaryIO]:
        yield io.BytesIO(data)

    place: dict[str, Any] = {
        "day": date(2026, 1, 2),
        "owner": OWNER,
        "attempt": ATTEMPT,
        "position": 0,
    }
    return save_output(VendorFile("video/mp4", open_file), **place | {"finish": CLIP} | words)


def refused(data: bytes, folder: Path, **words: Any) -> str:
    """Return the code for which a file is not taken; nothing of it stays."""
    with pytest.raises(OutputRefused) as caught:
        save(data, **words)
    assert files_in(folder) == []
    return caught.value.code


CLIP = Finish(media_type="video")
WHOLE: dict[str, dict[str, Any]] = {
    "its head at its end": {},
    "in parts": {"parts": True},
    "HEVC": {"codec": "libx265"},
    "VP9": {"codec": "libvpx-vp9"},
    "AV1": {"codec": "libsvtav1"},
    "MPEG-4": {"codec": "mpeg4"},
    "upright": {"size": (180, 320)},
}
CODECS = {"HEVC": "hevc", "VP9": "vp9", "AV1": "av1", "MPEG-4": "mpeg4"}


@pytest.mark.parametrize("name", WHOLE)
def test_clip_is_stored_as_it_came_with_our_label_alone(local: Path, name: str) -> None:
    data = film(**WHOLE[name])
    stored = save(data)
    kept = (local / stored.key).read_bytes()
    assert re.fullmatch(r".*/0-[0-9a-f]{16}\.mp4", stored.key)
    assert (stored.content_type, stored.codec) == ("video/mp4", CODECS.get(name, "h264"))
    assert (stored.width, stored.height) == WHOLE[name].get("size", (320, 180))
    assert (stored.fps, stored.has_audio) == (15.0, False)
    assert stored.seconds == pytest.approx(2.0, abs=0.07)
    assert (stored.sha256, stored.size_bytes) == (hashlib.sha256(kept).hexdigest(), len(kept))
    assert frames_of(kept) == frames_of(data)
    assert (SECRET.encode() in data, SECRET.encode() in kept) == (True, False)
    assert kept.count(b"<TC260:AIGC>") == 1
    kinds = [box.kind for box in mp4.read_boxes(io.BytesIO(kept), len(kept))]
    assert kinds.index(b"moov") < kinds.index(b"mdat")
    assert kinds[-1] == b"uuid"
    # Once more, as after a death: the same but for the signature.
    again = save(data)
    assert (again.artifact_id, again.size_bytes) == (stored.artifact_id, stored.size_bytes)
    thumbnail = Image.open(local / stored.thumbnail_key)
    assert thumbnail.size == (200, 200)
    # Of the first frame.
    red, green, blue = thumbnail.convert("RGB").getpixel((100, 100))  # type: ignore[misc]
    assert (red < 16, abs(green - 90) < 16, abs(blue - 40) < 16) == (True, True, True)


def test_credentials_say_that_a_model_made_it(local: Path) -> None:
    stored = save(film(), finish=Finish(media_type="video", model="film-1"))
    with (local / stored.key).open("rb") as file, c2pa.Reader("video/mp4", file) as reader:
        told = json.loads(reader.json())
    assert told["validation_state"] == "Valid"
    manifest = told["manifests"][told["active_manifest"]]
    assert manifest["title"] == f"art_{stored.artifact_id.hex}"  # type: ignore[union-attr]
    [action] = [
        action
        for assertion in manifest["assertions"]
        for action in assertion["data"].get("actions", ())
    ]
    assert action["softwareAgent"]["name"] == "film-1"
    assert action["digitalSourceType"].endswith("/trainedAlgorithmicMedia")


def test_large_clip_has_its_other_labels(local: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor_clips, "MOST_SIGNED_BYTES", 1000)
    kept = (local / save(film()).key).read_bytes()
    assert [box.kind for box in mp4.read_boxes(io.BytesIO(kept), len(kept))].count(b"uuid") == 1
    assert kept.count(b"<TC260:AIGC>") == 1


def test_poster_is_its_first_frame_and_preview_its_first_seconds(local: Path) -> None:
    data = film(size=(640, 360), frames=60)
    stored = save(data)
    poster, preview = (Image.open(local / key) for key in (stored.poster_key, stored.preview_key))
    assert (poster.format, poster.size) == ("JPEG", (640, 360))
    [first, *_] = frames_of(data)
    shown = Image.frombytes("RGB", (640, 360), first).getpixel((9, 9))
    assert close(poster.getpixel((9, 9)), shown)
    assert (preview.format, preview.size) == ("WEBP", (320, 180))
    reds, milliseconds = [], 0
    for frame in ImageSequence.Iterator(preview):
        frame.load()
        milliseconds += frame.info["duration"]
        reds.append(frame.convert("RGB").getpixel((9, 9))[0])  # type: ignore[index]
    assert (milliseconds, preview.info["loop"]) == (3000, 0)
    # It moves as the clip does, whose frames are brighter and brighter, and begin anew after two seconds.
    half = reds[: len(reds) // 2]
    assert (len(half) > 5, half) == (True, sorted(half))
    for key in (stored.poster_key, stored.preview_key):
        assert (local / key).read_bytes().count(b"<TC260:AIGC>") == 1
    services.delete_files(stored)
    assert files_in(local) == []


def close(one: Any, other: Any) -> bool:
    """Return whether two colours look alike."""
    return all(abs(mine - theirs) < 16 for mine, theirs in zip(one, other, strict=True))


def test_broken_frame_ends_a_preview_and_nothing_else(local: Path) -> None:
    data = bytearray(film("mpeg4", frames=60))
    with av.open(io.BytesIO(bytes(data)), "r") as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    for at, size in places[12:]:
        data[at : at + size] = bytes([255]) * size  # type: ignore[operator]
    stored = save(bytes(data))
    preview = Image.open(local / stored.preview_key)
    assert 2 <= preview.n_frames <= 24  # type: ignore[attr-defined]


def without(data: bytes, kind: bytes) -> bytes:
    """Return a file without one of its boxes."""
    [box] = [box for box in mp4.read_boxes(io.BytesIO(data), len(data)) if box.kind == kind]
    return data[: box.start] + data[box.end :]


def with_offset(data: bytes, offset: int) -> bytes:
    """Return a file whose first frames lie elsewhere."""
    at = data.index(b"stco") + 12
    return data[:at] + struct.pack(">I", offset) + data[at + 4 :]


def tone() -> bytes:
    """Return an MP4 without a picture."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream("aac", rate=44_100)
        container.mux(stream.encode(make_silence(0)))
        container.mux(stream.encode())
    return file.getvalue()


UNREADABLE = "output_clip_unreadable"
NOT_TAKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "half": (lambda: film()[: len(film()) // 2], UNREADABLE),
    "without its last bytes": (lambda: film()[:-10], UNREADABLE),
    "half in parts": (lambda: film(parts=True)[: len(film(parts=True)) // 2], UNREADABLE),
    "without a head": (lambda: without(film(), b"moov"), UNREADABLE),
    "without data": (lambda: without(film(), b"mdat"), UNREADABLE),
    "frames that are not there": (lambda: with_offset(film(), 10**9), UNREADABLE),
    "two heads": (lambda: film() + film()[-len(film()) // 4 :], UNREADABLE),
    "a start alone": (lambda: b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", UNREADABLE),
    "sound alone": (tone, UNREADABLE),
    "a page": (lambda: b"<html><body>quota exceeded</body></html>", "output_no_clip"),
    "a picture": (made_pictures.make_png, "output_no_clip"),
    "WebM": (lambda: film("libvpx-vp9", form="webm"), "output_no_clip"),
    "QuickTime": (lambda: film(form="mov"), "output_no_clip"),
    "nothing": (lambda: b"", "output_unreadable"),
    "too narrow": (lambda: film(size=(1024, 32)), "output_size_refused"),
}


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_file_that_is_not_taken_leaves_nothing(local: Path, name: str) -> None:
    make, code = NOT_TAKEN[name]
    assert refused(make(), local) == code


@pytest.mark.django_db
def test_bucket_gives_it_under_its_type(s3: Bucket) -> None:
    stored = save(film())
    own = set(stored.list_keys())
    assert len(own) == 4
    assert own <= {*s3.list_keys()}
    link = default_storage.url(stored.key)
    answer = httpx2.get(link)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "video/mp4")
    assert hashlib.sha256(answer.content).hexdigest() == stored.sha256
    # What a dead worker left is found by its name, also where a store is slow to list.
    assert services.find_unnamed(f"{stored.key.rpartition('/')[0]}/")[0] >= {stored.key}
    services.delete_files(stored)
    assert not own & {*s3.list_keys()}


def test_clip_of_a_picture_and_picture_of_a_clip_are_not_taken(local: Path) -> None:
    assert refused(film(), local, finish=AS_USUAL) == "output_video_unsupported"
    assert refused(made_pictures.jpeg(), local) == "output_no_clip"


def test_endless_clip_is_ended(local: Path, settings: Any) -> None:
    settings.OUTPUT_VIDEO_MAX_BYTES = 5_000
    assert refused(film() + bytes(10_000), local) == "output_too_large"


def test_clip_is_never_in_memory_as_a_whole(local: Path) -> None:
    plain = film()
    [data] = [box for box in mp4.read_boxes(io.BytesIO(plain), len(plain)) if box.kind == b"mdat"]
    # As many bytes that mean nothing between data and head.
    more = struct.pack(">I4s", 40_000_008, b"free") + bytes(40_000_000)
    large = plain[: data.end] + more + plain[data.end :]
    save(plain)
    tracemalloc.start()
    try:
        stored = save(large)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000
    assert frames_of((local / stored.key).read_bytes()) == frames_of(plain)


def test_program_that_is_killed_by_a_clip_ends_nothing_else(
    local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for end in ("import os; os.kill(os.getpid(), 9)", "main(60_000_000)"):
        with monkeypatch.context() as once:
            once.setattr(vendor_clips, "PROGRAM", vendor_clips.PROGRAM.replace("main()", end))
            assert refused(film(), local) == UNREADABLE
    assert save(film()).codec == "h264"


@pytest.mark.django_db
def test_owner_gets_it_under_its_type_and_in_parts(
    local: Path, alice: APIClient, mallory: APIClient, shop: Platform, client: Any
) -> None:
    stored = save(film())
    kept = (local / stored.key).read_bytes()
    artifact_id = record_artifact(stored, platform_id=shop.pk, user="alice")
    assert mallory.get(f"/api/v1/artifacts/art_{artifact_id.hex}").status_code == 404
    poster = f"/api/v1/artifacts/art_{artifact_id.hex}/poster"
    assert mallory.get(poster).status_code == 404
    led = urlsplit(alice.get(poster).headers["Location"])
    assert client.get(f"{led.path}?{led.query}").headers["Content-Type"] == "image/jpeg"
    preview = alice.get(f"/api/v1/artifacts/art_{artifact_id.hex}/preview")
    assert preview.headers["Content-Type"] == "image/webp"
    assert preview.content == (local / stored.preview_key).read_bytes()
    link = urlsplit(alice.get(f"/api/v1/artifacts/art_{artifact_id.hex}").headers["Location"])
    address = f"{link.path}?{link.query}"
    whole = client.get(address)
    assert b"".join(whole.streaming_content) == kept
    assert (whole.headers["Content-Type"], whole.headers["Accept-Ranges"]) == ("video/mp4", "bytes")
    part = client.get(address, HTTP_RANGE="bytes=100-1099")
    assert (part.status_code, part.headers["Content-Type"]) == (206, "video/mp4")
    assert part.headers["Content-Range"] == f"bytes 100-1099/{len(kept)}"
    assert part.headers["Content-Length"] == "1000"
    assert b"".join(part.streaming_content) == kept[100:1100]
    Artifact.objects.update(poster_key="", preview_key="")
    # Of a clip that was stored before there were any.
    for name in ("poster", "preview"):
        assert alice.get(f"/api/v1/artifacts/art_{artifact_id.hex}/{name}").status_code == 404
    beyond = client.get(address, HTTP_RANGE=f"bytes={len(kept)}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(kept)}")
    # A part of another state of the file is none.
    other = client.get(address, HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE='"another"')
    assert (other.status_code, len(b"".join(other.streaming_content))) == (200, len(kept))
    same = client.get(address, HTTP_RANGE="bytes=0-9", HTTP_IF_RANGE=whole.headers["ETag"])
    assert (same.status_code, b"".join(same.streaming_content)) == (206, kept[:10])
