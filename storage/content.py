"""What goes into the store and what lies there, as values."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from PIL import Image


class Stream(Protocol):
    """Bytes that come one part after the other."""

    def read(self, most: int, /) -> bytes:
        """Return the next bytes, at most so many; none at the end."""


@dataclass(frozen=True)
class VendorFile:
    """A file as its vendor made it, and what the vendor calls it (a media type; what it is, its bytes decide).

    `open` is called once, and its stream read once from the start.
    """

    media_type: str
    open: Callable[[], AbstractContextManager[Stream]]


# Pixels are RGB, and encoded here.
Content = Image.Image | VendorFile


@dataclass(frozen=True)
class StoredFile:
    """A file that lies in the store but belongs to nobody yet. Sizes in bytes, and in pixels as they are shown.

    `undrawn` is the file itself while its thumbnail is still to be drawn: `storage.thumbnails` draws and closes it.
    """

    key: str
    thumbnail_key: str
    sha256: str
    content_type: str
    size_bytes: int
    width: int
    height: int
    undrawn: IO[bytes] | None = field(default=None, compare=False, repr=False)


class OutputRefused(ValueError):
    """A vendor's file is not taken: a stable code, which the task's failure gets, and the values of its words."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params
