"""Parts of a file, as a request's Range asks for them (RFC 9110, 14): one part, or the whole."""

import re
from typing import IO, Final

from django.http import HttpRequest

# Several parts at once are answered with the whole, as anybody may.
ONE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)


class PartRefused(ValueError):
    """The part lies beyond the file's end."""


def find_part(request: HttpRequest, size_bytes: int, tag: str) -> tuple[int, int] | None:
    """Return the first and the last byte of the part that is asked for; None: the whole file.

    Raises PartRefused for one that lies beyond the end.
    """
    said = ONE.fullmatch(request.headers.get("Range", "").strip())
    if not said or request.headers.get("If-Range", tag) != tag:
        return None
    first, last = said.groups()
    if not first and not last:
        return None
    if not first:
        # The last so many bytes.
        if not int(last) or not size_bytes:
            raise PartRefused
        return max(0, size_bytes - int(last)), size_bytes - 1
    if last and int(last) < int(first):
        return None
    if int(first) >= size_bytes:
        raise PartRefused
    return int(first), min(int(last or size_bytes), size_bytes - 1)


class Part:
    """A part of an open file, read as if it were the whole of one."""

    def __init__(self, file: IO[bytes], first: int, last: int) -> None:
        file.seek(first)
        self._file, self._left = file, last + 1 - first

    def read(self, most: int = -1) -> bytes:
        """Return the next bytes, at most so many; none at the part's end."""
        data = self._file.read(self._left if most < 0 else min(most, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()
