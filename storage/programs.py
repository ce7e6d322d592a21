"""Programs that look at a vendor's file, each in a process of its own that may die of it: a few at once, and what they
told as values or refusals."""

import logging
import os
import threading
from collections.abc import Sequence
from typing import IO, Final

from PIL import Image

from storage.apart import apart
from storage.content import OutputRefused

logger = logging.getLogger(__name__)

# Above the program's own limit on CPU time: what takes longer waits for the machine.
PATIENCE_SECONDS: Final = 120.0
# How many processes look at files at once for this one.
turns = threading.BoundedSemaphore(2)
CODES: Final = {
    "animated": "output_animated",
    "too_many_pixels": "output_size_refused",
    "side_too_long": "output_size_refused",
    "too_narrow": "output_size_refused",
    "too_many_scans": "output_unreadable",
    "edit_refused": "output_edit_refused",
}


def draw_apart(
    program: str,
    words: Sequence[str],
    sent: IO[bytes],
    places: Sequence[IO[bytes]],
    *,
    unreadable: str,
    modules: Sequence[str] = (),
) -> tuple[list[str], Image.Image]:
    """Do as `run_apart` does, and return what was told, and the small RGB pixels that came with it."""
    told, pixels = run_apart(program, words, sent, places, unreadable=unreadable, modules=modules)
    *facts, width, height = told
    return facts, Image.frombytes("RGB", (int(width), int(height)), pixels)


def run_apart(
    program: str,
    words: Sequence[str],
    sent: IO[bytes],
    places: Sequence[IO[bytes]],
    *,
    unreadable: str,
    modules: Sequence[str] = (),
) -> tuple[list[str], bytes]:
    """Fill files by a process that may die of what was sent, and that needs these modules; return what it told, in
    words and in bytes. What it died of is refused as `unreadable`."""
    sent.seek(0)
    # To seek within what was read ahead moves nothing that another process sees.
    os.lseek(sent.fileno(), 0, os.SEEK_SET)
    more = [place.fileno() for place in places]
    with turns:
        done = apart.run(
            program,
            words,
            sent,
            more=more,
            modules=modules,
            patience_seconds=PATIENCE_SECONDS,
        )
    head, _, pixels = done.stdout.partition(b"\n")
    match head.decode(errors="replace").split():
        case ["ok", *facts]:
            return facts, pixels
        case ["refused", code]:
            raise OutputRefused(CODES[code])
        case _:
            last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            logger.warning("a vendor's file not read: rc %s, %.200r", done.returncode, last)
            raise OutputRefused(unreadable)
