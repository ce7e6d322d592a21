"""The hub that the workers of these tests work for."""

from collections.abc import Callable, Iterator

import pytest
from rest_framework.test import APIClient

from credits.models import Purse
from generation.accounts.seed import seed_local_provider
from tests.books import find_mistakes
from tests.faults.processes import COUNT

# Minutes of drawing and of waiting for watchdogs: the full run has them.
collect_ignore = [] if COUNT else ["test_batches.py", "test_hangs.py", "test_memory.py"]


@pytest.fixture
def carol(
    db: None, client_of: Callable[..., APIClient], rich: Callable[..., Purse]
) -> Iterator[APIClient]:
    """A customer with enough credits, whose books are right at the end."""
    seed_local_provider()
    rich("carol", 1_000_000)
    yield client_of("carol")
    assert find_mistakes() == []
