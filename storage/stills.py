"""What is shown of a clip before it plays: its first frame, and its first seconds, small and silent. Both with the
clip's label.

It imports nothing of the hub but its neighbours: the program that looks at a clip draws them.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final

import av
from PIL import Image

from storage.encoding import encode
from storage.labels import Label

POSTER_SIDE_PIXELS: Final = 1920
POSTER_QUALITY: Final = 85
PREVIEW_SIDE_PIXELS: Final = 320
PREVIEW_SECONDS: Final = 3.0
PREVIEW_RATE: Final = 8
PREVIEW_QUALITY: Final = 60
# The fastest: two thirds of the time of the second one, for a fifteenth more bytes.
PREVIEW_METHOD: Final = 0
# Of frames that are decoded for a preview, however many a second a clip has.
MOST_FRAMES: Final = 360


def upright(frame: Any, **size: int) -> Image.Image:
    """Return a frame's pixels as they are shown, first at another size where one is said."""
    image: Image.Image = frame.to_image(**size)
    return image.rotate(frame.rotation, expand=True) if frame.rotation else image


def pick_frames(first: Any, others: Iterable[Any]) -> Iterator[Image.Image]:
    """Yield small pictures of a clip's beginning, as many a second as its preview has; those before a broken frame."""
    start = due = first.time or 0.0
    try:
        for frame in islice(chain([first], others), MOST_FRAMES):
            if frame.time is None or frame.time >= start + PREVIEW_SECONDS:
                break
            if frame.time >= due:
                yield shrink(frame)
                due += 1 / PREVIEW_RATE
    except av.FFmpegError:
        return


def shrink(frame: Any) -> Image.Image:
    """Return a frame at the size of a preview."""
    scale = min(1.0, PREVIEW_SIDE_PIXELS / max(frame.width, frame.height))
    sides = (max(1, round(side * scale)) for side in (frame.width, frame.height))
    return upright(frame, **dict(zip(("width", "height"), sides, strict=True)))


def encode_poster(first: Image.Image, label: Label) -> bytes:
    """Return a JPEG of a clip's first frame, at most POSTER_SIDE_PIXELS a side."""
    poster = first.copy()
    poster.thumbnail((POSTER_SIDE_PIXELS, POSTER_SIDE_PIXELS))
    return encode(poster, Label(label.xmp), format="JPEG", quality=POSTER_QUALITY)


def encode_preview(frames: Sequence[Image.Image], label: Label) -> bytes:
    """Return a WebP that shows these pictures again and again."""
    return encode(
        frames[0],
        Label(label.xmp),
        format="WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=round(1000 / PREVIEW_RATE),
        loop=0,
        quality=PREVIEW_QUALITY,
        method=PREVIEW_METHOD,
    )
