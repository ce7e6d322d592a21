"""A receiver, an endpoint of the shop there, and a sender without memory of earlier tests."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from generation.work.run import run_queue
from genhub.lib import fetch, posting
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints
from genhub.webhooks.models import Endpoint, EventType
from genhub.webhooks.pump import Pump
from tests.webhooks.receiver import Receiver, allowed, receiving


@pytest.fixture(autouse=True)
def _close_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test calls by connections of its own, closed behind it."""
    made: list[Any] = []
    make = fetch.client_for.__wrapped__

    @cache
    def client_for(hosts: frozenset[str]) -> Any:
        made.append(make(hosts))
        return made[-1]

    monkeypatch.setattr(posting, "client_for", client_for)
    yield
    for client in made:
        client.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found, allowed(found):
        yield found


@pytest.fixture
def secret_of(shop: Platform) -> Callable[..., tuple[Endpoint, str]]:
    """Make an endpoint that asks for everything; without an address, the one of orders."""

    def make(url: str = "", **words: object) -> tuple[Endpoint, str]:
        events = words.pop("events", EventType.values)
        return endpoints.create(shop.pk, url=url, events=events, **words)  # type: ignore[arg-type]

    return make


@pytest.fixture
def pump() -> Iterator[Pump]:
    """A sender of this test."""
    found = Pump()
    yield found
    if found.pool:
        found.pool.shutdown()


@pytest.fixture
def draw() -> Callable[[], object]:
    """Have what waits drawn."""
    return lambda: run_queue("local")
