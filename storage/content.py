"""What goes into the store and what lies there, as values."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any, Final, Protocol, runtime_checkable

from PIL import Image


class Stream(Protocol):
    """Bytes that come one part after the other."""

    def read(self, most: int, /) -> bytes:
        """Return the next bytes, at most so many; none at the end."""


# Is given what draws the RGB pixels of a file, of a clip those of its first frame.
Show = Callable[[Callable[[], Image.Image]], None]


@runtime_checkable
class Coming(Stream, Protocol):
    """A stream that lies on the disk, where it may still grow: to `size_bytes`, where that is known."""

    file: IO[bytes]
    size_bytes: int | None

    def wait(self, span: tuple[int, int] | None = None) -> None:
        """Wait until these bytes are there (from where, to before where), or the whole; raise why they never will."""


@dataclass(frozen=True)
class VendorFile:
    """A file as its vendor made it, and what the vendor calls it (a media type; what it is, its bytes decide).

    `open` is called once, and its stream read once from the start. `show` is called while it is on its way into the
    store; what that raises is as if it could not be stored.
    """

    media_type: str
    open: Callable[[], AbstractContextManager[Stream]]
    show: Show | None = None


# Pixels are RGB, and encoded here.
Content = Image.Image | VendorFile


IMAGE: Final = "image"


@dataclass(frozen=True)
class Finish:
    """How an output becomes a file, and what is written into it. Empty, None: as is usual.

    `media_type` is what was ordered, `image` or `video`. `form` is one of `storage.encoding.FORMATS`, `quality` 0 to
    100 and of those that lose something. People see a mark in this `corner` (`storage.visible.CORNERS`), in this
    language. `parents` are the artifacts that it started from. `operations` of an edit come first, on pictures alone.
    """

    media_type: str = IMAGE
    form: str = ""
    quality: int | None = None
    producer: str = ""
    parameters: str = ""
    corner: str = ""
    language: str = "en"
    model: str = ""
    parents: tuple[uuid.UUID, ...] = ()
    operations: Sequence[Mapping[str, Any]] = ()


AS_USUAL = Finish()


@dataclass(frozen=True)
class StoredFile:
    """A file that lies in the store but belongs to nobody yet. Sizes in bytes, and in pixels as they are shown.

    `artifact_id` is what its label calls it, and what its row must be called; None for an upload, which has no label.
    `undrawn` is the file itself while its thumbnail is still to be drawn: `storage.thumbnails` draws and closes it, of
    `small` RGB pixels where these are at hand.
    """

    key: str
    thumbnail_key: str
    sha256: str
    content_type: str
    size_bytes: int
    width: int
    height: int
    artifact_id: uuid.UUID | None = None
    # Of a clip: what it really is.
    seconds: float | None = None
    fps: float | None = None
    codec: str = ""
    has_audio: bool | None = None
    poster_key: str = ""
    preview_key: str = ""
    # What was done with a picture that a model made, before it was stored.
    operations: Sequence[Mapping[str, Any]] = ()
    undrawn: IO[bytes] | None = field(default=None, compare=False, repr=False)
    small: Image.Image | None = field(default=None, compare=False, repr=False)

    def list_keys(self) -> list[str]:
        """Return where the file lies, and what was drawn of it."""
        return list(filter(None, (self.key, self.thumbnail_key, self.poster_key, self.preview_key)))


@dataclass(frozen=True)
class Entry:
    """A file as the store tells of it."""

    key: str
    size_bytes: int
    changed_at: datetime


class OutputRefused(ValueError):
    """A vendor's file is not taken: a stable code, which the task's failure gets, and the values of its words."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params
