"""A large file in several streams: all of it, once, whatever its host makes of ranges."""

import hashlib
import os
import random
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import Any

import httpx2
import pytest

from genhub.lib import dial, ranges
from genhub.lib.arrivals import write_at
from genhub.lib.fetch import Fetched, FetchRefused, Reason, fetch
from genhub.lib.ranges import SPLIT_ABOVE_BYTES, STREAMS, Helpers
from tests.lib.host import Asked, Host, Send, answer, hosting
from tests.patience import patience

FILE = b"\x89PNG\r\n\x1a\n" + random.Random(5).randbytes(SPLIT_ABOVE_BYTES * 2 + 3)
QUARTER = len(FILE) // STREAMS
TAG = '"first"'
PART_BYTES = 16 * 1024

Part = Callable[[Asked, Send, int, int], None]


def send_part(asked: Asked, send: Send, first: int, last: int) -> None:
    """Answer a range as it should be."""
    content = f"bytes {first}-{last}/{len(FILE)}"
    send(answer(FILE[first : last + 1], "206 Partial Content", Content_Range=content, ETag=TAG))


@dataclass
class Store:
    """A host of one file; what it does with a range, a test may change."""

    part: Part = send_part
    headers: dict[str, Any] = field(default_factory=dict)
    body: bytes = FILE
    # From where on the first stream only drips, and how many times.
    drips_at: int = len(FILE)
    most_drips: int = sys.maxsize
    may_go_on: threading.Event = field(default_factory=threading.Event)
    spans: list[tuple[int, int]] = field(default_factory=list)
    sent: int = 0

    def __call__(self, asked: Asked, send: Send) -> None:
        if "range" in asked.headers:
            first, last = map(int, asked.headers["range"].removeprefix("bytes=").split("-"))
            self.spans.append((first, last))
            self.part(asked, send, first, last)
            return
        usual = {"Accept_Ranges": "bytes", "ETag": TAG, "Content_Length": len(self.body)}
        send(answer(b"", "200 OK", **(usual | self.headers)))
        while self.sent < len(self.body):
            drips = 0 <= self.sent - self.drips_at < self.most_drips and not self.may_go_on.wait(
                0.01
            )
            part = self.body[self.sent : self.sent + (1 if drips else PART_BYTES)]
            send(part)
            self.sent += len(part)


def take(host: Host, **words: Any) -> Fetched:
    usual: dict[str, Any] = {
        "most_bytes": len(FILE),
        "types": {"image/png"},
        "private_hosts": {host.name},
        "seconds": patience(),
    }
    return fetch(host.url("/a"), **(usual | words))


def take_all(store: Store) -> list[Asked]:
    """Fetch the file from a store, compare it, and return what the store was asked."""
    with hosting(store) as host:
        try:
            with take(host) as fetched:
                assert fetched.size_bytes == len(FILE)
                assert hashlib.sha256(fetched.file.read()).digest() == hashlib.sha256(FILE).digest()
        finally:
            store.may_go_on.set()
    return host.asked


def test_four_streams_bring_it_and_the_first_ends_early() -> None:
    """Without the others, the rest would take hours."""
    store = Store(drips_at=QUARTER)
    asked = take_all(store)
    spans = sorted(store.spans)
    assert [spans[0][0], *(last + 1 for _, last in spans)] == [
        QUARTER, *(first for first, _ in spans[1:]), len(FILE)
    ]  # fmt: skip
    assert [one.headers.get("if-range") for one in asked] == [None, TAG, TAG, TAG]
    assert {one.headers["accept-encoding"] for one in asked} == {"identity"}


def test_the_first_stream_brings_its_own_part_however_late() -> None:
    """The others are done long before it."""
    store, served = Store(), threading.Semaphore(0)

    def serve(asked: Asked, send: Send, first: int, last: int) -> None:
        send_part(asked, send, first, last)
        served.release()

    def begin_late(asked: Asked, send: Send) -> None:
        if "range" not in asked.headers:
            send(answer(b"", Accept_Ranges="bytes", ETag=TAG, Content_Length=len(FILE)))
            for at in range(0, len(FILE), 100_000):
                send(FILE[at : at + 100_000])
                for _ in range(0 if at else STREAMS - 1):
                    served.acquire()
        else:
            store(asked, send)

    store.part = serve
    with hosting(begin_late) as host, take(host) as fetched:
        assert fetched.file.read() == FILE


def ended(*, came: bool) -> "Future[bool]":
    part: Future[bool] = Future()
    part.set_result(came)
    return part


def test_all_is_there_when_the_first_stream_meets_what_came() -> None:
    helpers = Helpers(10, [(20, ended(came=True)), (30, ended(came=True))])
    assert [helpers.have_rest(size) for size in (0, 9, 10, 15, 30)] == [
        False,
        False,
        True,
        True,
        True,
    ]
    helpers = Helpers(10, [(20, ended(came=False)), (30, ended(came=True))])
    assert [helpers.have_rest(size) for size in (10, 19, 20, 30)] == [False, False, True, True]
    helpers = Helpers(10, [(20, ended(came=True)), (30, Future())])
    assert [helpers.have_rest(size) for size in (10, 29, 30)] == [False, False, True]


def refuse(asked: Asked, send: Send, first: int, last: int) -> None:
    send(answer(b"no", "416 Range Not Satisfiable"))


def send_whole(asked: Asked, send: Send, first: int, last: int) -> None:
    send(answer(FILE, ETag=TAG))


def send_another(asked: Asked, send: Send, first: int, last: int) -> None:
    content = f"bytes {first - 1}-{last - 1}/{len(FILE)}"
    send(answer(bytes(last - first + 1), "206 Partial Content", Content_Range=content))


def send_of_another_file(asked: Asked, send: Send, first: int, last: int) -> None:
    content = f"bytes {first}-{last}/{len(FILE) + 1}"
    send(answer(bytes(last - first + 1), "206 Partial Content", Content_Range=content))


def send_without_saying_what(asked: Asked, send: Send, first: int, last: int) -> None:
    send(answer(bytes(last - first + 1), "206 Partial Content"))


def send_several(asked: Asked, send: Send, first: int, last: int) -> None:
    kind = "multipart/byteranges; boundary=x"
    send(answer(bytes(last - first + 1), "206 Partial Content", Content_Type=kind))


def send_packed(asked: Asked, send: Send, first: int, last: int) -> None:
    content = f"bytes {first}-{last}/{len(FILE)}"
    body = bytes(last - first + 1)
    send(answer(body, "206 Partial Content", Content_Range=content, Content_Encoding="gzip"))


def send_too_little(asked: Asked, send: Send, first: int, last: int) -> None:
    content = f"bytes {first}-{last}/{len(FILE)}"
    send(answer(FILE[first:last], "206 Partial Content", Content_Range=content))


def send_too_much(asked: Asked, send: Send, first: int, last: int) -> None:
    content = f"bytes {first}-{last}/{len(FILE)}"
    body = FILE[first : last + 1] + b"more"
    send(answer(body, "206 Partial Content", Content_Range=content))


def send_as_whole(asked: Asked, send: Send, first: int, last: int) -> None:
    content = f"bytes {first}-{last}/{len(FILE)}"
    send(answer(bytes(last - first + 1), "200 OK", Content_Range=content))


def redirect(asked: Asked, send: Send, first: int, last: int) -> None:
    send(answer(status="302 Found", Location="http://127.0.0.1:9/"))


def hang_up(asked: Asked, send: Send, first: int, last: int) -> None:
    content = f"bytes {first}-{last}/{len(FILE)}"
    send(answer(b"", "206 Partial Content", Content_Range=content, Content_Length=last - first + 1))
    raise ConnectionAbortedError("as a host that dies")


WRONG = [refuse, send_whole, send_another, send_of_another_file, send_without_saying_what, send_several, send_packed,
         send_too_little, send_too_much, send_as_whole, redirect, hang_up]  # fmt: skip


@pytest.mark.parametrize("part", WRONG, ids=lambda part: part.__name__)
def test_the_first_stream_reads_on_where_a_host_gives_no_ranges(part: Part) -> None:
    # Slow for a while, so that what the host gave could be mistaken for the rest.
    store = Store(
        part=part, drips_at=QUARTER // PART_BYTES * PART_BYTES + PART_BYTES, most_drips=20
    )
    asked = take_all(store)
    # Nothing is asked for again.
    assert len([one for one in asked if "range" not in one.headers]) == 1


def test_a_part_that_failed_is_read_by_the_first_stream_and_no_more() -> None:
    def lose_the_second(asked: Asked, send: Send, first: int, last: int) -> None:
        (refuse if first < 2 * QUARTER else send_part)(asked, send, first, last)

    # Half, and what the part before it brought beyond.
    store = Store(part=lose_the_second, drips_at=2 * QUARTER + PART_BYTES)
    take_all(store)
    assert store.sent < 3 * QUARTER


def test_a_host_of_one_connection_at_a_time_is_not_waited_for() -> None:
    store = Store()

    def wait_for_the_first(asked: Asked, send: Send, first: int, last: int) -> None:
        store.may_go_on.wait()
        send_part(asked, send, first, last)

    store.part = wait_for_the_first
    take_all(store)
    assert store.sent >= len(FILE)


ALONE: dict[str, dict[str, Any]] = {
    "no ranges": {"Accept_Ranges": None},
    "ranges of nothing": {"Accept_Ranges": "none"},
    "no state": {"ETag": None},
    "a vague state": {"ETag": 'W/"first"'},
    "no length": {"Content_Length": None, "Connection": "close"},
}


@pytest.mark.parametrize("headers", ALONE.values(), ids=ALONE)
def test_one_stream_is_enough_where_parts_could_not_be_joined(headers: dict[str, Any]) -> None:
    def answer_and_end(asked: Asked, send: Send) -> None:
        store(asked, send)
        raise ConnectionAbortedError("that was all")

    store = Store(headers=headers)
    with hosting(answer_and_end) as host, take(host) as fetched:
        assert fetched.file.read() == FILE
    assert store.spans == []


def test_one_stream_is_enough_for_a_small_file() -> None:
    store = Store(body=FILE[:SPLIT_ABOVE_BYTES])
    with hosting(store) as host, take(host) as fetched:
        assert fetched.size_bytes == SPLIT_ABOVE_BYTES
    assert store.spans == []


def test_one_byte_more_is_worth_others() -> None:
    def refuse_and_go_on(asked: Asked, send: Send, first: int, last: int) -> None:
        refuse(asked, send, first, last)
        store.may_go_on.set()

    size = SPLIT_ABOVE_BYTES + 1
    # The first stream ends only once another has asked.
    store = Store(part=refuse_and_go_on, body=FILE[:size], drips_at=0)
    with hosting(store) as host, take(host) as fetched:
        assert fetched.size_bytes == size
    assert store.spans != []


@pytest.mark.parametrize("tag", [None, 'W/"first"'])
def test_a_date_tells_a_state_as_well(tag: str | None) -> None:
    date = "Sat, 28 Nov 2026 08:00:00 GMT"
    asked = take_all(Store(headers={"ETag": tag, "Last_Modified": date}, drips_at=QUARTER))
    assert {one.headers.get("if-range") for one in asked} == {None, date}


def test_no_part_of_what_is_too_large_is_asked_for() -> None:
    store = Store()
    with hosting(store) as host, pytest.raises(FetchRefused) as refused:
        take(host, most_bytes=len(FILE) - 1)
    assert refused.value.code == Reason.TOO_LARGE
    assert store.spans == []


def test_parts_know_when_the_whole_must_end(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[float] = []
    is_part = ranges.is_part

    def look(response: httpx2.Response, content_range: str) -> bool:
        ends.append(dial.deadline.get())
        return is_part(response, content_range)

    monkeypatch.setattr(ranges, "is_part", look)
    take_all(Store(drips_at=QUARTER))
    assert len(ends) == STREAMS - 1
    assert len(set(ends)) == 1
    assert ends[0] < float("inf")


def test_parts_end_with_the_time_of_the_whole() -> None:
    store = Store(drips_at=QUARTER)

    def say_nothing(asked: Asked, send: Send, first: int, last: int) -> None:
        store.may_go_on.wait()

    store.part = say_nothing
    with hosting(store) as host:
        with pytest.raises(FetchRefused) as refused:
            take(host, seconds=0.3)
        store.may_go_on.set()
    assert refused.value.code == Reason.TOO_SLOW


def test_nothing_is_written_after_the_end() -> None:
    """The file may be another's by then: descriptors are given out again."""
    with TemporaryFile() as file:
        helpers = Helpers(0)
        source = ranges.Source(httpx2.Client(), httpx2.Response(200), file.fileno(), None)
        assert helpers.write(source, b"in time", 3)
        helpers.stop()
        assert not helpers.write(source, b"too late", 0)
        file.seek(0)
        assert file.read() == b"\0\0\0in time"


def test_what_a_disk_takes_by_halves_is_written_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, data, at: write(file, data[:2], at))
    with TemporaryFile() as file:
        write_at(file.fileno(), b"seven b", 1)
        file.seek(0)
        assert file.read() == b"\0seven b"
