"""A web server with its events process, and alice's way to follow."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.api.refusals import header_of
from tests.front.web import Web
from tests.live.streams import Follow, Follower, serving_both
from tests.servers import leave_to_whole

UNEXPECTED = ("unhandled error", "Traceback", "could not be", "ERROR")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests together: to start what they share takes longer than most of them."""
    leave_to_whole(items, __file__)


@pytest.fixture(scope="package")
def started(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Both processes for all tests here: none leaves anything in them."""
    with serving_both(tmp_path_factory.mktemp("live"), EVENTS_STREAMS_PER_KEY="3") as web:
        yield web


@pytest.fixture
def web(started: Web, transactional_db: None) -> Iterator[Web]:
    """The web server; what either process logs as an error fails the test."""
    logs = [started.log, started.log.with_name("events.log")]
    known = [log.stat().st_size for log in logs]
    yield started
    said = [log.read_bytes()[size:].decode() for log, size in zip(logs, known, strict=True)]
    lines = [line for text in said for line in text.splitlines()]
    assert not [line for line in lines if any(word in line for word in UNEXPECTED)]


@pytest.fixture
def follow(web: Web, alice: APIClient) -> Iterator[Follow]:
    """Open a stream as alice, or as another client; all are closed at the end."""
    opened: list[Follower] = []

    def open_stream(path: str, client: APIClient = alice, **headers: Any) -> Follower:
        words = {"Authorization": header_of(client)["HTTP_AUTHORIZATION"], **headers}
        opened.append(Follower(web, path, words))
        return opened[-1]

    yield open_stream
    for follower in opened:
        follower.leave()


@pytest.fixture
def ask(web: Web, alice: APIClient) -> Callable[..., Any]:
    """Ask for what is no stream as alice, or as another client."""

    def get(path: str, client: APIClient | None = alice, **headers: str) -> Any:
        named = {"Authorization": header_of(client)["HTTP_AUTHORIZATION"]} if client else {}
        return web.ask("GET", path, headers=named | headers)

    return get


@pytest.fixture
def logs(started: Web) -> Path:
    return started.log.parent
