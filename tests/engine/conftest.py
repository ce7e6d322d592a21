"""One engine for the engine's tests: to load the small model takes a second."""

from collections.abc import Iterator

import pytest

from generation.accounts.seed import SMALL
from generation.providers.base import AccountSettings
from generation.providers.local import LocalProvider


@pytest.fixture(scope="session")
def shared_provider() -> LocalProvider:
    return LocalProvider(AccountSettings("local", options={"threads": 1, "largest_batch": 8}))


@pytest.fixture
def provider(shared_provider: LocalProvider) -> Iterator[LocalProvider]:
    # Before a test pretends anything: what is loaded then stays.
    shared_provider.engine.stock.have(SMALL)
    yield shared_provider
    shared_provider.engine._largest.clear()
