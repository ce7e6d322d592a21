"""Short texts at hand: a bounded number in the process, for an hour in the broker's server, and never in the way."""

from itertools import count

import pytest
from pytest_django import Settings

from generation.selectors import drawn
from genhub.lib import throttle
from genhub.lib.ids import new_id
from genhub.lib.levels import Levels

names = count()


def levels(*, most: int = 3, seconds: int = 3600, name: str = "") -> Levels:
    return Levels(name or f"tests-{next(names)}", most=most, seconds=seconds)


def test_process_holds_the_last_few_alone() -> None:
    found = levels()
    for number in range(1000):
        found.put(f"key{number}", "text")
        # What is asked for stays.
        assert found.get("key0") == "text"
    assert list(found.own) == ["key998", "key999", "key0"]
    found.forget("key0")
    assert (found.get("key0"), len(found.own)) == ("", 2)
    assert (drawn.AT_HAND.most, drawn.AT_HAND.seconds) == (100, 3600)


def test_processes_share_what_the_server_forgets_by_itself(settings: Settings) -> None:
    settings.THROTTLE_URL = settings.CELERY_BROKER_URL
    here = levels()
    there = levels(name=here.name)
    key = f"{'a' * 64}.1"
    here.put(key, new_id().hex)
    assert there.get(key) == here.get(key) != ""
    server = throttle.counters().shared
    assert server
    connection = server.storage.get_connection()  # type: ignore[attr-defined]  # of a RedisStorage
    whole = f"genhub-{here.name}-{key}"
    assert 3500 < connection.ttl(whole) <= 3600
    # A million of these are 0.3 GB at most, for an hour.
    assert connection.memory_usage(whole) < 300
    there.forget(key)
    here.own.clear()
    assert here.get(key) == ""


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1/0"])
def test_without_the_server_the_process_knows_its_own(settings: Settings, url: str) -> None:
    settings.THROTTLE_URL, settings.BROKER_PATIENCE_MS = url, 100
    throttle.make_counters.cache_clear()
    found = levels()
    found.put("key", "text")
    assert (found.get("key"), found.get("other")) == ("text", "")
    throttle.make_counters.cache_clear()
