"""What a provider says, and a hold that has expired, never cost a customer or the operator a second drawing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from credits.expiry import expire_hold
from credits.models import Hold, Purse
from generation.life import attempt_ends, claims, rescue
from generation.models import Attempt, Event, Task
from generation.providers.base import Finished, Submitted, Work
from generation.providers.errors import ProviderError
from generation.providers.stub import StubProvider
from generation.work import run
from tests.books import find_mistakes
from tests.steps import collect, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]

Drawings = list[str]
Say = Callable[[object], Drawings]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Say:
    """Let the provider say this of an `odd` order, as a fact or, if it is an error, by raising it.

    Returns the prompts that it will have drawn.
    """

    def make(odd: object) -> Drawings:
        drawings: Drawings = []
        plain = StubProvider.submit

        def submit(self: StubProvider, work: Work) -> Submitted | Finished:
            drawings.append(work.spec.prompt)
            if work.spec.prompt != "odd":
                return plain(self, work)
            if isinstance(odd, Exception):
                raise odd
            found = plain(self, work)
            assert isinstance(found, Finished)
            return Finished(found.made, found.not_made, {}, {"said": odd})

        monkeypatch.setattr(StubProvider, "submit", submit)
        return drawings

    return make


def work(*tasks: Task) -> None:
    """Let workers come, and their leases run out, more often than they could leave something to do."""
    for _ in range(rescue.MOST_DEATHS + 2):
        run.run_queue("local")
        running = Attempt.objects.filter(state="running")
        running.update(lease_expires_at=Now() - claims.lease())
        rescue.reap()
    for task in tasks:
        task.refresh_from_db()


@pytest.mark.parametrize(
    ("odd", "kept"),
    [(float("nan"), None), ("a\0b", "ab"), ("a\ud800b", "a?b")],
    ids=["nan", "nul", "half a letter"],
)
def test_fact_that_no_column_takes_does_not_cost_what_was_drawn(
    alice: APIClient, say: Say, odd: object, kept: Any
) -> None:
    drawings = say(odd)
    task = submit(alice, "odd")
    work(task)
    assert (drawings, task.state) == (["odd"], "completed")
    assert Attempt.objects.get().facts == {"said": kept}
    assert find_mistakes() == []


def test_order_behind_one_that_cannot_be_published_is_done_by_the_same_job(
    alice: APIClient, say: Say
) -> None:
    drawings = say(object())
    odd, behind = submit(alice, "odd"), submit(alice, "plain")
    assert [task["ended"] for task in run.run_queue("local")] == ["failed", "completed"]
    work(odd, behind)
    assert (odd.state, odd.error_code, behind.state) == ("failed", "generation_failed", "completed")
    assert drawings == ["odd", "plain"]
    purse = Purse.objects.get()
    assert (purse.available, purse.held) == (100 - behind.price, 0)
    assert find_mistakes() == []


def test_history_says_what_was_captured_when_the_hold_had_expired(alice: APIClient) -> None:
    task = submit(alice)
    claim = claims.claim_next("local", worker="tests")
    assert claim
    expire_hold(Hold.objects.get().pk)
    attempt_ends.complete(claim, collect(claim))
    hold = Hold.objects.get()
    assert (hold.captured, hold.overrun) == (0, task.price)
    assert Event.objects.get(task=task, kind="completed").data["captured"] == 0
    assert find_mistakes() == []


def test_error_whose_words_no_column_takes_ends_the_task(alice: APIClient, say: Say) -> None:
    drawings = say(ProviderError("the answer was a\0b\ud800"))
    task = submit(alice, "odd")
    work(task)
    assert (drawings, task.state, task.error_code) == (["odd"], "failed", "generation_failed")
    assert Attempt.objects.get().error_detail == "the answer was ab?"
    assert find_mistakes() == []
