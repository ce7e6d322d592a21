"""A PNG unpacked once: a decoder sees the same, the same bytes are stored, and what is not as it should be is left."""

import zlib

import pytest
from PIL import Image

from storage.containers import Container, open_container
from storage.decoding import open_image, show
from storage.relabelling import relabel, relabel_opened
from storage.unpacking import MOST_UNPACKED_BYTES, unpack
from tests.storage import made_pictures as made
from tests.storage.made_pictures import LABEL

PNGS = {
    name: data
    for name, data in made.all_pictures().items()
    if open_container(data).format == "PNG" and "two frames" not in name
}
KINDS = [(kind, depth) for kind, depths in made.DEPTHS.items() for depth in depths]
ROWS = made.pack_rows(2, 8, range(made.WIDTH), range(made.HEIGHT))
STREAM = zlib.compress(ROWS)


def see(container: Container) -> tuple[tuple[int, int], bytes]:
    """Return what people see of a picture."""
    image = show(container, open_image(container))
    return image.size, image.tobytes()


def with_stream(stream: bytes) -> bytes:
    """Return an ordinary PNG with other packed pixels."""
    plain = made.make_png()
    whole, other = (made.chunk(b"IDAT", pixels) for pixels in (STREAM, stream))
    assert whole in plain
    return plain.replace(whole, other)


@pytest.mark.parametrize("name", PNGS)
def test_same_is_seen_and_stored(name: str) -> None:
    data = PNGS[name]
    came = open_container(data)
    unpacked = unpack(came)
    assert see(unpacked) == see(came)
    assert relabel_opened(data, unpacked, LABEL) == relabel(data, LABEL)


@pytest.mark.parametrize(("kind", "depth"), KINDS)
def test_plain_picture_of_any_kind_is_unpacked(kind: int, depth: int) -> None:
    data = made.make_png(kind, depth)
    unpacked = unpack(open_container(data))
    assert unpacked.stream
    assert see(unpacked) == see(open_container(data))


def test_pixels_are_stored_as_they_came_without_what_follows_them() -> None:
    unpacked = unpack(open_container(with_stream(STREAM + b"<script>")))
    assert bytes(unpacked.stream) == STREAM


def test_decoder_unpacks_nothing_again() -> None:
    unpacked = unpack(open_container(made.make_png()))
    assert ROWS in unpacked.data


@pytest.mark.parametrize(
    "stream",
    [
        STREAM[:-4] + b"\0\0\0\0",
        STREAM[:-20],
        b"\x00\x00" + STREAM[2:],
        b"\x78\xbb" + STREAM[2:],
        zlib.compress(ROWS[:-1]),
        zlib.compress(ROWS + b"\0"),
        zlib.compress(ROWS + bytes(50_000_000)),
    ],
    ids=["wrong sum", "no end", "no head", "dictionary", "too short", "too long", "bomb"],
)
def test_what_is_not_as_it_should_be_is_left_to_the_decoder(stream: bytes) -> None:
    container = open_container(with_stream(stream))
    assert unpack(container) is container


def test_picture_that_needs_much_memory_is_left_to_the_decoder() -> None:
    side = int((MOST_UNPACKED_BYTES / 3) ** 0.5) + 1
    container = open_container(made.encode(Image.new("RGB", (side, side)), "PNG"))
    assert unpack(container) is container


@pytest.mark.parametrize("data", [made.make_png(interlaced=True), made.jpeg()])
def test_what_has_no_plain_rows_is_left_to_the_decoder(data: bytes) -> None:
    container = open_container(data)
    assert unpack(container) is container
