"""A vendor's picture with our label: the same pixels and colours, and nothing else of what came."""

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from storage.containers import PNG_START, RefusedPicture, open_container, read_chunks
from storage.decoding import decode
from storage.profiles import make_profile
from storage.relabelling import cut_profile, has_manifest, relabel
from tests.storage import made_pictures as made
from tests.storage.made_pictures import LABEL

MOVING = {"png of two frames", "webp animated"}
PICTURES = {name: data for name, data in made.all_pictures().items() if name not in MOVING}
SECRET = b"a red circle, by the river, 48.1372"
PLACES = {0x8825: {1: "N", 2: (48.0, 8.0, 13.9)}}


def show(data: bytes) -> Image.Image:
    return decode(open_container(data))


def with_metadata(form: str) -> bytes:
    """Return a picture that tells where and of which words it was made, in every place that Pillow knows."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update(PLACES[0x8825])
    words: dict[str, Any] = {"exif": exif.tobytes()}
    if form == "PNG":
        extra = made.chunk(b"tEXt", b"parameters\0" + SECRET)
        extra += made.chunk(b"zTXt", b"prompt\0\0" + zlib.compress(SECRET))
        extra += made.chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + SECRET)
        extra += made.chunk(b"eXIf", words["exif"].removeprefix(b"Exif\0\0"))
        return made.make_png(extra=extra) + SECRET
    if form == "JPEG":
        return made.jpeg(**words, xmp=SECRET, comment=SECRET) + SECRET
    return made.encode(made.scene(), "WEBP", lossless=True, xmp=SECRET, **words) + SECRET


def webp_with_manifest() -> bytes:
    plain = made.encode(made.scene(), "WEBP", lossless=True)
    body = plain[8:] + b"C2PA\x08\0\0\0jumbc2pa"
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("name", PICTURES)
def test_same_pixels_are_seen_under_one_label(name: str) -> None:
    data = PICTURES[name]
    labelled = relabel(data, LABEL)
    found, wanted = show(labelled), show(data)
    assert (found.size, found.tobytes()) == (wanted.size, wanted.tobytes())
    assert labelled.count(LABEL.xmp) == 1
    # A repetition, and a second pass of what lies here, write the same bytes.
    assert relabel(data, LABEL) == labelled == relabel(labelled, LABEL)
    with Image.open(io.BytesIO(labelled)) as image:
        # Other programs can read it, too: what only browsers forgive is mended.
        image.load()
        assert image.info["xmp"] == LABEL.xmp
    for rest in (b"<script>", made.NOISE):
        assert rest not in labelled


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_words_and_places_do_not_stay(form: str) -> None:
    data = with_metadata(form)
    labelled = relabel(data, LABEL)
    assert SECRET in data
    assert SECRET not in labelled
    with Image.open(io.BytesIO(labelled)) as image:
        image.load()
        assert dict(image.getexif()) == {0x0112: 6}
        assert not image.getexif().get_ifd(0x8825)
        assert not {"parameters", "prompt", "comment"} & set(image.info)
    assert show(labelled).size == (show(data).width, show(data).height)


def test_coded_pixels_and_profile_stay_as_they_came() -> None:
    wide = make_profile(1 / 2.2, made.P3)
    for form, words in (("JPEG", {"quality": 91}), ("WEBP", {"quality": 70}), ("PNG", {})):
        data = made.encode(made.scene(), form, icc_profile=wide, **words)
        with Image.open(io.BytesIO(relabel(data, LABEL))) as image:
            assert image.info["icc_profile"] == wide
            with Image.open(io.BytesIO(data)) as came:
                assert image.tobytes() == came.tobytes()
                assert image.mode == came.mode


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_png_of_any_kind_keeps_its_values(mode: str) -> None:
    source = made.scene("RGBA")
    image = Image.new("I;16", (8, 8), 40_001) if mode == "I;16" else source.convert(mode)
    with Image.open(io.BytesIO(relabel(made.encode(image, "PNG"), LABEL))) as found:
        assert (found.mode, found.tobytes()) == (image.mode, image.tobytes())


@pytest.mark.parametrize("name", sorted(MOVING))
def test_picture_that_moves_is_refused(name: str) -> None:
    with pytest.raises(RefusedPicture, match="animated"):
        relabel(made.all_pictures()[name], LABEL)


def test_large_profile_is_cut_into_parts_that_are_put_together_again() -> None:
    profile = bytearray(150_000)
    profile[:4], profile[36:40] = len(profile).to_bytes(4, "big"), b"acsp"
    parts = cut_profile(bytes(profile))
    assert [part[12:14] for part in parts] == [b"\1\3", b"\2\3", b"\3\3"]
    data = made.after_start(made.jpeg(), *(made.segment(0xE2, part) for part in parts))
    assert open_container(relabel(data, LABEL)).profile == profile


@pytest.mark.parametrize(
    "data",
    [
        made.make_png(extra=made.chunk(b"caBX", b"jumbc2pa")),
        made.after_start(made.jpeg(), made.segment(0xEB, b"JP\0\1\0\0\0\1..jumb..c2pa")),
        webp_with_manifest(),
    ],
    ids=["PNG", "JPEG", "WEBP"],
)  # fmt: skip
def test_manifest_that_a_label_would_break_is_told_and_taken_out(data: bytes) -> None:
    labelled = relabel(data, LABEL)
    assert has_manifest(data, open_container(data))
    assert not has_manifest(labelled, open_container(labelled))
    assert b"c2pa" not in labelled


def test_bytes_that_unpack_to_much_are_never_all_in_memory() -> None:
    """What follows a stream's end is not unpacked at all; a stream without an end is refused."""
    stream = zlib.compress(made.pack_rows(2, 8, range(made.WIDTH), range(made.HEIGHT)))
    bomb = zlib.compress(bytes(50_000_000))
    after = made.make_png().replace(made.chunk(b"IDAT", stream), made.chunk(b"IDAT", stream + bomb))
    (kept,) = (body for kind, body in read_chunks(relabel(after, LABEL)) if kind == b"IDAT")
    assert kept == stream
    endless = made.make_png().replace(
        made.chunk(b"IDAT", stream), made.chunk(b"IDAT", stream[:-20])
    )
    assert endless.startswith(PNG_START)
    with pytest.raises(ValueError, match="have no end"):
        relabel(endless, LABEL)
