"""A moderation service that misbehaves as it likes: nothing that nobody judged is taken, seen, or paid for."""

import random
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from credits.models import Hold
from generation.models import Account, Finding, Moderator, Output, Task
from generation.moderation import standing
from generation.work.run import run_queue
from storage.models import Artifact
from tests.easel import Easel
from tests.faults.processes import COUNT
from tests.providers.vendors.server import Asked, Cut, Reply, Server, Silence

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(1800),
    pytest.mark.usefixtures("right_books"),
]
ORDERS = 300 if COUNT else 12


def result(*, is_hit: bool) -> Any:
    return {"flagged": is_hit, "categories": {"violence": is_hit}, "category_scores": {}}


class Moody:
    """A service that is honest, objects, lies, or does not answer, by lot; it notes what it let pass."""

    def __init__(self, seed: int) -> None:
        self.lots = random.Random(seed)
        self.passed = 0

    def respond(self, asked: Asked) -> Reply:
        """Answer by lot."""
        inputs = asked.json["input"]
        honest = Reply(body={"results": [result(is_hit=False) for _ in inputs]})
        chosen = self.lots.choice(
            [
                honest, honest, honest,
                Reply(body={"results": [result(is_hit=True) for _ in inputs]}),
                Reply(body={"results": []}), Reply(body={"results": [{"flagged": "maybe"}]}), Reply(500), Reply(429),
                Reply(200, b"{" * 100_000), Reply(200, b" " * 10 * 2**20), Silence(), Cut(body={"results": [result(is_hit=False)]}),
            ]
        )  # fmt: skip
        self.passed += chosen is honest
        return chosen


def test_nothing_unjudged_is_taken_seen_or_paid(
    alice: APIClient, easel: Easel, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    # It is asked each time, however often it failed.
    monkeypatch.setattr(standing, "MOST_FAILURES", 10**6)
    moody = Moody(7)
    with Server(moody.respond).running() as server:
        Moderator.objects.create(
            alias="moody", adapter="openai", base_url=server.url, checks_pictures=True
        )
        statuses = []
        for number in range(ORDERS):
            before = moody.passed
            body = {"prompt": f"star {number}", "num_images": 2}
            answer = alice.post("/api/v1/generate", body, format="json")
            statuses.append(answer.status_code)
            # Taken where it was let pass, and nowhere else.
            assert (answer.status_code == 202) is (moody.passed == before + 1), answer.json()
            if answer.status_code != 202:
                told = (answer.status_code, answer.json()["code"])
                assert told in {(422, "prompt_refused"), (503, "moderation_unavailable")}
        taken = moody.passed
        assert statuses.count(202) == taken == Task.objects.count()
        run_queue("local")
    assert {202, 503} <= set(statuses) <= {202, 422, 503}
    assert Account.objects.get().failures == 0
    delivered = Output.objects.filter(artifact__isnull=False).count()
    assert delivered == moody.passed - taken
    assert Artifact.objects.filter(withheld_at=None).count() == delivered
    withheld = Finding.objects.filter(outcome="blocked").count()
    assert (
        withheld
        == Artifact.objects.filter(withheld_at__isnull=False).count()
        == 2 * taken - delivered
    )
    paid = Hold.objects.filter(captured__gt=0)
    assert sum(paid.values_list("captured", flat=True)) == 10 * delivered
