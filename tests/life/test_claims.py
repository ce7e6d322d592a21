"""Who may write: a lease, a token, and nobody else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.life import attempt_ends, claims, doorbell, dues, rescue
from generation.life.claims import LeaseLost
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Attempt, Event, Output, Share, Task
from generation.providers.errors import ProviderError
from generation.work import run
from generation.work.batch import gather, make
from generation.work.process import Drain
from tests.books import find_mistakes
from tests.easel import Easel
from tests.steps import attempt_states, claim, collect, submit
from tests.strikes import struck

pytestmark = pytest.mark.django_db


def let_lease_run_out() -> None:
    Attempt.objects.filter(state="running").update(lease_expires_at=Now() - claims.lease())


def test_claimed_attempt_is_not_claimed_again(alice: APIClient, stub: Account) -> None:
    submit(alice)
    claim()
    assert claims.claim_next("local", worker="other") is None


def test_claim_puts_its_task_to_work_and_says_so_once(alice: APIClient, stub: Account) -> None:
    task = submit(alice)
    held = claim()
    task.refresh_from_db()
    assert task.state == "processing"
    began = task.started_at
    assert began is not None
    event = Event.objects.get(task=task, kind="claimed")
    assert (event.attempt_id, event.data) == (held.attempt_id, {"worker": "tests"})

    # The next one says so, too, and the task began with the first.
    let_lease_run_out()
    assert rescue.reap() == 1
    fresh = claim()
    task.refresh_from_db()
    assert task.started_at == began
    told = Event.objects.filter(task=task, kind="claimed").order_by("id")
    assert [one.attempt_id for one in told] == [held.attempt_id, fresh.attempt_id]


def test_claim_asks_the_database_four_times(
    alice: APIClient, stub: Account, django_assert_num_queries: Any
) -> None:
    """Taken and told in one; then the rows, what the model is able to, and whom to tell of a first one. Two more are
    the savepoint's."""
    submit(alice)
    with django_assert_num_queries(4 + 2):
        claim()


def test_other_queues_are_left_alone(alice: APIClient, stub: Account) -> None:
    submit(alice)
    assert claims.claim_next("remote", worker="tests") is None


def test_live_lease_is_not_reaped(alice: APIClient, stub: Account) -> None:
    submit(alice)
    claim()
    assert rescue.reap() == 0


def test_stale_worker_writes_nothing(alice: APIClient, stub: Account) -> None:
    task = submit(alice)
    stale = claim()
    delivery = collect(stale)
    let_lease_run_out()
    assert rescue.reap() == 1
    with pytest.raises(LeaseLost):
        claims.heartbeat(stale, progress=0.5)
    with pytest.raises(LeaseLost):
        attempt_ends.complete(stale, delivery)
    with pytest.raises(LeaseLost):
        attempt_ends.fail(stale, ProviderError("late"))
    task.refresh_from_db()
    assert task.state == "processing"
    assert not Output.objects.exists()
    assert attempt_states(task) == ["abandoned", "queued"]
    assert find_mistakes() == []

    fresh = claim()
    attempt_ends.complete(fresh, collect(fresh))
    task.refresh_from_db()
    assert task.state == "completed"
    assert find_mistakes() == []


def test_finish_twice_captures_once(alice: APIClient, stub: Account) -> None:
    submit(alice)
    held = claim()
    delivery = collect(held)
    attempt_ends.complete(held, delivery)
    with pytest.raises(LeaseLost):
        attempt_ends.complete(held, delivery)
    balance = alice.get("/api/v1/credits").json()
    assert (balance["available"], balance["held"]) == (90, 0)
    assert find_mistakes() == []


def test_cancel_stops_a_running_worker(alice: APIClient, stub: Account) -> None:
    task = submit(alice)
    held = claim()
    cancel_task(task.pk)
    with pytest.raises(LeaseLost):
        claims.heartbeat(held, progress=0.1)
    with pytest.raises(LeaseLost):
        attempt_ends.complete(held, collect(held))
    assert attempt_states(task) == ["canceled"]
    assert alice.get("/api/v1/credits").json()["available"] == 100
    assert find_mistakes() == []


def test_fourth_death_quarantines_and_gives_back(alice: APIClient, stub: Account) -> None:
    task = submit(alice)
    for _ in range(4):
        claim()
        let_lease_run_out()
        assert rescue.reap() == 1
    struck("J18")
    task.refresh_from_db()
    assert (task.state, task.error_code) == ("failed", "quarantined")
    assert claims.claim_next("local", worker="tests") is None
    answer = alice.get(f"/api/v1/tasks/{task}").json()
    assert "4 times" in answer["error"]["message"]
    assert answer["credits"]["released"] == 10
    assert Event.objects.filter(task=task, kind="abandoned").count() == 4
    assert find_mistakes() == []


def test_third_death_does_not_end_the_task(alice: APIClient, stub: Account) -> None:
    task = submit(alice)
    for _ in range(3):
        claim()
        let_lease_run_out()
        rescue.reap()
    assert run.run_queue("local")[0]["ended"] == "completed"
    assert attempt_states(task) == ["abandoned"] * 3 + ["succeeded"]
    assert find_mistakes() == []


def test_late_task_ends_and_gives_back(alice: APIClient, stub: Account) -> None:
    task = submit(alice)
    Task.objects.filter(pk=task.pk).update(deadline_at=Now())
    assert rescue.end_late() == 1
    assert rescue.end_late() == 0
    task.refresh_from_db()
    assert (task.state, task.error_code) == ("failed", "deadline_exceeded")
    assert find_mistakes() == []


def test_busy_provider_is_tried_again_three_times(alice: APIClient, stub: Account) -> None:
    task = submit(alice, "stub:retry")
    for _ in range(5):
        Attempt.objects.filter(state="queued").update(run_at=Now())
        run.run_queue("local")
    task.refresh_from_db()
    assert task.state == "failed"
    assert attempt_states(task) == ["failed"] * 4
    assert find_mistakes() == []


def test_retry_waits_for_its_time(alice: APIClient, stub: Account) -> None:
    submit(alice, "stub:retry")
    run.run_queue("local")
    row = Attempt.objects.get(state="queued")
    Attempt.objects.filter(pk=row.pk).update(run_at=Now() + claims.lease())
    assert claims.claim_next("local", worker="tests") is None


def test_failing_store_fails_the_task_not_the_worker(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("storage.services.default_storage.save", no_space)
    task = submit(alice)
    for _ in range(4):
        Attempt.objects.filter(state="queued").update(run_at=Now())
        run.run_queue("local")
    task.refresh_from_db()
    assert (task.state, task.error_code) == ("failed", "store_failed")
    assert find_mistakes() == []


def test_ended_rows_cannot_be_moved_by_anybody(alice: APIClient, stub: Account) -> None:
    task = submit(alice)
    run.run_queue("local")
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.filter(pk=task.pk).update(state="pending")
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.filter(task=task).update(state="queued")


def test_capped_share_waits_while_others_run(
    alice: APIClient, mallory: APIClient, stub: Account
) -> None:
    first, second = submit(alice), submit(alice)
    Share.objects.filter(user="alice").update(cap=1)
    other = submit(mallory)
    taken = [claim().task_id for _ in range(2)]
    assert set(taken) == {first.pk, other.pk}
    assert claims.claim_next("local", worker="tests") is None
    assert second.state == "pending"


@pytest.mark.parametrize(("cap", "is_due"), [(0, False), (1, False), (2, True), (None, True)])
def test_nobody_is_called_for_what_may_not_run(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch, cap: int | None, is_due: bool
) -> None:
    submit(alice)
    submit(alice)
    claim()
    Share.objects.update(cap=cap)
    rung: list[str] = []

    def ring(queue: str) -> bool:
        rung.append(queue)
        return True

    monkeypatch.setattr(doorbell, "ring", ring)
    assert dues.is_due("local") == is_due
    assert rescue.sweep() == len(rung) == is_due


def test_priority_goes_first_and_users_take_turns(
    alice: APIClient, mallory: APIClient, stub: Account
) -> None:
    for _ in range(4):
        submit(alice)
    late = submit(mallory)
    urgent = submit(mallory, priority="high")
    order = [claim().task_id for _ in range(3)]
    assert order[0] == urgent.pk
    assert late.pk in order[1:3]


def test_newcomer_has_no_credit_for_time_away(
    rich: Callable[..., Any], alice: APIClient, mallory: APIClient, stub: Account
) -> None:
    for _ in range(3):
        submit(alice)
        run.run_queue("local")
    submit(mallory)
    submit(alice)
    starts = dict(Share.objects.values_list("user", "virtual_start"))
    assert starts["alice"] == starts["mallory"] == 3


@pytest.mark.django_db(transaction=True)
def test_broken_adapter_fails_the_task_at_once(alice: APIClient, easel: Easel) -> None:
    task = submit(alice, "break")
    assert run.run_queue("local")[0]["ended"] == "failed"
    attempt = Attempt.objects.get(task=task)
    assert "ZeroDivisionError" in attempt.error_detail
    assert "ZeroDivisionError" not in str(alice.get(f"/api/v1/tasks/{task}").json())
    assert find_mistakes() == []


def test_draining_worker_gives_back_what_takes_too_long(
    alice: APIClient, stub: Account, settings: Any, drain: Drain
) -> None:
    task = submit(alice)
    held = claim()
    settings.DRAIN_SECONDS = -1
    drain.set()
    ended = run.run_batch(gather(held, is_patient=False), make).result()
    assert [task["ended"] for task in ended] == ["handed_back"]
    assert run.run_queue("local") == []
    drain.clear()
    assert attempt_states(task) == ["canceled", "queued"]
    assert not Event.objects.filter(task=task, kind="abandoned").exists()
    assert run.run_queue("local")[0]["ended"] == "completed"
    assert find_mistakes() == []


def test_retaken_attempt_keeps_its_place(alice: APIClient, stub: Account) -> None:
    first = submit(alice)
    claim()
    submit(alice)
    let_lease_run_out()
    rescue.reap()
    assert claim().task_id == first.pk


def test_deaths_do_not_use_up_retries(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempt_ends, "delay", lambda failures, told: 60)
    task = submit(alice, "stub:retry")
    for _ in range(2):
        claim()
        let_lease_run_out()
        rescue.reap()
    assert run.run_queue("local")[0]["ended"] == "processing"
    assert attempt_states(task) == ["abandoned", "abandoned", "failed", "queued"]


def test_one_row_that_cannot_be_rescued_does_not_stop_the_others(
    alice: APIClient, mallory: APIClient, stub: Account
) -> None:
    submit(alice)
    other = submit(mallory)
    Task.objects.update(deadline_at=Now())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE credits_purse SET held = 0 WHERE \"user\" = 'alice'")
    assert rescue.end_late() == 1
    other.refresh_from_db()
    assert other.state == "failed"


def test_capped_share_does_not_hold_back_virtual_time(
    client_of: Callable[..., APIClient], rich: Callable[..., Any], stub: Account
) -> None:
    users = {name: client_of(name) for name in ("alice", "bob", "mallory")}
    for name in users:
        rich(name, 1000)
    submit(users["alice"])
    submit(users["alice"])
    Share.objects.filter(user="alice").update(cap=1)
    claim()
    for _ in range(6):
        submit(users["mallory"])
        claim()
    submit(users["mallory"])
    submit(users["bob"])
    starts = dict(Share.objects.values_list("user", "virtual_start"))
    assert starts["bob"] == starts["mallory"]


@pytest.mark.parametrize("code", ["quarantined", "not_found", "x" * 80])
def test_failure_codes_of_others_are_not_taken_over(
    alice: APIClient, stub: Account, code: str
) -> None:
    task = submit(alice)
    attempt_ends.fail(claim(), ProviderError("odd", code=code))
    answer = alice.get(f"/api/v1/tasks/{task}")
    assert answer.json()["error"]["code"] == "generation_failed"
