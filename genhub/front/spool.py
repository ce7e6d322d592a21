"""Bytes that wait for a slow side: in memory while they are few, then in a file without a name."""

import io
import logging
import os
import tempfile
import threading
from typing import IO, Any

logger = logging.getLogger(__name__)

# Of one body or answer; what is longer lies on the disk.
MEMORY_BYTES = 128 * 1024


class NoRoom(Exception):
    """All bodies and answers together would take more of the disk than they may."""


class Room:
    """The bytes that all spools together may have in files; loop and threads share it."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes, self.taken_bytes = size_bytes, 0
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Take so many bytes, or raise NoRoom."""
        with self._lock:
            if self.taken_bytes + count > self.size_bytes:
                raise NoRoom
            self.taken_bytes += count

    def give(self, count: int) -> None:
        """Give so many bytes back."""
        with self._lock:
            self.taken_bytes -= count


class Spool:
    """One body or answer: one side appends to it, the other reads what is there."""

    def __init__(self, room: Room) -> None:
        self.size_bytes = 0
        # No more will come.
        self.is_complete = False
        # What was promised will not come.
        self.is_broken = False
        self.is_closed = False
        self._room = room
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self._taken_bytes = 0
        # The loop closes what a thread may still be writing.
        self._lock = threading.Lock()

    def write(self, data: bytes) -> None:
        """Append; raise NoRoom when the disk's share is used up. Nothing is kept once nobody reads."""
        with self._lock:
            if self.is_closed:
                return
            if self._file is None and self.size_bytes + len(data) > MEMORY_BYTES:
                self._move_to_file()
            if self._file is None:
                self._memory += data
            else:
                self._append(self._file, data)
            self.size_bytes += len(data)

    def read_at(self, offset: int, count: int) -> bytes:
        """Return at most so many bytes from there."""
        count = min(count, self.size_bytes - offset)
        if self._file is not None:
            return os.pread(self._file.fileno(), count, offset)
        return bytes(self._memory[offset : offset + count])

    def open(self) -> IO[Any]:
        """Return a file that reads all from the start; it is valid until the spool is closed."""
        if self._file is None:
            return io.BytesIO(self._memory)
        return io.BufferedReader(FileView(self._file.fileno(), self.size_bytes))

    def close(self) -> None:
        """Forget the bytes."""
        with self._lock:
            self.is_closed = True
            if self._file is not None:
                self._file.close()
            self._room.give(self._taken_bytes)
            self._file, self._taken_bytes = None, 0
            self._memory = bytearray()

    def _move_to_file(self) -> None:
        try:
            file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (closed by close)
        except OSError as error:
            logger.warning("no file for bodies and answers in the temporary folder: %s", error)
            raise NoRoom from error
        try:
            self._append(file, bytes(self._memory))
        except NoRoom:
            file.close()
            raise
        self._file, self._memory = file, bytearray()

    def _append(self, file: IO[bytes], data: bytes) -> None:
        self._room.take(len(data))
        self._taken_bytes += len(data)
        view = memoryview(data)
        try:
            while view:
                view = view[file.write(view) :]
        except OSError as error:
            # The disk is full before the hub's share of it is.
            logger.warning("no room for bodies and answers in %s: %s", tempfile.gettempdir(), error)
            raise NoRoom from error


class FileView(io.RawIOBase):
    """A file's bytes from its start, read by place: several readers do not move each other."""

    def __init__(self, fd: int, size_bytes: int) -> None:
        self._fd, self._size, self._at = fd, size_bytes, 0

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as there is something."""
        data = os.pread(self._fd, min(len(buffer), self._size - self._at), self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class FilePart:
    """A part of an open file as an answer; it holds a descriptor of its own."""

    is_complete, is_broken = True, False

    def __init__(self, fd: int, offset: int, size_bytes: int) -> None:
        self._fd, self._offset, self.size_bytes = os.dup(fd), offset, size_bytes

    def read_at(self, offset: int, count: int) -> bytes:
        """Return at most so many bytes from there; fewer when the file has shrunk."""
        count = min(count, self.size_bytes - offset)
        data = os.pread(self._fd, count, self._offset + offset)
        if count and not data:
            self.is_broken = True
        return data

    def close(self) -> None:
        """Close the descriptor."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
