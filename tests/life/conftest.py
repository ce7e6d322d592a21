"""What tests of an order's life share."""

from collections.abc import Callable, Iterator
from typing import cast

import pytest

from credits.models import Purse
from generation.models import Provider
from generation.providers import registry
from generation.services.heart import Drain, draining
from genhub.lib.ids import new_id
from tests.books import find_mistakes
from tests.life.easel import Easel


@pytest.fixture
def drain() -> Iterator[Drain]:
    """Whether workers should end soon; unset again after the test."""
    yield draining
    draining.clear()


@pytest.fixture
def right_books(rich: Callable[..., Purse], drain: Drain) -> Iterator[None]:
    """Credits for alice, and books that are right at the end."""
    rich("alice", 10_000)
    yield
    assert find_mistakes() == []


@pytest.fixture
def easel(db: None, monkeypatch: pytest.MonkeyPatch) -> Easel:
    """A provider that draws in batches, as the test tells it to; its model is the hub's default in tests."""
    name = f"easel-{new_id().hex}"
    monkeypatch.setitem(registry.ADAPTERS, name, "tests.life.easel.Easel")
    provider = Provider.objects.create(alias="easel", adapter=name, queue="local")
    provider.models.create(alias="z-image-small", default_width=64, default_height=64,
                           smallest_side=16, largest_side=1024)  # fmt: skip
    return cast("Easel", registry.get_adapter(name))
