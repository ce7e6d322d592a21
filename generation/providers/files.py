"""Pictures as vendors hand them over, and as they take them."""

import base64
import io
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO, Final, cast

import pybase64
from PIL import Image

from generation.providers.base import AccountSettings, VendorFile
from generation.providers.errors import ProviderError, Sent
from generation.providers.http import UNREADABLE, VendorApi, unreadable
from genhub.lib.arrivals import Arrivals, Span
from genhub.lib.fetch import FetchRefused, fetch, fetching
from genhub.lib.media_types import HEAD_BYTES, find_media_type

MOST_PICTURE_BYTES = 64 * 2**20
TYPES = frozenset(
    {"image/png", "image/jpeg", "image/webp", "image/avif", "image/heic", "image/heif"}
)
# What nobody knows: the store looks for itself.
UNTOLD = "application/octet-stream"
# What is decoded at once: so many bytes, of four characters for each three.
PART_BYTES: Final = 192 * 1024
CHARACTERS: Final = PART_BYTES // 3 * 4


def file_of(data: str | None, url: str | None, account: AccountSettings) -> VendorFile | None:
    """Return a picture in whichever form it came: base64 is at hand, an address is one more way to lose it."""
    if data:
        return file_of_base64(data)
    return file_of_url(url, account) if url else None


def file_of_base64(text: str) -> VendorFile:
    """Return a picture that came in base64, with or without the prefix of a data URI; raise ProviderError for what is
    none. It is decoded to the disk, part by part: pictures that wait to be stored are not in memory."""
    start = text.index(",") + 1 if text.startswith("data:") and "," in text else 0
    if start == len(text):
        raise unreadable("no base64: there is nothing")
    file = TemporaryFile()  # noqa: SIM115 (it goes with whoever holds the picture)
    kept = KeptFile(file)
    try:
        for place in range(start, len(text), CHARACTERS):
            part = text[place : place + CHARACTERS]
            data = pybase64.b64decode(part, validate=True)
            if len(data) < PART_BYTES and place + CHARACTERS < len(text):
                raise unreadable("no base64: it ends before its end")
            file.write(data)
        file.flush()
    except ValueError as error:
        raise unreadable(f"no base64: {error}") from error
    except OSError as error:
        raise ProviderError(
            f"not kept: {error}", code="store_failed", sent=Sent.YES, is_billed=True
        ) from error
    file.seek(0)
    return VendorFile(find_media_type(file.read(HEAD_BYTES)) or UNTOLD, kept.open)


class KeptFile:
    """A file on the disk that may be opened several times, one after the other; it goes with the last who knows it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        weakref.finalize(self, file.close)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open it at its start."""
        self._file.seek(0)
        yield cast("BinaryIO", self._file)


def file_of_url(url: str, account: AccountSettings) -> VendorFile:
    """Return a picture by its address (or data URI), fetched when it is opened: without the key, and through the one
    door for addresses that we did not choose. What cannot be fetched now is asked for again; it is paid for."""
    if url.startswith("data:"):
        return file_of_base64(url)
    return VendorFile(
        UNTOLD,
        partial(
            open_fetched, url, account.private_hosts, most_bytes=MOST_PICTURE_BYTES, types=TYPES
        ),
    )


@contextmanager
def open_fetched(url: str, private_hosts: frozenset[str], **limits: Any) -> Iterator[BinaryIO]:
    """Open a file by its address; `limits` are those of `fetch`."""
    with explained():
        fetched = fetch(url, private_hosts=private_hosts, **limits)
    with fetched:
        yield cast("BinaryIO", fetched.file)


@contextmanager
def open_coming(url: str, private_hosts: frozenset[str], **limits: Any) -> Iterator[BinaryIO]:
    """Open a file by its address as soon as its host answers; it comes while it is read."""
    with ExitStack() as stack:
        with explained():
            coming = stack.enter_context(fetching(url, private_hosts=private_hosts, **limits))
        yield cast("BinaryIO", Coming(coming))


class Coming:
    """A file on the disk that is still being fetched; what goes wrong with that is raised as a vendor's fault."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self.file, self.size_bytes = arrivals.file, arrivals.length

    def wait(self, span: Span | None = None) -> None:
        """Wait until these bytes are there (from where, to before where), or the whole."""
        with explained():
            self._arrivals.wait(span)

    def read(self, most: int = -1, /) -> bytes:
        """Return the next bytes once all are there, at most so many; none at the end."""
        self.wait()
        return self.file.read(most)


@contextmanager
def explained() -> Iterator[None]:
    """Raise what could not be fetched as a vendor's fault: an address may not be valid yet, or its host be busy. Who
    stores it opens it again, a moment later."""
    try:
        yield
    except FetchRefused as error:
        raise ProviderError(
            f"not fetched: {error}", code=UNREADABLE, retryable=error.may_pass, sent=Sent.YES, is_billed=True
        ) from error  # fmt: skip


def file_from(api: VendorApi, path: str, media_type: str = UNTOLD) -> VendorFile:
    """Return a file that a vendor's API itself hands out, with the key, fetched when it is opened."""
    return VendorFile(media_type, partial(open_answer, api, path))


@contextmanager
def open_answer(api: VendorApi, path: str) -> Iterator[BinaryIO]:
    """Open what an API answers as a file; what does not come whole is asked for again, since it is paid for."""
    try:
        with api.open("GET", path, headers={"accept": "video/mp4, image/*, */*"}) as opened:
            yield cast("BinaryIO", Parts(opened.parts()))
    except ProviderError as error:
        error.retryable, error.sent, error.is_billed = True, Sent.YES, True
        raise


class Parts:
    """A body that comes in parts of any size, read like a file."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self.parts = parts
        self.rest = b""

    def read(self, most: int = -1, /) -> bytes:
        """Return the next bytes, at most so many, or all that come; none at the end."""
        if most < 0:
            return self.rest + b"".join(self.parts)
        while not self.rest:
            part = next(self.parts, None)
            if part is None:
                return b""
            self.rest = part
        data, self.rest = self.rest[:most], self.rest[most:]
        return data


def encode_input(image: Image.Image, kind: str = "png") -> bytes:
    """Return an input picture as a file of this format, to be sent with an order."""
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def data_uri(image: Image.Image, form: str = "png") -> str:
    """Return an input picture as a data URI."""
    return f"data:image/{form};base64,{base64.b64encode(encode_input(image, form)).decode()}"
