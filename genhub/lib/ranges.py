"""A large file in several streams at once: many hosts, and every long way, bound what one of them carries.

The first stream begins at the start and reads on, to the end if need be; helpers fetch the later parts meanwhile, and
where the first stream meets what they have brought, all is there. So a host that gives no ranges, or one connection at
a time, costs nothing: no file is asked for twice.

A large file that is read while it comes is fetched in its order, in smaller parts: who reads it from its start waits
for no quarter that comes last. Once a first part has come, the first stream rests, and goes on where another does not.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from threading import Lock
from typing import Final

import httpx2

from genhub.lib.arrivals import Arrivals, write_at

logger = logging.getLogger(__name__)

STREAMS: Final = 4
# Below, a further connection costs more than it brings.
SPLIT_ABOVE_BYTES: Final = 512 * 1024
# Of a file that is read while it comes: its end is fetched first, since what is told of a clip may stand there.
END_BYTES: Final = 1024 * 1024
# Of a file that is fetched in its order: each part is a request, and the next ones wait for the slowest of them.
IN_ORDER_ABOVE_BYTES: Final = 16 * 1024 * 1024
PART_BYTES: Final = 4 * 1024 * 1024
MOST_PARTS: Final = 32
# For how long the first stream rests before a part that does not come.
REST_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Source:
    """An answer whose body is being read, the file's descriptor that it goes to, how long it says that it is, and who
    is told of what has come."""

    client: httpx2.Client
    response: httpx2.Response
    file: int
    length: int | None
    arrivals: Arrivals | None = None

    def write(self, part: bytes, at: int) -> None:
        """Write a part at its place."""
        if self.arrivals:
            self.arrivals.write(part, at)
        else:
            write_at(self.file, part, at)

    @property
    def is_in_order(self) -> bool:
        """Return whether the helpers fetch all but the first part, one after the other."""
        return self.arrivals is not None and (self.length or 0) > IN_ORDER_ABOVE_BYTES

    def list_parts(self) -> list[tuple[int, int]]:
        """Return from where to before where the helpers fetch."""
        length = self.length or 0
        if self.is_in_order:
            end_at, size = length - END_BYTES, max(PART_BYTES, length // MOST_PARTS)
            return [(end_at, length), *pairwise([*range(size, end_at, size), end_at])]
        bounds = [length * part // STREAMS for part in range(1, STREAMS + 1)]
        *parts, last = pairwise(bounds)
        if self.arrivals and last[1] - last[0] > 2 * END_BYTES:
            end_at = length - END_BYTES
            return [(end_at, length), *parts, (last[0], end_at)]
        return [*parts, last]

    def find_validator(self) -> str:
        """Return what tells this state of the file from a later one; empty where its host does not say."""
        tag: str = self.response.headers.get("ETag", "")
        changed: str = self.response.headers.get("Last-Modified", "")
        return changed if tag.startswith("W/") else tag or changed


@dataclass
class Helpers:
    """The later parts of a file, on their way: where they begin, the end of each, and whether it came; and whether the
    first stream may rest meanwhile."""

    begin_at: int
    parts: "list[tuple[int, Future[bool]]]" = field(default_factory=list)
    is_waited_for: bool = False
    is_over: bool = False
    has_ranges: bool = True
    lock: Lock = field(default_factory=Lock)

    def have_rest(self, size: int) -> bool:
        """Return whether all that lies beyond the first stream is there."""
        if size < self.begin_at:
            return False
        ahead = [part for end, part in self.parts if end > size]
        if self.is_waited_for and any(part.done() and part.result() for part in ahead):
            return self.rest(ahead)
        return all(part.done() and part.result() for part in ahead)

    def rest(self, ahead: "list[Future[bool]]") -> bool:
        """Wait as long as one part comes after the other, and return whether all did."""
        try:
            return all(part.result(REST_SECONDS) for part in ahead)
        except TimeoutError:
            self.is_waited_for = False
            return False

    def write(self, source: Source, part: bytes, at: int) -> bool:
        """Write some bytes, unless the file is somebody else's by now; return whether it is not."""
        with self.lock:
            if not self.is_over:
                source.write(part, at)
            return not self.is_over

    def stop(self) -> None:
        """Let nothing be written from now on."""
        with self.lock:
            self.is_over = True


@contextmanager
def send_helpers(source: Source) -> Iterator[Helpers | None]:
    """Have helpers for a file that is worth them and whose host takes ranges; else None. None of them writes after."""
    length, validator = source.length, source.find_validator()
    takes_ranges = source.response.headers.get("Accept-Ranges", "").strip().lower() == "bytes"
    if not takes_ranges or not validator or length is None or length <= SPLIT_ABOVE_BYTES:
        yield None
        return
    parts = source.list_parts()
    helpers = Helpers(min(start for start, _ in parts), is_waited_for=source.is_in_order)
    threads = ThreadPoolExecutor(STREAMS if source.is_in_order else len(parts), "range")
    try:
        for start, end in parts:
            # The deadline of the whole goes along.
            fetching = partial(fetch_part, source, (start, end - 1), validator, helpers)
            helpers.parts.append((end, threads.submit(copy_context().run, fetching)))
        yield helpers
    finally:
        helpers.stop()
        # Not to wait for one that hears nothing: it ends by its own timeout.
        threads.shutdown(wait=False, cancel_futures=True)


def fetch_part(source: Source, span: tuple[int, int], validator: str, helpers: Helpers) -> bool:
    """Write the bytes from the first of a span to its last; return whether the host gave just these."""
    if not helpers.has_ranges:
        return False
    first, last = span
    headers = {
        "Accept-Encoding": "identity",
        "Range": f"bytes={first}-{last}",
        # Of another state of the file, the host sends the whole, which is not taken.
        "If-Range": validator,
    }
    try:
        with source.client.stream("GET", source.response.url, headers=headers) as response:
            if is_part(response, f"bytes {first}-{last}/{source.length}"):
                return write_part(source, response, span, helpers)
            # The whole: it knows no ranges. What it refuses now, it may give later.
            helpers.has_ranges = response.status_code != httpx2.codes.OK
            logger.info("%s gave no range: %s", response.url.host, response.status_code)
    except httpx2.HTTPError as error:
        logger.info("%s gave no range: %r", source.response.url.host, error)
    return False


def is_part(response: httpx2.Response, content_range: str) -> bool:
    """Return whether an answer is the part that was asked for, as it is."""
    return (
        response.status_code == httpx2.codes.PARTIAL_CONTENT
        and response.headers.get("Content-Range") == content_range
        and response.headers.get("Content-Encoding", "identity") == "identity"
    )


def write_part(
    source: Source, response: httpx2.Response, span: tuple[int, int], helpers: Helpers
) -> bool:
    """Write an answer where it belongs, and nothing beyond; return whether it was as long as that."""
    at, last = span
    for part in response.iter_raw():
        if at + len(part) > last + 1 or not helpers.write(source, part, at):
            return False
        at += len(part)
    return at == last + 1
