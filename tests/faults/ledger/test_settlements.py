"""Capture, release and expiry race for one hold, and every ending for one task: exactly one settles."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from credits import expiry, ledger
from credits.errors import HoldNotOpen
from credits.models import Hold, Purse, Transfer
from generation.errors import AlreadyEnded
from generation.life import attempt_ends, claims, rescue
from generation.life.claims import LeaseLost
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Event, Task
from generation.states import TASK_ENDS
from tests.books import find_mistakes
from tests.faults.processes import COUNT
from tests.races import together
from tests.steps import collect, submit
from tests.strikes import struck

pytestmark = pytest.mark.django_db(transaction=True)
HOLD_RACES = 1000 if COUNT else 60
TASK_RACES = 1000 if COUNT else 40
MOST_RACES = 10 * TASK_RACES
LATER = datetime.now(UTC) + timedelta(days=60)
ENDS = [Event.Kind.COMPLETED, Event.Kind.CANCELED, Event.Kind.FAILED]


@pytest.mark.timeout(900)
def test_capture_release_and_expiry_of_one_hold_exclude_each_other(
    rich: Callable[..., Purse],
) -> None:
    purse = rich("alice", 10 * HOLD_RACES)
    wins: dict[str, int] = {"capture": 0, "release": 0, "expiry": 0}
    for _ in range(HOLD_RACES):
        hold = ledger.hold(purse.pk, 10, reference=uuid4())
        [[captured, released, expired]] = together(
            partial(ledger.settle, hold, 10),
            partial(ledger.release, hold),
            partial(expiry.expire_holds, LATER),
            lost=[HoldNotOpen],
        )
        won = {"capture": captured == 10, "release": released is None, "expiry": expired == 1}
        assert sum(won.values()) == 1, (captured, released, expired)
        for name, has_won in won.items():
            wins[name] += has_won
    kinds = Transfer.objects.filter(key__startswith="settle:")
    assert kinds.filter(kind="capture").count() == wins["capture"]
    assert kinds.filter(kind="release").count() == wins["release"] + wins["expiry"]
    assert all(wins.values()), f"nothing raced: {wins}"
    purse.refresh_from_db()
    assert (purse.available, purse.held) == (10 * (HOLD_RACES - wins["capture"]), 0)
    assert find_mistakes() == []


@pytest.mark.timeout(1800)
def test_cancel_finish_expiry_and_deadline_of_one_task_settle_once(
    client_of: Callable[..., APIClient], rich: Callable[..., Purse], stub: Account
) -> None:
    rich("alice", 10 * MOST_RACES)
    alice = client_of("alice")
    # Each race in another order, so that each ending comes first now and then: until each did.
    ends: set[str] = set()
    for number in range(MOST_RACES):
        if number >= TASK_RACES and ends == TASK_ENDS:
            break
        task = submit(alice, seed=number)
        claim = claims.claim_next("local", worker="tests")
        assert claim
        delivery = collect(claim)
        Task.objects.filter(pk=task.pk).update(deadline_at=Now())
        acts: list[Callable[[], Any]] = [
            partial(attempt_ends.complete, claim, delivery),
            partial(cancel_task, task.pk),
            partial(expiry.expire_holds, LATER),
            rescue.end_late,
        ]
        turn = number % len(acts)
        together(*acts[turn:], *acts[:turn], lost=[LeaseLost, AlreadyEnded])
        struck("J16")
        task.refresh_from_db()
        assert task.state in TASK_ENDS
        assert Event.objects.filter(task=task, kind__in=ENDS).count() == 1
        hold = Hold.objects.get(reference=task.pk)
        assert hold.state == "settled"
        settled = Transfer.objects.filter(hold=hold, key=f"settle:{hold.pk}")
        assert settled.count() == 1
        # Only a completed task may have been paid for, and then at most once.
        assert hold.captured in ({0, 10} if task.state == "completed" else {0})
        ends.add(task.state)
    assert ends == TASK_ENDS, f"nothing raced: {ends}"
    assert find_mistakes() == []
