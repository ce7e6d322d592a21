"""One web server for each test that asks for it."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image
from rest_framework.test import APIClient

from credits.models import Purse
from generation.models import Account
from tests.api.refusals import header_of
from tests.front.web import Web, serving
from tests.servers import leave_to_whole

UNEXPECTED = ("unhandled error", "Internal Server Error", "ERROR asyncio", "Exception in")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests together: to start what they share takes longer than most of them."""
    leave_to_whole(items, __file__)


@pytest.fixture(scope="package")
def started(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One server for all tests here: none leaves anything in it."""
    with serving(tmp_path_factory.mktemp("web") / "web.log") as server:
        yield server


@pytest.fixture
def web(started: Web, transactional_db: None) -> Iterator[Web]:
    """A web server; what it logs as an error fails the test."""
    known = started.log.stat().st_size
    yield started
    log = started.log.read_bytes()[known:].decode()
    assert not [line for line in log.splitlines() if any(word in line for word in UNEXPECTED)]


@pytest.fixture
def picture() -> bytes:
    """A picture that is whole."""
    out = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 30)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def bearer(
    client_of: Callable[..., APIClient], rich: Callable[..., Purse], stub: Account
) -> dict[str, Any]:
    """The headers of alice, who has credits."""
    rich("alice", 100)
    return {"Authorization": header_of(client_of("alice"))["HTTP_AUTHORIZATION"]}
