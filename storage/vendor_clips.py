"""Clips as their vendors made them: read in bounds, labelled apart, looked at apart while they
are on their way to the store.

Through the disk from end to end: nothing of a clip but its head and its first frame is ever in memory.
"""

import base64
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from tempfile import TemporaryFile
from typing import IO, Final

from django.conf import settings
from django.core.files.base import File
from PIL import Image

from genhub.lib.media_types import find_media_type
from storage.content import OutputRefused, StoredFile, VendorFile
from storage.encoding import EXTENSIONS, THUMBNAIL_TYPE, encode_thumbnail
from storage.keys import POSTER, PREVIEW
from storage.services import put, put_beside, put_thumbnail
from storage.spooling import on_disk
from storage.vendor_pictures import Marking, describe_labelled, draw_apart, run_apart, sign

LABELLER: Final = "from storage.mp4 import main; main()"
PROGRAM: Final = "from storage.clips import main; main()"
# Of their descriptors: that of the clip, and those of the poster and the preview.
PLACE: Final = "3"
PLACES: Final = ("3", "4")
UNREADABLE: Final = "output_clip_unreadable"
MP4: Final = "video/mp4"
PREVIEW_TYPE: Final = "image/webp"
# The library that signs has a clip in memory almost twice (measured: 400 MB took 726 MB and 3.5 s).
MOST_SIGNED_BYTES: Final = 64 * 2**20


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


def save_vendor_clip(content: VendorFile, marking: Marking, *, stem: str) -> StoredFile:
    """Store a vendor's MP4 with its head in front and our labels in place of its words; beside it a thumbnail and a
    poster of its first frame, and a preview of its first seconds.

    Raises OutputRefused for a file that is not taken, whatever the store or the machine raises; then nothing stays.
    """
    with ExitStack() as stack:
        labelled, poster, preview = (stack.enter_context(TemporaryFile()) for _ in range(3))
        most_bytes = settings.OUTPUT_VIDEO_MAX_BYTES
        sent, _ = stack.enter_context(on_disk(content, most_bytes=most_bytes, check=check_kind))
        packet = base64.b64encode(marking.label.xmp).decode()
        run_apart(LABELLER, [PLACE, packet], sent, [labelled], unreadable=UNREADABLE)
        signed = stack.enter_context(sign_small(labelled, marking))
        # How large it is shown is known once it was looked at.
        stored = describe_labelled(
            stem, signed, content_type=MP4, width=0, height=0, artifact_id=marking.artifact_id
        )
        named = stored.key.removesuffix(EXTENSIONS[MP4])
        stored = replace(stored, poster_key=f"{named}{POSTER}", preview_key=f"{named}{PREVIEW}")
        found: list[Facts] = []

        def look() -> None:
            # The file as it came: the labelled one is being read.
            facts = look_apart(sent, [*PLACES, packet], (poster, preview))
            put_thumbnail(stored.thumbnail_key, encode_thumbnail(facts.small, marking.label))
            put(stored.poster_key, File(poster), THUMBNAIL_TYPE)
            put(stored.preview_key, File(preview), PREVIEW_TYPE)
            found.append(facts)

        put_beside(stored, File(signed, stored.key), look)
        [facts] = found
        return replace(
            stored,
            width=facts.width,
            height=facts.height,
            seconds=facts.seconds,
            fps=facts.fps,
            codec=facts.codec,
            has_audio=facts.has_audio,
        )


def sign_small(labelled: IO[bytes], marking: Marking) -> IO[bytes]:
    """Return a labelled clip with its credentials, from its start; as it is where it is too large to be signed."""
    labelled.seek(0)
    if os.fstat(labelled.fileno()).st_size > MOST_SIGNED_BYTES:
        return labelled
    return sign(labelled, MP4, marking.history())


def check_kind(head: bytes, _media_type: str) -> None:
    """Refuse what is no MP4 by its first bytes."""
    if find_media_type(head) != MP4:
        raise OutputRefused("output_no_clip")


def look_apart(sent: IO[bytes], words: Sequence[str], places: Sequence[IO[bytes]]) -> Facts:
    """Fill the files of a clip's poster and preview by a process that may die of what was sent; return its facts."""
    told, small = draw_apart(PROGRAM, words, sent, places, unreadable=UNREADABLE)
    codec, width, height, seconds, fps, has_audio = told
    sides = int(width), int(height)
    return Facts(codec, *sides, float(seconds), float(fps), has_audio == "1", small)
