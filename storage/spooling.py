"""A vendor's file on this disk, looked at by its size and first bytes before anybody reads it."""

import io
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from tempfile import TemporaryFile
from typing import IO, Any, Final

from genhub.lib.media_types import HEAD_BYTES
from storage.content import OutputRefused, Stream, VendorFile

PART_BYTES: Final = 64 * 1024


@contextmanager
def on_disk(
    content: VendorFile, *, most_bytes: int, check: Callable[[bytes, str], None]
) -> Iterator[tuple[IO[bytes], bytes]]:
    """Have a vendor's file as one of the disk, complete and at its start, with its first bytes; one that lies there
    already is not copied.

    Refuses one that is larger than is taken, or whose first bytes, with what it is called, are refused by the check;
    what opening or reading it raises is the cause of the refusal.
    """
    with ExitStack() as stack:
        opened = stack.enter_context(ExitStack())
        try:
            stream = opened.enter_context(content.open())
        except Exception as error:
            raise OutputRefused("output_unread") from error
        if isinstance(stream, io.BufferedRandom):
            sent: IO[bytes] = stream
            if os.fstat(sent.fileno()).st_size > most_bytes:
                raise too_large(most_bytes)
            head = sent.read(HEAD_BYTES)
            look(head, content, check)
        else:
            sent = stack.enter_context(TemporaryFile())
            with closing(read_parts(opened, stream)) as parts:
                head = copy(parts, sent, content, most_bytes, check)
            sent.flush()
        sent.seek(0)
        yield sent, head


def read_parts(opened: AbstractContextManager[Any], stream: Stream) -> Generator[bytes]:
    """Yield a stream and leave what opened it; what reading it raises, also there, is the cause of the refusal."""
    try:
        with opened:
            while part := stream.read(PART_BYTES):
                yield part
    except Exception as error:
        raise OutputRefused("output_unread") from error


def copy(
    parts: Iterable[bytes],
    place: IO[bytes],
    content: VendorFile,
    most_bytes: int,
    check: Callable[[bytes, str], None],
) -> bytes:
    """Copy parts to the disk and return their first bytes, looked at as soon as they are there."""
    size, head = 0, b""
    for part in parts:
        size += len(part)
        if size > most_bytes:
            raise too_large(most_bytes)
        place.write(part)
        if len(head) < HEAD_BYTES:
            head += part[:HEAD_BYTES]
            if len(head) >= HEAD_BYTES:
                look(head, content, check)
    if len(head) < HEAD_BYTES:
        raise OutputRefused("output_unreadable")
    return head


def look(head: bytes, content: VendorFile, check: Callable[[bytes, str], None]) -> None:
    """Refuse what the first bytes show, or that has too few of them."""
    if len(head) < HEAD_BYTES:
        raise OutputRefused("output_unreadable")
    check(head, content.media_type)


def too_large(most_bytes: int) -> OutputRefused:
    """Return the refusal of what is larger than is taken."""
    return OutputRefused("output_too_large", limit=most_bytes)
