"""Submit, cancel, finish, fail and reap at once: one ending each, no deadlock, books in order."""

from collections.abc import Callable
from functools import partial

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from credits.models import Purse
from generation.errors import AlreadyEnded
from generation.life import attempt_ends, claims, rescue
from generation.life.claims import Claim, LeaseLost
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Attempt, Task
from generation.providers.errors import ProviderError
from generation.states import TASK_ENDS
from generation.work import run
from tests.books import find_mistakes
from tests.races import together
from tests.steps import collect, submit
from tests.strikes import struck

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 12


@pytest.mark.parametrize("ending", ["complete", "fail", "quarantine"])
def test_endings_race_with_cancel_and_a_submit_of_the_same_user(
    client_of: Callable[..., APIClient], rich: Callable[..., Purse], stub: Account, ending: str
) -> None:
    rich("alice", 10_000)
    alice = client_of("alice")
    for round_number in range(ROUNDS):
        task = submit(alice, seed=round_number)
        claim = claims.claim_next("local", worker="tests")
        assert claim
        assert claim.task_id == task.pk
        end: Callable[[], object]
        if ending == "complete":
            end = partial(attempt_ends.complete, claim, collect(claim))
        elif ending == "fail":
            end = partial(attempt_ends.fail, claim, ProviderError("told to"))
        else:
            Attempt.objects.filter(pk=claim.attempt_id).update(
                lease_expires_at=Now() - claims.lease()
            )
            rescue.MOST_DEATHS = 0
            end = rescue.reap
        try:
            order = partial(submit, alice)
            acts = (end, partial(cancel_task, task.pk), order, order)
            together(*acts, lost=[LeaseLost, AlreadyEnded])
            struck("J16")
        finally:
            rescue.MOST_DEATHS = 3
        task.refresh_from_db()
        assert task.state in TASK_ENDS
        for left in Task.objects.exclude(state__in=TASK_ENDS):
            cancel_task(left.pk)
    assert find_mistakes() == []


def test_claims_that_meet_each_get_a_row(
    client_of: Callable[..., APIClient],
    rich: Callable[..., Purse],
    stub: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As patient as a machine under load may need; one look alone leaves three of four empty-handed.
    monkeypatch.setattr(run, "MOST_LOOKS", 1000)
    rich("alice", 10_000)
    alice = client_of("alice")
    for _ in range(ROUNDS):
        for _ in range(4):
            submit(alice)
        claimed: list[Claim | None] = []
        together(*[partial(claim_into, claimed)] * 4)
        struck("J15")
        assert None not in claimed
        assert len(claimed) == 4
        for task in Task.objects.exclude(state__in=TASK_ENDS):
            cancel_task(task.pk)


def claim_into(claimed: list[Claim | None]) -> None:
    claimed.append(run.claim_patiently("local"))
