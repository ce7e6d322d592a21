"""A PNG's pixels, unpacked once for both who need that: the decoder, and whoever writes them down whole.

To unpack is most of what a decoder does. Only for what is as it should be; of anything else the others decide.
"""

import struct
import zlib
from dataclasses import replace
from typing import Final

from isal import isal_zlib

from storage.containers import Container, write_png

# What stands after the pixels in a PNG of ours: their chunk's sum, and the chunk that ends it.
TAIL_BYTES: Final = 4 + 12
# Of a pixel of each kind.
CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# They are in memory twice for a moment: 16 megapixels in ordinary colours.
MOST_UNPACKED_BYTES: Final = 50_000_000
STORED: Final = 0


def unpack(container: Container) -> Container:
    """Return the same picture in a form that decodes at once, with its packed pixels apart.

    It is returned as it was unless its pixels are a whole stream with the right sum, of as many bytes as its size
    needs: then a decoder sees the same.
    """
    expected = count_bytes(container)
    if not 0 < expected <= MOST_UNPACKED_BYTES:
        return container
    size = sum(len(body) for kind, body in container.chunks if kind == b"IDAT")
    start = len(container.data) - TAIL_BYTES - size
    stream = memoryview(container.data)[start : start + size]
    # In less than half of zlib's time.
    unpacker = isal_zlib.decompressobj()
    try:
        # One more, so that a longer one shows and is never in memory as a whole.
        rows = unpacker.decompress(stream, expected + 1)
    except isal_zlib.error:  # type: ignore[misc]  # its stub has an instance there
        return container
    if not unpacker.eof or len(rows) != expected:
        return container
    head = container.data[: start - 8]
    pixels = write_png([(b"IDAT", zlib.compress(rows, STORED)), (b"IEND", b"")], start=head)
    return replace(container, data=pixels, stream=stream[: size - len(unpacker.unused_data)])


def count_bytes(container: Container) -> int:
    """Return the bytes of all rows, each begun by its filter; 0 for what has no plain rows."""
    head = next((bytes(body) for kind, body in container.chunks if kind == b"IHDR"), b"")
    if len(head) != 13:  # noqa: PLR2004 (its only length)
        return 0
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", head)
    if interlaced or kind not in CHANNELS:
        return 0
    bits: int = width * CHANNELS[kind] * depth
    return int(height) * (1 + -(-bits // 8))
