"""Orders that a vendor works on: handed over, waited for without a sleeper, asked for, stored; or cancelled."""

import math
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.models.functions import Now
from rest_framework.test import APIClient

from credits.models import Hold
from generation.life import claims, rescue, sending, waiting
from generation.life.claims import LeaseLost
from generation.models import Account, Attempt, Event, Share, Task
from generation.providers.base import Submitted, Waiting
from generation.providers.errors import ProviderError, Sent
from generation.providers.stub import Job, StubProvider
from generation.work import poll, run
from storage.models import Artifact
from tests.steps import attempt_states, submit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("right_books", "stub"),
]
FOR_EVER = "stub:wait=1000000"


pause_of = waiting.pause_of


@pytest.fixture(autouse=True)
def offer(stub: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """What orders cost; and nothing is due before a test says so."""
    stub.offers.update(usd_per_picture="0.25")
    monkeypatch.setattr(waiting, "pause_of", lambda turn, told: 3600)


def work() -> list[str]:
    """Let a worker come once, and return how what it did ended."""
    return [entry["ended"] for entry in run.run_queue("local")]


def be_due() -> None:
    """Let the time pass until each order is to be asked for."""
    Attempt.objects.filter(state="waiting").update(run_at=Now())


def kinds(task: Task) -> list[str]:
    return list(Event.objects.filter(task=task).order_by("id").values_list("kind", flat=True))


def test_order_is_handed_over_waited_for_and_delivered(alice: APIClient) -> None:
    task = submit(alice, "stub:wait=0", num_images=2)
    assert work() == ["waiting"]
    attempt = Attempt.objects.get()
    assert (attempt.state, attempt.lease_expires_at) == ("waiting", None)
    assert attempt.remote_id.startswith("stub-")
    assert attempt.sending_at is not None
    be_due()
    assert work() == ["completed"]
    assert attempt_states(task) == ["succeeded"]
    assert kinds(task) == ["submitted", "routed", "claimed", "waiting", "completed"]
    body = alice.get(f"/api/v1/tasks/{task}").json()
    assert (body["status"], body["result"]["count"]) == ("completed", 2)
    assert body["cost_usd"] == 0.5
    assert Hold.objects.get().captured == body["credits"]["captured"] > 0


def test_nobody_works_while_a_vendor_does_and_its_progress_is_seen(alice: APIClient) -> None:
    task = submit(alice, FOR_EVER)
    assert work() == ["waiting"]
    assert work() == []
    job = Job.from_id(Attempt.objects.get().remote_id)
    began = job.ready_at - 2 * (job.ready_at - job.began_at)
    half = Job(**{**vars(job), "began_at": began})
    Attempt.objects.update(remote_id=half.to_id())
    be_due()
    assert work() == ["waiting"]
    body = alice.get(f"/api/v1/tasks/{task}/status").json()
    assert body["status"] == "processing"
    assert body["progress"] == pytest.approx(0.5, abs=0.01)
    # Its user has it at work all the while.
    share = Share.objects.get()
    assert (share.waiting, share.running) == (0, 1)


@pytest.mark.parametrize(
    ("said", "shown"), [(math.nan, 0.0), (math.inf, 1.0), (-3.0, 0.0), (7.5, 1.0), (0.25, 0.25)]
)
def test_progress_is_a_share_whatever_a_vendor_says(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch, said: float, shown: float
) -> None:
    task = submit(alice, FOR_EVER)
    work()
    be_due()
    monkeypatch.setattr(StubProvider, "poll", lambda self, remote_id: Waiting(said))
    assert work() == ["waiting"]
    assert alice.get(f"/api/v1/tasks/{task}/status").json()["progress"] == shown


def test_files_are_stored_and_seeds_may_be_unknown(alice: APIClient) -> None:
    task = submit(alice, "stub:file=png stub:revise")
    assert work() == ["completed"]
    [image] = alice.get(f"/api/v1/tasks/{task}/result").json()["images"]
    assert (image["seed"], image["seed_text"]) == (None, None)
    assert image["revised_prompt"] == "a picture, as the stub understands it"
    assert Artifact.objects.get().content_type == "image/png"


def test_poll_that_fails_for_now_is_repeated_and_nothing_is_ordered_again(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = submit(alice, "stub:wait=0")
    plain = StubProvider.poll
    said: list[Exception] = [
        ProviderError("busy", retryable=True, sent=Sent.YES),
        ProviderError("no answer", sent=Sent.MAYBE),
        ZeroDivisionError("words that nobody understands"),
    ]

    def fail_first(self: StubProvider, remote_id: str) -> Any:
        if said:
            raise said.pop(0)
        return plain(self, remote_id)

    monkeypatch.setattr(StubProvider, "poll", fail_first)
    ended = []
    for _ in range(5):
        ended += work()
        be_due()
    assert ended == [*["waiting"] * 4, "completed"]
    assert attempt_states(task) == ["succeeded"]


def test_vendor_that_says_no_fails_the_task(alice: APIClient) -> None:
    task = submit(alice, "stub:wait=0 stub:fail")
    work()
    be_due()
    assert work() == ["failed"]
    task.refresh_from_db()
    assert (task.state, task.error_code) == ("failed", "generation_failed")
    assert Hold.objects.get().captured == 0


def test_files_that_cannot_be_stored_are_fetched_again(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = submit(alice, "stub:wait=0")
    work()
    be_due()
    with monkeypatch.context() as patch:
        patch.setattr("generation.work.storing.save_output", lambda *_, **__: 1 / 0)
        patch.setattr("generation.work.storing.MOST_TRIES_TO_STORE", 1)
        assert work() == ["waiting"]
    be_due()
    assert work() == ["completed"]
    assert attempt_states(task) == ["succeeded"]


def test_what_came_at_once_and_cannot_be_stored_is_not_paid_for_twice(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = submit(alice)
    tries: list[int] = []

    def refuse(*_: Any, **__: Any) -> None:
        tries.append(1)
        raise OSError("the store is away")

    monkeypatch.setattr("generation.work.storing.save_output", refuse)
    monkeypatch.setattr("generation.work.trying.draining.wait", lambda seconds: False)
    assert work() == ["failed"]
    assert attempt_states(task) == ["failed"]
    assert len(tries) == 3


def test_worker_that_dies_while_it_asks_leaves_the_order_to_the_next(alice: APIClient) -> None:
    task = submit(alice, FOR_EVER)
    work()
    be_due()
    batch = poll.claim_polls("local")
    assert batch is not None
    [stale] = batch.members
    for _ in range(rescue.MOST_DEATHS + 2):
        Attempt.objects.filter(state="running").update(lease_expires_at=Now() - claims.lease())
        assert rescue.reap() == 1
        assert attempt_states(task) == ["waiting"]
        assert poll.claim_polls("local") is not None
    with pytest.raises(LeaseLost):
        waiting.wait(stale, Waiting())
    assert Attempt.objects.get().isolated


def test_poll_waits_for_nobody_who_ends_the_task(alice: APIClient) -> None:
    """A cancel locks the task before its attempts: a poll that waited for it with an attempt in hand would meet it."""
    submit(alice, FOR_EVER)
    work()
    be_due()
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT 1 FROM generation_task FOR UPDATE")
        assert poll.claim_polls("local") is None
        other.rollback()
    assert poll.claim_polls("local") is not None


@pytest.mark.parametrize(
    ("said", "cost"), [("", 0.0), ("stub:cancel=billed", 0.25), ("stub:cancel=unknown", 0.25)]
)
def test_cancel_is_told_to_the_vendor_and_its_cost_is_kept(
    alice: APIClient, said: str, cost: float
) -> None:
    task = submit(alice, f"{FOR_EVER} {said}")
    work()
    assert alice.post(f"/api/v1/tasks/{task}/cancel").status_code == 200
    # What it may cost stands there until the vendor has spoken.
    assert alice.get(f"/api/v1/tasks/{task}").json()["cost_usd"] == 0.25
    assert waiting.list_due_queues() == ["local"]
    assert work() == []
    assert waiting.list_due_queues() == []
    assert alice.get(f"/api/v1/tasks/{task}").json()["cost_usd"] == cost
    assert kinds(task)[-2:] == ["canceled", "cancel_told"]
    assert Hold.objects.get().captured == 0


def test_vendor_that_is_too_busy_for_a_cancel_is_told_again(alice: APIClient) -> None:
    task = submit(alice, f"{FOR_EVER} stub:cancel=busy")
    work()
    alice.post(f"/api/v1/tasks/{task}/cancel")
    assert work() == []
    assert Attempt.objects.get().needs_cancel
    assert waiting.list_due_queues() == []
    Attempt.objects.update(run_at=Now())
    assert waiting.list_due_queues() == ["local"]


def test_order_that_is_cancelled_while_it_is_handed_over_is_cancelled_there_too(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = submit(alice, FOR_EVER)
    plain = StubProvider.submit

    def submit_late(self: StubProvider, order: Any) -> Any:
        alice.post(f"/api/v1/tasks/{task}/cancel")
        return plain(self, order)

    monkeypatch.setattr(StubProvider, "submit", submit_late)
    assert work() == ["stopped"]
    attempt = Attempt.objects.get()
    assert (attempt.state, attempt.needs_cancel) == ("canceled", False)
    assert attempt.remote_id.startswith("stub-")
    assert kinds(task)[-1] == "cancel_told"


def test_account_that_is_switched_off_is_still_asked_for_what_is_paid(
    alice: APIClient, stub: Account
) -> None:
    task = submit(alice, "stub:wait=0")
    work()
    stub.is_enabled = False
    stub.save()
    stub.offers.all().delete()
    be_due()
    assert work() == ["completed"]
    assert attempt_states(task) == ["succeeded"]


@pytest.mark.parametrize(
    ("turn", "told", "least", "most"),
    [
        (1, None, 1, 2), (3, None, 4, 5), (99, None, 30, 31), (1, 0, 0, 0), (1, 5, 5, 6), (1, 1e9, 300, 301),
        (1, float("nan"), 1, 2), (1, float("inf"), 1, 2), (1, -3, 1, 2),
        (4, 5, 5, 6), (8, 5, 10, 11), (24, 5, 30, 31), (999, 5, 30, 31), (999, 60, 60, 61), (999, 0, 0, 0),
    ],
)  # fmt: skip
def test_pause_between_polls_is_bounded(
    turn: int, told: float | None, least: float, most: float
) -> None:
    assert least <= pause_of(turn, told) <= most


def test_loop_rings_for_what_is_due(alice: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    submit(alice, FOR_EVER)
    work()

    def ring(queue: str) -> bool:
        rung.append(queue)
        return True

    monkeypatch.setattr("generation.life.doorbell.ring", ring)
    Attempt.objects.update(run_at=Now() + claims.lease())
    assert rescue.ring_due() == 0
    be_due()
    assert rescue.ring_due() == 1
    assert rung == ["local"]


def test_late_answers_of_a_stale_worker_change_nothing(alice: APIClient) -> None:
    submit(alice, FOR_EVER)
    held = claims.claim_next("local", worker="tests")
    assert held is not None
    Attempt.objects.update(lease_token=9)
    writes: list[Callable[[], Any]] = [
        lambda: sending.note_sending(held),
        lambda: waiting.wait(held, Submitted("stub-1")),
        lambda: waiting.doubt(held, "lost"),
    ]
    for write in writes:
        with pytest.raises(LeaseLost):
            write()
    waiting.cancel_unwanted(held, "stub-1")
    attempt = Attempt.objects.get()
    assert (attempt.state, attempt.remote_id, attempt.needs_cancel) == ("running", "", False)
