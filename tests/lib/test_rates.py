"""A window lets no more through than it should, however many ask at once; a server that is away delays nobody."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from genhub.lib import rates, throttle
from genhub.lib.ids import new_id
from genhub.lib.rates import WINDOW_SECONDS, take
from tests.brokers import AWAY, away, silent

ASKED = 500


@pytest.fixture
def store(settings: Settings) -> Any:
    """The server that the processes of a hub share."""
    settings.THROTTLE_URL = settings.CELERY_BROKER_URL
    shared: Any = throttle.counters().shared
    return shared.storage.get_connection()


@pytest.fixture
def name() -> str:
    """A window of this test."""
    return new_id().hex


def second(store: Any) -> int:
    return int(store.time()[0])


def test_500_at_once_pass_as_often_as_they_may_and_no_more(store: Any, name: str) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(50) as threads:
        standings = list(threads.map(lambda _: take(name, 100), range(ASKED)))
    passed = [each for each in standings if each and each.is_within]
    # Who is as slow as the window is long may be let in again.
    assert time.monotonic() - began > WINDOW_SECONDS or len(passed) == 100
    assert sorted(each.left for each in passed) == list(range(100))
    assert {
        (each.left, 0 < each.seconds <= 61) for each in standings if each and not each.is_within
    } == {(0, True)}


def test_what_is_older_than_the_window_is_forgotten_and_what_is_not_counts(
    store: Any, name: str
) -> None:
    now = second(store)
    store.hset(f"genhub:rate:{name}", mapping={now - 70: 50, now - 30: 4})
    standing = take(name, 5)
    assert standing
    assert standing.is_within
    assert standing.left == 0
    refused = take(name, 5)
    assert refused
    assert not refused.is_within
    # Until the four are out of the window, not the one that was just let in.
    assert 25 <= refused.seconds <= 31
    assert 0 < store.ttl(f"genhub:rate:{name}") <= WINDOW_SECONDS + 2
    assert set(map(int, store.hvals(f"genhub:rate:{name}"))) == {4, 1}


def test_a_look_counts_nothing_and_is_never_refused(store: Any, name: str) -> None:
    assert take(name, 1, cost=0) == rates.Standing(True, 1, pytest.approx(61, abs=1))  # type: ignore[arg-type]
    take(name, 1)
    look = take(name, 1, cost=0)
    assert look
    assert look.is_within
    assert look.left == 0


def test_without_a_server_a_process_counts_by_itself(settings: Settings, name: str) -> None:
    settings.THROTTLE_URL = "amqp://nowhere"
    found = [take(name, 3) for _ in range(5)]
    assert [each.is_within for each in found if each] == [True] * 3 + [False] * 2
    assert found[-1]
    assert 0 < found[-1].seconds <= WINDOW_SECONDS


@pytest.mark.parametrize("kind", [kind for kind in AWAY if "amqp" not in kind])
def test_a_server_that_is_away_lets_everybody_through(
    settings: Settings, tmp_path: Path, name: str, kind: str
) -> None:
    settings.BROKER_PATIENCE_MS = 100
    throttle.make_counters.cache_clear()
    with away(kind, tmp_path) as url:
        settings.THROTTLE_URL = url
        assert [take(name, 1) for _ in range(3)] == [None] * 3
        assert throttle.counters().find_fault()


def test_a_silent_server_is_waited_for_once_and_asked_again_later(
    settings: Settings, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BROKER_PATIENCE_MS = 100
    # However slow this machine is.
    monkeypatch.setattr(throttle, "AWAY_SECONDS", 3600)
    throttle.make_counters.cache_clear()
    with silent() as server:
        settings.THROTTLE_URL = f"redis://127.0.0.1:{server.port}/0"
        assert [take(name, 1) for _ in range(50)] == [None] * 50
        # Once, not fifty times.
        assert len(server.taken) == 1
    counters = throttle.counters()
    # Its time is up: one asks again, and finds it well.
    counters.away_until, counters.shared = 1.0, throttle.connect(settings.CELERY_BROKER_URL, 5)
    standing = take(name, 1)
    assert standing
    assert standing.is_within
    assert counters.away_until == 0
