"""Pictures as vendors hand them over, and as they take them."""

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO, cast

import pybase64
from PIL import Image

from generation.providers.base import AccountSettings, VendorFile
from generation.providers.errors import ProviderError, Sent
from generation.providers.http import UNREADABLE, VendorApi, unreadable
from genhub.lib.fetch import FetchRefused, fetch
from genhub.lib.media_types import HEAD_BYTES, find_media_type

MOST_PICTURE_BYTES = 64 * 2**20
TYPES = frozenset(
    {"image/png", "image/jpeg", "image/webp", "image/avif", "image/heic", "image/heif"}
)
# What nobody knows: the store looks for itself.
UNTOLD = "application/octet-stream"


def file_of(data: str | None, url: str | None, account: AccountSettings) -> VendorFile | None:
    """Return a picture in whichever form it came: base64 is at hand, an address is one more way to lose it."""
    if data:
        return file_of_base64(data)
    return file_of_url(url, account) if url else None


def file_of_base64(text: str) -> VendorFile:
    """Return a picture that came in base64, with or without the prefix of a data URI; raise ProviderError for what is
    none."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return file_of_bytes(pybase64.b64decode(text, validate=True))
    except ValueError as error:
        raise unreadable(f"no base64: {error}") from error


def file_of_bytes(data: bytes) -> VendorFile:
    """Return a picture by its bytes, of the type that they show."""
    media_type = find_media_type(data[:HEAD_BYTES]) or UNTOLD
    return VendorFile(media_type, partial(open_bytes, data))


@contextmanager
def open_bytes(data: bytes) -> Iterator[BinaryIO]:
    """Open bytes as a file."""
    yield io.BytesIO(data)


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
    try:
        fetched = fetch(url, private_hosts=private_hosts, **limits)
    except FetchRefused as error:
        # An address may not be valid yet, or its host be busy: who stores it opens it again, a moment later.
        raise ProviderError(
            f"not fetched: {error}", code=UNREADABLE, retryable=error.may_pass, sent=Sent.YES, is_billed=True
        ) from error  # fmt: skip
    with fetched:
        yield cast("BinaryIO", fetched.file)


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
