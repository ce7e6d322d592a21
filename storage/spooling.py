"""A vendor's file on this disk, looked at by its size and first bytes before anybody reads it."""

import io
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any, Final

from genhub.lib.media_types import HEAD_BYTES
from storage.content import Coming, OutputRefused, Stream, VendorFile

PART_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class Sent:
    """A vendor's file on this disk, and by whom it still comes there, if it does."""

    file: IO[bytes]
    stream: Coming | None = None

    def wait(self, span: tuple[int, int] | None = None) -> None:
        """Wait until these bytes are there (from where, to before where), or the whole; what does not come is the cause
        of a refusal."""
        if self.stream:
            with unread():
                self.stream.wait(span)

    @property
    def size_bytes(self) -> int:
        """Return how large it is, or will be; where nobody knows that, once it is whole."""
        if self.stream and self.stream.size_bytes is not None:
            return self.stream.size_bytes
        self.wait()
        return os.fstat(self.file.fileno()).st_size


@contextmanager
def on_disk(
    content: VendorFile, *, most_bytes: int, check: Callable[[bytes, str], None]
) -> Iterator[tuple[IO[bytes], bytes]]:
    """Have a vendor's file as one of the disk, complete and at its start, with its first bytes; one that lies there
    already is not copied.

    Refuses one that is larger than is taken, or whose first bytes, with what it is called, are refused by the check;
    what opening or reading it raises is the cause of the refusal.
    """
    with coming(content, most_bytes=most_bytes, check=check) as (sent, head):
        sent.wait()
        sent.file.seek(0)
        yield sent.file, head


@contextmanager
def coming(
    content: VendorFile, *, most_bytes: int, check: Callable[[bytes, str], None]
) -> Iterator[tuple[Sent, bytes]]:
    """Have a vendor's file as `on_disk` does, though it may still be on its way there."""
    with ExitStack() as stack:
        opened = stack.enter_context(ExitStack())
        with unread():
            stream = opened.enter_context(content.open())
        if isinstance(stream, Coming):
            sent = Sent(stream.file, stream)
            sent.wait((0, HEAD_BYTES))
            head = os.pread(stream.file.fileno(), HEAD_BYTES, 0)
        elif isinstance(stream, io.BufferedRandom):
            sent = Sent(stream)
            head = stream.read(HEAD_BYTES)
        else:
            sent = Sent(stack.enter_context(TemporaryFile()))
            with closing(read_parts(opened, stream)) as parts:
                head = copy(parts, sent.file, content, most_bytes, check)
            sent.file.flush()
        if sent.size_bytes > most_bytes:
            raise too_large(most_bytes)
        look(head, content, check)
        yield sent, head


@contextmanager
def unread() -> Iterator[None]:
    """Refuse what cannot be opened or read, for whatever that raises."""
    try:
        yield
    except Exception as error:
        raise OutputRefused("output_unread") from error


def read_parts(opened: AbstractContextManager[Any], stream: Stream) -> Generator[bytes]:
    """Yield a stream and leave what opened it; what reading it raises, also there, is the cause of the refusal."""
    with unread(), opened:
        while part := stream.read(PART_BYTES):
            yield part


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
