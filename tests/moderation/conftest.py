"""A list of terms, and a moderation service on loopback that says what a test wants."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from generation.models import Moderator, Term
from generation.moderation.loading import seed_terms
from tests.patience import patience
from tests.providers.vendors.server import Asked, Reply, Server


@pytest.fixture
def terms(db: None) -> None:
    seed_terms()
    Term.objects.create(text="foe moon", kind=Term.Kind.WORD, category="other")


def say(asked: Asked) -> Reply:
    """Answer as OpenAI does: it objects to what holds “weapon”, and to pictures that are red all over."""
    results = []
    for one in asked.json["input"]:
        is_hit = "weapon" in str(one)
        results.append(
            {
                "flagged": is_hit,
                "categories": {"violence": is_hit, "sexual/minors": False, "illicit": None},
                "category_scores": {"violence": 0.9 if is_hit else 0.3, "sexual/minors": 0.0},
            }
        )
    return Reply(body={"id": "modr-1", "model": "omni-moderation-latest", "results": results})


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with Server(say).running() as server:
        yield server


@pytest.fixture
def service(server: Server, db: None) -> Callable[..., Moderator]:
    """Make a service at the server."""

    def make(alias: str = "judge", **words: Any) -> Moderator:
        row = Moderator(
            alias=alias, adapter="openai", **{"base_url": server.url, "answer_seconds": patience(20), **words}
        )  # fmt: skip
        row.take("secret-key-of-the-test")
        row.save()
        return row

    return make
