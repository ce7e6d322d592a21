"""Clips as their vendors made them: read in bounds, labelled apart, looked at apart while they are on their way to the
store.

Through the disk from end to end: nothing of a clip but its head and its first frame is ever in memory. A large one is
on its way into the store while it still comes from its vendor.
"""

import base64
import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from secrets import token_hex
from tempfile import TemporaryFile
from typing import IO, Any, Final, TypeVar

from django.conf import settings
from django.core.files.base import File
from PIL import Image

from genhub.lib.media_types import find_media_type
from storage.content import OutputRefused, StoredFile, VendorFile
from storage.encoding import EXTENSIONS, THUMBNAIL_TYPE, encode_thumbnail
from storage.keys import DIGITS, POSTER, PREVIEW, THUMBNAIL
from storage.mp4 import NO_HOLE, Hole
from storage.programs import draw_apart, run_apart
from storage.services import put, put_beside, put_thumbnail
from storage.spliced import Part, Spliced, open_spliced
from storage.spooling import Sent, coming
from storage.vendor_pictures import Marking, sign

LABELLER: Final = "from storage.mp4 import main; main()"
PROGRAM: Final = "from storage.clips import main; main()"
MODULES: Final = ("storage.clips",)
# Of their descriptors: that of what is new, and those of the poster and the preview.
PLACE: Final = "3"
PLACES: Final = ("3", "4")
UNREADABLE: Final = "output_clip_unreadable"
MP4: Final = "video/mp4"
PREVIEW_TYPE: Final = "image/webp"
# The library that signs has a clip in memory almost twice (measured: 400 MB took 726 MB and 3.5 s).
MOST_SIGNED_BYTES: Final = 64 * 2**20
# Of a clip that still comes: its begin and its end, in one of which what is told of it stands, as a rule.
BEGIN_BYTES: Final = 1024 * 1024
END_BYTES: Final = 1024 * 1024
# More than a preview shows: seconds are not all of as many bytes, and are decoded a little ahead.
LOOKED_SECONDS: Final = 4.0
# Those who count what is stored while it is on its way.
counters = ThreadPoolExecutor(8, thread_name_prefix="count")


Found = TypeVar("Found")


@dataclass(frozen=True)
class Facts:
    """What the program found, and RGB pixels of the first frame, enough for a thumbnail."""

    codec: str
    width: int
    height: int
    seconds: float
    fps: float
    has_audio: bool
    small: Image.Image


def can_look() -> bool:
    """Return whether this process has the library that looks at clips: of the images, those of workers have."""
    return find_spec("av") is not None


def save_vendor_clip(content: VendorFile, marking: Marking, *, stem: str) -> StoredFile:
    """Store a vendor's MP4 with its head in front and our labels in place of its words; beside it a thumbnail and a
    poster of its first frame, and a preview of its first seconds.

    Raises OutputRefused for a file that is not taken, whatever the store or the machine raises; then nothing stays.
    """
    with ExitStack() as stack:
        new, poster, preview = (stack.enter_context(TemporaryFile()) for _ in range(3))
        # Who counts hears at once that nothing more comes, and then lets the files go.
        counting: list[Future[str]] = []
        stack.callback(wait, counting)
        most_bytes = settings.OUTPUT_VIDEO_MAX_BYTES
        sent, _ = stack.enter_context(coming(content, most_bytes=most_bytes, check=check_kind))
        packet = base64.b64encode(marking.label.xmp).decode()
        parts, seconds = lay_out(sent, new, packet)
        if signed := sign_small(parts, marking):
            stack.enter_context(signed)
            parts = [Part(signed, 0, os.fstat(signed.fileno()).st_size)]
        # How large it is shown is known once it was looked at, and its digest once it was read.
        stored = name_clip(stem, parts, marking)
        counting.append(counters.submit(count, parts))
        found: list[Facts] = []

        def look() -> None:
            # The file as it came: the labelled one is being read.
            facts = look_early(sent, seconds, packet, (poster, preview))
            put_thumbnail(stored.thumbnail_key, encode_thumbnail(facts.small, marking.label))
            put(stored.poster_key, File(poster), THUMBNAIL_TYPE)
            put(stored.preview_key, File(preview), PREVIEW_TYPE)
            found.append(facts)
            if content.show:
                content.show(lambda: facts.small)

        put_beside(stored, File(open_spliced(parts), stored.key), look)
        [facts] = found
        return replace(
            stored,
            sha256=counting[0].result(),
            width=facts.width,
            height=facts.height,
            seconds=facts.seconds,
            fps=facts.fps,
            codec=facts.codec,
            has_audio=facts.has_audio,
        )


def name_clip(stem: str, parts: Sequence[Part], marking: Marking) -> StoredFile:
    """Return what is known of a clip before it is read. Its name is one that no late writer has; other files have their
    digest in theirs, which of a clip would be known only once all of it has come."""
    named = f"{stem}-{token_hex(DIGITS // 2)}"
    return StoredFile(
        key=f"{named}{EXTENSIONS[MP4]}",
        thumbnail_key=f"{named}{THUMBNAIL}",
        poster_key=f"{named}{POSTER}",
        preview_key=f"{named}{PREVIEW}",
        sha256="",
        content_type=MP4,
        size_bytes=sum(part.end - part.start for part in parts),
        width=0,
        height=0,
        artifact_id=marking.artifact_id,
    )


def lay_out(sent: Sent, new: IO[bytes], packet: str) -> tuple[list[Part], float]:
    """Return the parts of the labelled clip, what is new of them in its file, and its seconds as its head says: as soon
    as begin and end have come, where that is enough."""
    return read_early(sent, BEGIN_BYTES, [new], partial(lay_apart, sent, new, packet))


def look_early(sent: Sent, seconds: float, packet: str, places: Sequence[IO[bytes]]) -> Facts:
    """Return what `look_apart` does, as soon as the seconds that are looked at have come, where that is enough."""
    share = min(1.0, LOOKED_SECONDS / seconds) if seconds else 1.0
    begin_bytes = BEGIN_BYTES + round(share * sent.size_bytes)
    return read_early(sent, begin_bytes, places, partial(look_apart, sent, packet, places))


def read_early(
    sent: Sent, begin_bytes: int, places: Sequence[IO[bytes]], act: Callable[[Hole], Found]
) -> Found:
    """Fill files by what is done with a clip that has a hole as long as it still comes, or with the whole of it, where
    that was not enough."""
    hole = begin_bytes, sent.size_bytes - END_BYTES
    if sent.stream and hole[0] < hole[1]:
        sent.wait((0, hole[0]))
        sent.wait((hole[1], sent.size_bytes))
        try:
            return act(hole)
        except OutputRefused:
            # Or what is needed of it stands elsewhere.
            for place in places:
                place.seek(0)
                place.truncate()
    sent.wait()
    return act(NO_HOLE)


def lay_apart(sent: Sent, new: IO[bytes], packet: str, hole: Hole) -> tuple[list[Part], float]:
    """Have a clip laid out by a process that may die of it."""
    words = [PLACE, packet, *map(str, (sent.size_bytes, *hole))]
    (seconds, *told), _ = run_apart(LABELLER, words, sent.file, [new], unreadable=UNREADABLE)
    parts = []
    for part in told:
        kind, start, end = part.split(":")
        if kind == "c":
            parts.append(Part(sent.file, int(start), int(end), sent.wait))
        else:
            parts.append(Part(new, int(start), int(end)))
    return parts, float(seconds)


def sign_small(parts: Sequence[Part], marking: Marking) -> IO[bytes] | None:
    """Return a labelled clip with its credentials, from its start; None where it is too large to be signed."""
    if sum(part.end - part.start for part in parts) > MOST_SIGNED_BYTES:
        return None
    with ExitStack() as stack:
        labelled = stack.enter_context(TemporaryFile())
        with open_spliced(parts) as file:
            shutil.copyfileobj(file, labelled)
        signed = sign(labelled, MP4, marking.history())
        if signed is labelled:
            stack.pop_all()
        return signed


def count(parts: Sequence[Part]) -> str:
    """Return the SHA-256 of what is stored."""
    # It reads much at once: a buffer would only be a copy more.
    file: Any = Spliced(parts)
    return hashlib.file_digest(file, "sha256").hexdigest()


def check_kind(head: bytes, _media_type: str) -> None:
    """Refuse what is no MP4 by its first bytes."""
    if find_media_type(head) != MP4:
        raise OutputRefused("output_no_clip")


def look_apart(sent: Sent, packet: str, places: Sequence[IO[bytes]], hole: Hole) -> Facts:
    """Fill the files of a clip's poster and preview by a process that may die of what was sent; return its facts."""
    words = [*PLACES, packet, *map(str, (sent.size_bytes, *hole))]
    told, small = draw_apart(
        PROGRAM, words, sent.file, places, unreadable=UNREADABLE, modules=MODULES
    )
    codec, width, height, seconds, fps, has_audio = told
    sides = int(width), int(height)
    return Facts(codec, *sides, float(seconds), float(fps), has_audio == "1", small)
