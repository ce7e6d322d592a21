"""A file that is put together of parts of others while it is read: nothing of them is copied first."""

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import IO, Any, Final

# Read at once: of an open file, and by whoever only wants the next few bytes.
BUFFER_BYTES: Final = 256 * 1024


@dataclass(frozen=True)
class Part:
    """Bytes of a file on the disk, from where to before where; `wait` returns once such a span of it is there."""

    file: IO[bytes]
    start: int
    end: int
    wait: Callable[[tuple[int, int]], None] | None = None


class Spliced(io.RawIOBase):
    """Parts one after the other, read by place: several readers of one file do not move each other."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._ends = list(accumulate(part.end - part.start for part in parts))
        self._at = 0

    @property
    def size_bytes(self) -> int:
        """Return how long it is."""
        return self._ends[-1]

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def seekable(self) -> bool:
        """Return that it is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, and return it."""
        begin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size_bytes}[whence]
        self._at = begin + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as there is something in one part, and return how many bytes that were."""
        number = next((n for n, end in enumerate(self._ends) if self._at < end), None)
        if number is None:
            return 0
        part = self._parts[number]
        start = part.end - (self._ends[number] - self._at)
        end = min(part.end, start + len(buffer))
        if part.wait:
            part.wait((start, end))
        view = memoryview(buffer)[: end - start]
        done = os.preadv(part.file.fileno(), [view], start)
        self._at += done
        return done


def open_spliced(parts: Sequence[Part]) -> io.BufferedReader:
    """Open parts as one file."""
    return io.BufferedReader(Spliced(parts), BUFFER_BYTES)
