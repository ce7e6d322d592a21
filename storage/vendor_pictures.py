"""Pictures as their vendors made them: read in bounds, checked and labelled apart, stored without a second encoding."""

import hashlib
import logging
import mmap
import os
import threading
from collections.abc import Generator, Iterable
from concurrent.futures import wait
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Final

from django.conf import settings
from django.core.files.base import File
from PIL import Image

from genhub.lib.media_types import HEAD_BYTES, find_media_type
from storage import decoding, labels, plain_png
from storage.apart import apart
from storage.containers import RefusedPicture, find_format
from storage.content import OutputRefused, StoredFile, VendorFile
from storage.media import EXTENSIONS, encode_thumbnail
from storage.plain_png import NotPlain
from storage.services import couriers, name_thumbnail, put_beside, put_files

logger = logging.getLogger(__name__)

PART_BYTES: Final = 64 * 1024
# Above the program's own limit on CPU time: what takes longer waits for the machine.
PATIENCE_SECONDS: Final = 120.0
# How many processes look at pictures at once for this one.
turns = threading.BoundedSemaphore(2)
PROGRAM: Final = "from storage.relabelling import main; main()"
# The first of the descriptors that a program is given beside input, output and errors.
PLACE: Final = "3"
CONTENT_TYPES: Final = {form: content_type for content_type, form in decoding.TYPES.items()}
CODES: Final = {
    "animated": "output_animated",
    "too_many_pixels": "output_size_refused",
    "side_too_long": "output_size_refused",
    "too_narrow": "output_size_refused",
    "too_many_scans": "output_unreadable",
}


@dataclass(frozen=True)
class Facts:
    """What the program found, and RGB pixels enough for a thumbnail."""

    content_type: str
    width: int
    height: int
    had_manifest: bool
    small: Image.Image


def save_vendor_picture(content: VendorFile, *, folder: str, name: str) -> StoredFile:
    """Store a vendor's PNG, JPEG or WebP with our label in place of its metadata, and a thumbnail; that of a plain
    picture is still to be drawn.

    Raises OutputRefused for a file that is not taken, whatever the store or the machine raises; then nothing stays.
    """
    with TemporaryFile() as sent:
        spool(content, sent)
        sent.flush()
        try:
            stored = save_plain(sent, folder=folder, name=name)
        except NotPlain:
            stored = save_any(sent, folder=folder, name=name)
    if stored.content_type != content.media_type:
        logger.info("%s is %s, called %.100r", stored.key, stored.content_type, content.media_type)
    return stored


def save_plain(sent: IO[bytes], *, folder: str, name: str) -> StoredFile:
    """Store a plain PNG, looked at while it is on its way; raise NotPlain for any other, and then nothing stays."""
    with mmap.mmap(sent.fileno(), 0, access=mmap.ACCESS_READ) as data, ExitStack() as stack:
        try:
            parts = plain_png.find_parts(data, labels.GENERATED)
        except RefusedPicture as refused:
            raise OutputRefused(CODES[str(refused)]) from refused
        labelled = stack.enter_context(TemporaryFile())
        for part in plain_png.read_labelled(data, parts):
            labelled.write(part)
        labelled.seek(0)
        stored = StoredFile(
            key=f"{folder}{name}.png",
            thumbnail_key=name_thumbnail(folder, name),
            sha256="",
            content_type="image/png",
            size_bytes=parts.size_bytes,
            width=parts.width,
            height=parts.height,
            undrawn=labelled,
        )
        summed = put_beside(stored, File(labelled, stored.key), partial(look_at, data, parts))
        stack.pop_all()
        return replace(stored, sha256=summed)


def look_at(data: mmap.mmap, parts: plain_png.PlainPng) -> str:
    """Return the labelled file's digest; raise NotPlain when its pixels are not as they should be."""
    summing = couriers.submit(sum_up, plain_png.read_labelled(data, parts))
    try:
        plain_png.check_whole(data, parts)
    finally:
        wait([summing])
    return summing.result()


def sum_up(parts: Iterable[bytes]) -> str:
    """Return the SHA-256 of all parts."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def save_any(sent: IO[bytes], *, folder: str, name: str) -> StoredFile:
    """Store a picture and its thumbnail, looked at by a process of its own."""
    with TemporaryFile() as labelled:
        facts = relabel_apart(sent, labelled)
        labelled.seek(0)
        digest = hashlib.file_digest(labelled, "sha256").hexdigest()
        stored = StoredFile(
            key=f"{folder}{name}{EXTENSIONS[facts.content_type]}",
            thumbnail_key=name_thumbnail(folder, name),
            sha256=digest,
            content_type=facts.content_type,
            size_bytes=labelled.tell(),
            width=facts.width,
            height=facts.height,
        )
        if facts.had_manifest:
            logger.warning("%s: the vendor's C2PA manifest was taken out", stored.key)
        make_thumbnail = partial(encode_thumbnail, facts.small, labels.GENERATED)
        put_files(stored, File(labelled, stored.key), make_thumbnail)
    return stored


def draw_thumbnail(file: IO[bytes]) -> bytes:
    """Return the thumbnail of a vendor's picture as it is stored; raise OutputRefused for one that cannot be drawn."""
    return encode_thumbnail(relabel_apart(file).small, labels.GENERATED)


def spool(content: VendorFile, place: IO[bytes]) -> None:
    """Copy a vendor's file to the disk; refuse one that is no picture by its first bytes, or larger than is taken."""
    most: int = settings.OUTPUT_MAX_BYTES
    size, head = 0, b""
    with closing(read_parts(content)) as parts:
        for part in parts:
            size += len(part)
            if size > most:
                raise OutputRefused("output_too_large", limit=most)
            place.write(part)
            if len(head) < HEAD_BYTES:
                head += part[:HEAD_BYTES]
                if len(head) >= HEAD_BYTES:
                    check_kind(head, content.media_type)
    if len(head) < HEAD_BYTES:
        raise OutputRefused("output_unreadable")


def read_parts(content: VendorFile) -> Generator[bytes]:
    """Yield a vendor's file; what opening or reading it raises is the cause of the refusal."""
    try:
        with content.open() as stream:
            while part := stream.read(PART_BYTES):
                yield part
    except Exception as error:
        raise OutputRefused("output_unread") from error


def check_kind(head: bytes, media_type: str) -> None:
    """Refuse what is neither PNG, JPEG nor WebP; what it is called only tells one kind of refusal from another."""
    if find_format(head):
        return
    if find_media_type(head).startswith("video/") or media_type.startswith("video/"):
        raise OutputRefused("output_video_unsupported")
    raise OutputRefused("output_type_unsupported")


def relabel_apart(sent: IO[bytes], labelled: IO[bytes] | None = None) -> Facts:
    """Fill the labelled file, if there is to be one, by a process that may die of what was sent; return its facts."""
    sent.seek(0)
    # To seek within what was read ahead moves nothing that another process sees.
    os.lseek(sent.fileno(), 0, os.SEEK_SET)
    words, more = ([PLACE], [labelled.fileno()]) if labelled else ([], [])
    with turns:
        done = apart.run(PROGRAM, words, sent, more=more, patience_seconds=PATIENCE_SECONDS)
    head, _, pixels = done.stdout.partition(b"\n")
    match head.decode(errors="replace").split():
        case ["ok", form, width, height, had_manifest, *size]:
            small = Image.frombytes("RGB", (int(size[0]), int(size[1])), pixels)
            return Facts(CONTENT_TYPES[form], int(width), int(height), had_manifest == "1", small)
        case ["refused", code]:
            raise OutputRefused(CODES[code])
        case _:
            last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            logger.warning("a vendor's picture not read: rc %s, %.200r", done.returncode, last)
            raise OutputRefused("output_unreadable")
