"""What a file is that should hold weights and does not: a page, a pointer, an archive, half a download."""

import contextlib
from typing import Final

# The first of these that a file begins with is what it is.
MAGIC: Final = {
    b"PK\x03\x04": "a zip archive (torch.save)",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "packed by gzip: unpack it first",
    b"BZh": "packed by bzip2: unpack it first",
    b"\xfd7zXZ": "packed by xz: unpack it first",
    b"\x28\xb5\x2f\xfd": "packed by zstd: unpack it first",
    b"7z\xbc\xaf": "a 7z archive: unpack it first",
    b"Rar!": "a RAR archive: unpack it first",
    b"\x89HDF": "an HDF5 file (Keras)",
    b"\x93NUMPY": "an array of NumPy",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"\x80": "a pickle",
    b"GGUF": "a GGUF file",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself: fetch it with git lfs pull",
}
# Of a text: how it begins, once spaces and a byte order mark are gone.
TEXTS: Final = {
    "<?xml": "an XML page: a store's refusal perhaps, not the file itself",
    "<": "a web page, not the file itself: the link asks for a login or leads to a page about it",
    "{": "a JSON text, not the file itself: a service's answer perhaps, or an index of weights",
    "[": "a JSON text, not the file itself",
}
TAR_PLACE, TAR_WORD = 257, b"ustar"
LOOKED_AT_BYTES: Final = 512
SHOWN_LETTERS: Final = 60


def name_disguise(start: bytes) -> str:
    """Return what a file is by its first bytes, in the words of a refusal; empty where nothing is known of them."""
    name = next((name for magic, name in MAGIC.items() if start.startswith(magic)), "")
    if start[TAR_PLACE:].startswith(TAR_WORD):
        name = "a tar archive: unpack it first"
    elif not name and (text := as_text(start)):
        shown = f"a text, not the file itself: {text[:SHOWN_LETTERS]!a}"
        name = next(
            (name for beginning, name in TEXTS.items() if text.startswith(beginning)), shown
        )
    if name:
        return f"this is {name}"
    return (
        "" if start.strip(b"\0") else "it is empty, or zeros alone: a download that did not finish"
    )


def as_text(start: bytes) -> str:
    """Return the beginning of a text, empty for what is none."""
    code = "utf-16" if start[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    text = ""
    # The last letter may be cut in four.
    for end in range(4):
        with contextlib.suppress(UnicodeDecodeError):
            text = start[: len(start) - end].decode(code).strip()
            break
    return text if "".join(text.split()).isprintable() else ""
