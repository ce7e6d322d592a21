"""A file that is read while it comes: what is there is had at once, what never comes is told to whoever waits."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from tempfile import TemporaryFile

import pytest

from genhub.lib import ranges
from genhub.lib.arrivals import Arrivals, NotWanted
from genhub.lib.fetch import FetchRefused, Reason, fetching
from genhub.lib.ranges import STREAMS
from tests.lib.host import Asked, Host, Send, hosting
from tests.lib.test_ranges import FILE, QUARTER, WRONG, Part, Store, send_part, send_whole
from tests.patience import patience


@pytest.fixture
def arrivals() -> Iterator[Arrivals]:
    with TemporaryFile() as file:
        yield Arrivals(file)


def open_coming(host: Host, seconds: float = patience()) -> AbstractContextManager[Arrivals]:
    return fetching(
        host.url("/a"),
        most_bytes=2 * len(FILE),
        types={"image/png"},
        private_hosts={host.name},
        seconds=seconds,
    )


def read(arrivals: Arrivals) -> bytes:
    arrivals.file.seek(0)
    return arrivals.file.read()


def test_each_byte_is_written_once(arrivals: Arrivals) -> None:
    """What somebody has read stays as it was, whatever another stream brings."""
    for part, at in ((b"cd", 2), (b"gh", 6), (b"XXXXeXXXX", 0), (b"zz", 9)):
        arrivals.write(part, at)
    assert read(arrivals) == b"XXcdeXghXzz"


def test_what_is_there_is_had_before_the_rest(arrivals: Arrivals) -> None:
    arrivals.write(b"begin", 0)
    arrivals.write(b"end", 10)
    for span, is_there in (((0, 5), True), ((10, 13), True), ((4, 6), False), ((0, 13), False)):
        assert arrivals.has(span) is is_there
    arrivals.wait((0, 5))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(arrivals.wait, (0, 13))
        arrivals.write(b"- - -", 5)
        waiting.result(patience())


def test_what_never_comes_is_told_to_whoever_waits_for_it(arrivals: Arrivals) -> None:
    arrivals.write(b"begin", 0)
    arrivals.end(FetchRefused(Reason.BROKEN, "halfway"))
    arrivals.wait((0, 5))
    for span in ((0, 6), None):
        with pytest.raises(FetchRefused, match="halfway"):
            arrivals.wait(span)


def test_file_that_is_refused_once_its_host_has_answered_is_had_as_far_as_it_came(
    arrivals: Arrivals,
) -> None:
    """Who reads sees the same, whether the refusal comes before the first look or after it."""
    arrivals.begin(5)
    arrivals.write(b"<html", 0)
    arrivals.end(FetchRefused(Reason.WRONG_TYPE, "a page"))
    arrivals.wait_begun()
    arrivals.wait((0, 5))


def test_who_writes_hears_that_nobody_reads(arrivals: Arrivals) -> None:
    arrivals.end(NotWanted())
    with pytest.raises(NotWanted):
        arrivals.write(b"more", 0)


def test_end_comes_before_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "END_BYTES", 1000)
    store = Store(drips_at=QUARTER // 2)
    usual, may_send = store.part, threading.Event()

    def send_end_first(asked: Asked, send: Send, first: int, last: int) -> None:
        if last < len(FILE) - 1:
            may_send.wait(patience())
        usual(asked, send, first, last)

    store.part = send_end_first
    with hosting(store) as host, open_coming(host) as arrivals:
        assert arrivals.length == len(FILE)
        arrivals.wait((len(FILE) - 1000, len(FILE)))
        assert not arrivals.has((QUARTER, QUARTER + 1))
        may_send.set()
        store.may_go_on.set()
        arrivals.wait()
        assert read(arrivals) == FILE


def test_file_that_stays_away_is_told() -> None:
    store = Store(headers={"Accept_Ranges": "none", "Content_Length": len(FILE) + 1})
    with (
        hosting(store) as host,
        pytest.raises(FetchRefused) as refused,
        open_coming(host, seconds=0.3) as arrivals,
    ):
        arrivals.wait()
    assert refused.value.code == Reason.TOO_SLOW


def test_what_is_refused_at_once_is_raised_at_once() -> None:
    with (
        hosting(Store(body=b"<html>" + FILE[6:])) as host,
        pytest.raises(FetchRefused) as refused,
        open_coming(host) as arrivals,
    ):
        arrivals.wait()
    assert refused.value.code == Reason.WRONG_TYPE


@pytest.fixture
def in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tests' file be a large one."""
    for name, value in {
        "IN_ORDER_ABOVE_BYTES": 1000,
        "END_BYTES": 1000,
        "PART_BYTES": 1000,
        "MOST_PARTS": 20,
    }.items():
        monkeypatch.setattr(ranges, name, value)


@pytest.mark.usefixtures("in_order")
def test_large_file_comes_in_its_order_and_each_part_once() -> None:
    store = Store()
    with hosting(store) as host, open_coming(host) as arrivals:
        arrivals.wait()
        assert read(arrivals) == FILE
    asked = [one for one in host.asked if "range" not in one.headers]
    spans = sorted(store.spans)
    assert len(asked) == 1
    assert len(spans) > STREAMS
    assert [first for first, _ in spans[1:]] == [last + 1 for _, last in spans[:-1]]
    # Its end was asked for before the others: it tells what a clip is.
    assert spans[-1] in store.spans[:STREAMS]
    # As far as it had come when it began to rest, and what its host had under way.
    assert spans[0][0] == len(FILE) // 20


@pytest.mark.usefixtures("in_order")
@pytest.mark.parametrize("part", WRONG, ids=lambda part: part.__name__)
def test_host_without_ranges_is_read_in_one_stream(part: Part) -> None:
    store = Store(part=part)
    with hosting(store) as host, open_coming(host) as arrivals:
        arrivals.wait()
        assert read(arrivals) == FILE
    assert len([one for one in host.asked if "range" not in one.headers]) == 1


@pytest.mark.usefixtures("in_order")
def test_host_that_sends_the_whole_is_asked_for_no_other_part() -> None:
    store = Store(part=send_whole)
    with hosting(store) as host, open_coming(host) as arrivals:
        arrivals.wait()
    # Each stream may have asked before another had its answer.
    assert len(store.spans) <= STREAMS


@pytest.mark.usefixtures("in_order")
def test_part_that_does_not_come_is_read_by_the_first_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ranges, "REST_SECONDS", 0.1)
    held_at = len(FILE) // 20 * 5
    # However late the others begin: the first stream does not come past the held one before it was asked for.
    store, may_end = Store(drips_at=held_at), threading.Event()
    was_waited_for: list[bool] = []

    def hold_one(asked: Asked, send: Send, first: int, last: int) -> None:
        if first == held_at:
            store.may_go_on.set()
            was_waited_for.append(not may_end.wait(patience()))
        send_part(asked, send, first, last)

    store.part = hold_one
    with hosting(store) as host, open_coming(host) as arrivals:
        arrivals.wait()
        assert read(arrivals) == FILE
        may_end.set()
    assert was_waited_for == [False]


@pytest.mark.usefixtures("in_order")
def test_host_of_one_connection_at_a_time_is_not_waited_for() -> None:
    store = Store()

    def wait_for_the_first(asked: Asked, send: Send, first: int, last: int) -> None:
        store.may_go_on.wait()
        send_part(asked, send, first, last)

    store.part = wait_for_the_first
    with hosting(store) as host, open_coming(host) as arrivals:
        arrivals.wait()
        assert read(arrivals) == FILE
        store.may_go_on.set()
    assert store.sent >= len(FILE)
