"""Pictures as their vendors made them: read in bounds, checked and labelled apart, stored without a second encoding."""

import hashlib
import logging
import threading
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Final

from django.conf import settings
from django.core.files.base import File
from PIL import Image

from genhub.lib.media_types import HEAD_BYTES, find_media_type
from storage import decoding, labels
from storage.apart import apart
from storage.containers import find_format
from storage.content import OutputRefused, StoredFile, VendorFile
from storage.media import EXTENSIONS, encode_thumbnail
from storage.services import name_thumbnail, put_files

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
    """Store a vendor's PNG, JPEG or WebP with our label in place of its metadata, and a thumbnail.

    Raises OutputRefused for a file that is not taken, whatever the store or the machine raises; then nothing stays.
    """
    with TemporaryFile() as sent, TemporaryFile() as labelled:
        spool(content, sent)
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
        if facts.content_type != content.media_type:
            logger.info(
                "%s is %s, called %.100r", stored.key, facts.content_type, content.media_type
            )
        if facts.had_manifest:
            logger.warning("%s: the vendor's C2PA manifest was taken out", stored.key)
        make_thumbnail = partial(encode_thumbnail, facts.small, labels.GENERATED)
        put_files(stored, File(labelled, stored.key), make_thumbnail)
    return stored


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


def relabel_apart(sent: IO[bytes], labelled: IO[bytes]) -> Facts:
    """Fill the labelled file, by a process that may die of what was sent, and return its facts."""
    sent.seek(0)
    with turns:
        done = apart.run(
            PROGRAM, [PLACE], sent, more=[labelled.fileno()], patience_seconds=PATIENCE_SECONDS
        )
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
