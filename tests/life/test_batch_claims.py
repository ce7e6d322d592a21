"""A batch takes what claims would have served next, and of that only what fits; nobody waits for anybody."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from rest_framework.test import APIClient

from credits.models import Purse
from generation.life import batch_claims, claims
from generation.life.batch_claims import claim_candidates, find_candidates
from generation.life.claims import Claim
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Attempt, Event, Share, Task
from generation.spec import GenerationSpec
from generation.states import TASK_ENDS
from generation.work import batch
from tests.books import find_mistakes
from tests.easel import Easel, Gate
from tests.races import together
from tests.steps import claim, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("easel")]
in_the_open = pytest.mark.django_db(transaction=True)
ROUNDS = 4


@pytest.fixture(autouse=True)
def wealth(rich: Callable[..., Purse]) -> None:
    rich("alice", 100_000)
    rich("mallory", 100_001)


def take(
    first: Claim, most: int = 100, fits: Callable[[GenerationSpec], bool] | None = None
) -> list[Any]:
    """Claim companions and return their tasks' ids."""
    chosen = find_candidates(first, fits or (lambda spec: True), most)
    found = claim_candidates(first, chosen, worker="tests")
    return [companion.task_id for companion in found]


def one_by_one() -> Iterator[Any]:
    """Yield the tasks' ids as single claims would serve them."""
    while found := claims.claim_next("local", worker="tests"):
        yield found.task_id


def test_companions_come_in_the_order_of_single_claims(
    alice: APIClient, mallory: APIClient
) -> None:
    for number in range(1, 5):
        submit(alice, num_images=number)
    for client, number in ((mallory, 3), (mallory, 1), (alice, 1), (mallory, 2)):
        submit(client, num_images=number, priority="high" if number == 2 else "normal")
    first = claim()
    with transaction.atomic():
        served = list(one_by_one())
        transaction.set_rollback(True)
    assert len(served) == 7
    assert take(first) == served


def test_counts_and_turns_are_those_of_single_claims(alice: APIClient, mallory: APIClient) -> None:
    for client in (alice, alice, mallory, alice, mallory):
        submit(client, num_images=2)
    first = claim()

    def counts() -> list[Any]:
        return list(Share.objects.order_by("pk").values("waiting", "running", "virtual_start"))

    with transaction.atomic():
        list(one_by_one())
        single = counts()
        transaction.set_rollback(True)
    take(first)
    assert counts() == single
    assert find_mistakes() == []


def test_companions_are_claimed_like_any_other(alice: APIClient) -> None:
    tasks = [submit(alice), submit(alice), submit(alice)]
    first = claim()
    chosen = find_candidates(first, lambda spec: True, 8)
    [second, third] = claim_candidates(first, chosen, worker="tests")
    rows = Attempt.objects.order_by("pk")
    assert {(row.state, row.worker, row.lease_token, row.batch_size) for row in rows} == {
        ("running", "tests", 1, 3)
    }
    for task in tasks:
        task.refresh_from_db()
    assert {task.state for task in tasks} == {"processing"}
    assert {task.started_at is None for task in tasks} == {False}
    assert Event.objects.filter(kind="claimed").count() == 3
    assert (second.card, third.spec.model, second.owner_id) == (
        first.card, first.spec.model, first.owner_id
    )  # fmt: skip
    for held in (first, second, third):
        claims.heartbeat(held, progress=0.5)


def test_only_what_fits_is_taken(alice: APIClient, easel: Easel) -> None:
    for number, width in enumerate((64, 128, 64, 128, 64)):
        submit(alice, f"picture {number}", width=width)
    first = claim()
    taken = take(first, fits=lambda spec: spec.width == 64)
    assert [Task.objects.get(pk=pk).spec["prompt"] for pk in taken] == ["picture 2", "picture 4"]


@pytest.mark.parametrize(
    "other", ["model", "provider", "queue", "alone", "not due", "canceled", "another's"]
)
def test_what_may_not_be_taken_is_left(alice: APIClient, other: str) -> None:
    submit(alice)
    task = submit(alice)
    first = claim()
    row = Attempt.objects.filter(task=task)
    match other:
        case "model":
            Task.objects.filter(pk=task.pk).update(model="another")
        case "provider":
            row.update(account=Account.objects.create(alias="b", adapter="stub", queue="local"))
        case "queue":
            Share.objects.update(queue="remote")
        case "alone":
            row.update(isolated=True)
        case "not due":
            row.update(run_at=Now() + claims.lease())
        case "canceled":
            cancel_task(task.pk)
        case _:
            claim()
    assert take(first) == []
    assert Attempt.objects.get(pk=first.attempt_id).batch_size == 1


def test_room_is_counted_in_pictures(alice: APIClient) -> None:
    submit(alice)
    tasks = [submit(alice, num_images=number) for number in (2, 3, 1, 1)]
    assert take(claim(), 4) == [tasks[0].pk, tasks[2].pk, tasks[3].pk]


def test_cap_of_a_share_holds_in_a_batch(alice: APIClient, mallory: APIClient) -> None:
    for client in (alice, alice, alice, alice, mallory):
        submit(client)
    Share.objects.filter(user="alice").update(cap=2)
    first = claim()
    while first.task_id not in set(Task.objects.filter(user="alice").values_list("pk", flat=True)):
        first = claim()
    users = Task.objects.filter(pk__in=take(first)).values_list("user", flat=True)
    assert list(users).count("alice") == 1
    assert Share.objects.get(user="alice").running == 2


def test_what_may_not_run_takes_no_room_in_a_batch(alice: APIClient, mallory: APIClient) -> None:
    first = submit(alice, priority="high")
    mine = [submit(alice, priority="high") for _ in range(3)]
    others = [submit(mallory) for _ in range(2)]
    Share.objects.filter(user="alice").update(cap=2)
    held = claim()
    assert held.task_id == first.pk
    assert take(held, 3) == [mine[0].pk, others[0].pk, others[1].pk]


def test_look_is_bounded(
    alice: APIClient, mallory: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [submit(alice), submit(alice), submit(alice), submit(mallory), submit(mallory)]
    first = claim()
    monkeypatch.setattr(batch_claims, "MOST_CANDIDATES", 2)
    assert [
        found.attempt_id for found in batch_claims.find_candidates(first, lambda spec: True, 9)
    ] == [Attempt.objects.get(task=task).pk for task in (tasks[3], tasks[1])]
    monkeypatch.setattr(batch_claims, "MOST_CANDIDATES", 64)
    monkeypatch.setattr(batch_claims, "MOST_ROWS_SEEN", 1)
    assert len(take(first)) == 2


def test_claim_that_was_lost_takes_nobody_along(alice: APIClient) -> None:
    submit(alice)
    submit(alice)
    first = claim()
    Attempt.objects.filter(pk=first.attempt_id).update(lease_token=F("lease_token") + 1)
    assert take(first) == []
    assert Attempt.objects.filter(state="queued").count() == 1


def test_what_another_took_meanwhile_is_left(alice: APIClient) -> None:
    for _ in range(3):
        submit(alice)
    firsts = [claim(), claim()]
    chosen = batch_claims.find_candidates(firsts[0], lambda spec: True, 8)
    assert len(claim_candidates(firsts[1], chosen, worker="faster")) == 1
    assert claim_candidates(firsts[0], chosen, worker="slower") == []
    assert Attempt.objects.get(pk=chosen[0].attempt_id).worker == "faster"


@in_the_open
@pytest.mark.parametrize("held", ["share", "task"])
def test_companions_wait_for_nobody(alice: APIClient, mallory: APIClient, held: str) -> None:
    tasks = {submit(client).pk for client in (alice, mallory)}
    first = claim()
    [other] = tasks - {first.task_id}
    canceling = Gate()

    def cancel_slowly() -> None:
        with transaction.atomic():
            if held == "task":
                Task.objects.select_for_update().get(pk=other)
            else:
                cancel_task(other)
            canceling.pass_through()

    def claim_meanwhile() -> None:
        canceling.await_arrival()
        assert take(first) == []
        canceling.open()

    together(cancel_slowly, claim_meanwhile)
    assert find_mistakes() == []


@in_the_open
def test_workers_that_meet_never_share_an_attempt(alice: APIClient, mallory: APIClient) -> None:
    for _ in range(ROUNDS):
        for client in (alice, mallory) * 5:
            submit(client)
        Share.objects.filter(user="alice").update(cap=3)
        firsts = [claim(), claim()]
        taken = together(*[partial(take, first, 4) for first in firsts])[0]
        found = [first.task_id for first in firsts] + [pk for some in taken for pk in some]  # type: ignore[attr-defined]
        assert len(found) == len(set(found))
        assert Attempt.objects.filter(state="running").count() == len(found)
        assert Share.objects.get(user="alice").running <= 3
        # A worker that met the other one went away with less, never with a wait; together they took somebody.
        assert len(found) > 2
        for left in Task.objects.exclude(state__in=TASK_ENDS):
            cancel_task(left.pk)
    assert find_mistakes() == []


@in_the_open
def test_locked_companions_are_waited_for_no_longer_than_the_setting_says(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    class Waits:
        """Waits at once, and remembers how long it would have been."""

        def wait(self, seconds: float) -> bool:
            waits.append(seconds)
            return False

    monkeypatch.setattr(batch, "draining", Waits())
    submit(alice, "first")
    submit(alice, "locked")
    first, locked = claim(), Gate()

    def lock() -> None:
        with transaction.atomic():
            Attempt.objects.select_for_update().get(state="queued")
            locked.pass_through()
        connection.close()

    holder = threading.Thread(target=lock)
    holder.start()
    locked.await_arrival()
    assert batch.gather(first, is_patient=True).members == [first]
    locked.open()
    holder.join()
    assert waits == [0.005]
    assert len(batch.gather(first, is_patient=False).members) == 2
