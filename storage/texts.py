"""Texts that a PNG carries beside its pixels: read and written without a decoder, each bounded."""

import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Final

from storage.containers import PNG_START, Chunk, read_chunks, write_png

# What a file may make of us: chunks that are looked at, texts that are kept, and characters of all together.
MOST_CHUNKS: Final = 20_000
MOST_TEXTS: Final = 50
LONGEST_TEXTS: Final = 200_000
LONGEST_KEYWORD: Final = 79
# What the C2PA signs the whole file by.
SIGNATURE: Final = b"caBX"


def add_text(data: bytes, keyword: str, text: str) -> bytes:
    """Return a PNG with one text more, before its pixels; the pixels stay as they are. A signature of the whole file
    is left out: it would call the file forged."""
    head, *rest = [chunk for chunk in read_chunks(data) if chunk[0] != SIGNATURE]
    name = keyword.encode("latin-1")
    try:
        chunk: Chunk = (b"tEXt", name + b"\0" + text.encode("latin-1"))
    except UnicodeEncodeError:
        # Neither packed, nor in a language that anybody named.
        chunk = (b"iTXt", name + b"\0\0\0\0\0" + text.encode("utf-8", "replace"))
    return write_png([head, chunk, *rest, (b"IEND", b"")])


def read_texts(data: bytes) -> dict[str, str]:
    """Return the texts of a PNG by keyword, the first of each; those that cannot be read, or are too much, are passed
    over. Raises ValueError for what is no PNG, or a broken one."""
    if not data.startswith(PNG_START):
        raise ValueError("no PNG")
    found: dict[str, str] = {}
    left = LONGEST_TEXTS
    for keyword, text in islice(find_texts(data), MOST_TEXTS):
        if keyword not in found and len(text) <= left:
            left -= len(text)
            found[keyword] = text
    return found


def find_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield each text that can be read, with its keyword."""
    for kind, body in islice(read_chunks(data), MOST_CHUNKS):
        if kind not in READERS:
            continue
        name, _, rest = bytes(body).partition(b"\0")
        if not 1 <= len(name) <= LONGEST_KEYWORD:
            continue
        try:
            yield name.decode("latin-1"), READERS[kind](rest)
        except (ValueError, zlib.error):
            continue


def read_plain(rest: bytes) -> str:
    """Return the text of a tEXt chunk."""
    return rest.decode("latin-1")


def read_packed(rest: bytes) -> str:
    """Return the text of a zTXt chunk."""
    return unpack(rest[1:]).decode("latin-1")


def read_international(rest: bytes) -> str:
    """Return the text of an iTXt chunk."""
    is_packed, (_language, _name, text) = rest[:1] == b"\1", rest[2:].split(b"\0", 2)
    return (unpack(text) if is_packed else text).decode()


def unpack(packed: bytes) -> bytes:
    """Return what was packed; raise ValueError for more than anybody writes."""
    unpacker = zlib.decompressobj()
    unpacked = unpacker.decompress(packed, LONGEST_TEXTS)
    if unpacker.unconsumed_tail:
        raise ValueError("too long")
    return unpacked


READERS: Final = {b"tEXt": read_plain, b"zTXt": read_packed, b"iTXt": read_international}
