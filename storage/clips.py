"""What a vendor's clip really is, and what is seen of it: an MP4 of one picture track, looked at apart.

A program, run as `relabelling` is, with limits of its own: a clip is never in memory as a whole. It imports nothing of
the hub but its neighbours here, and reads nothing but the file that it was given.
"""

import base64
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Any, Final

import av
from PIL import Image

from storage import mp4
from storage.bounded import bound_process
from storage.containers import RefusedPicture
from storage.decoding import check_size
from storage.labels import Label
from storage.relabelling import THUMBNAIL_SOURCE_PIXELS
from storage.spliced import Part, Spliced
from storage.stills import encode_poster, encode_preview, pick_frames, upright

CODECS: Final = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
# More than any model makes.
LONGEST_SECONDS: Final = 3600.0
# One frame of 4k with those that it refers to, and the libraries.
MOST_MEMORY_BYTES: Final = 2_000_000_000
CPU_SECONDS: Final = 30
# Frames that may be missing at the end of what a head promises: its last ones may be shown for longer.
SPARE_FRAMES: Final = 1


@dataclass(frozen=True)
class Clip:
    """What a clip is; sizes in pixels, as it is shown. `beginning` is of small pictures, for its preview."""

    codec: str
    width: int
    height: int
    seconds: float
    fps: float
    has_audio: bool
    first: Image.Image
    beginning: tuple[Image.Image, ...]


def look(file: IO[bytes], size_bytes: int, hole: mp4.Hole = mp4.NO_HOLE) -> Clip:
    """Return what a clip of so many bytes is; raise RefusedPicture for a size that is not taken, ValueError for what is
    no whole clip, or of which too much is still missing, or whatever the decoder raises."""
    boxes = mp4.read_boxes(file, size_bytes, hole)
    is_in_parts = any(box.kind == b"moof" for box in boxes)
    come = Spliced(
        [Part(file, 0, hole[0]), Part(file, *hole, refuse), Part(file, hole[1], size_bytes)]
    )
    # Named, so that no other reader is tried that may lead to other files.
    with av.open(come, "r", format="mp4", metadata_errors="replace") as container:
        if len(container.streams.video) != 1:
            raise ValueError(f"{len(container.streams.video)} tracks of pictures")
        stream = container.streams.video[0]
        check_size(stream.codec_context.width, stream.codec_context.height)
        codec = stream.codec_context.codec.canonical_name
        if codec not in CODECS:
            raise ValueError(f"pictures in {codec}")
        stream.codec_context.thread_count = 1
        frames = container.decode(stream)
        frame = next(frames)
        first, beginning = upright(frame), tuple(pick_frames(frame, frames))
        seconds, fps = time(container, stream)
        check_whole(container, stream, boxes[-1].end, is_in_parts=is_in_parts)
        return Clip(
            codec,
            *first.size,
            seconds,
            fps,
            bool(container.streams.audio),
            first,
            beginning or (first,),
        )


def refuse(_span: tuple[int, int]) -> None:
    """Raise ValueError for bytes that have not come."""
    raise ValueError("not there yet")


def time(container: Any, stream: Any) -> tuple[float, float]:
    """Return for how many seconds a clip is shown, and at how many frames a second; raise ValueError."""
    ticks = stream.duration
    seconds = float(ticks * stream.time_base) if ticks else (container.duration or 0) / av.time_base
    fps = float(stream.average_rate or stream.guessed_rate or 0)
    if not 0 < seconds <= LONGEST_SECONDS or fps <= 0:
        raise ValueError(f"{seconds} s at {fps} frames a second")
    return seconds, fps


def check_whole(container: Any, stream: Any, size_bytes: int, *, is_in_parts: bool) -> None:
    """Raise ValueError where a frame that is promised is not there."""
    if not is_in_parts:
        entries = stream.index_entries
        if not len(entries) or any(entry.pos + entry.size > size_bytes for entry in entries):
            raise ValueError("frames that are not there")
        return
    container.seek(0)
    ends = [packet.pts + (packet.duration or 0) for packet in read_packets(container, stream)]
    promised = stream.duration or 0
    if not ends or max(ends) + SPARE_FRAMES * max(ends) / len(ends) < promised:
        raise ValueError("frames that are not there")


def read_packets(container: Any, stream: Any) -> Iterator[Any]:
    """Yield the frames of a track as they are coded."""
    for packet in container.demux(stream):
        if packet.is_corrupt:
            raise ValueError("a broken frame")
        if packet.pts is not None and packet.size:
            yield packet


def main(most_memory_bytes: int = MOST_MEMORY_BYTES) -> None:
    """Write a clip's poster and preview to the descriptors that the program was told, with our label, the clip's size
    and the hole that it has yet; answer its facts, or `refused CODE`.

    Facts: `ok CODEC WIDTH HEIGHT SECONDS FPS HAS_AUDIO`, and pixels (their size first) for the thumbnail.
    """
    bound_process(most_memory_bytes, CPU_SECONDS)
    *places, packet, size_bytes, begin, end = sys.argv[1:]
    label = Label(base64.b64decode(packet))
    with os.fdopen(0, "rb", closefd=False) as given, ExitStack() as stack:
        poster, preview = (stack.enter_context(os.fdopen(int(number), "wb")) for number in places)
        try:
            clip = look(given, int(size_bytes), (int(begin), int(end)))
        except RefusedPicture as error:
            sys.stdout.buffer.write(f"refused {error}\n".encode())
            return
        poster.write(encode_poster(clip.first, label))
        preview.write(encode_preview(clip.beginning, label))
    small = clip.first.reduce(max(1, min(clip.first.size) // THUMBNAIL_SOURCE_PIXELS))
    facts = (clip.codec, clip.width, clip.height, round(clip.seconds, 3), round(clip.fps, 3),
             int(clip.has_audio), *small.size)  # fmt: skip
    sys.stdout.buffer.write(f"ok {' '.join(map(str, facts))}\n".encode() + small.tobytes())


if __name__ == "__main__":
    main()
