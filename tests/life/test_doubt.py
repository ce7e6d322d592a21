"""Orders whose answer was lost: never sent twice, held until the vendor, a person or the deadline ends the doubt."""

import json
from collections.abc import Callable

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from credits.models import Hold
from generation.accounts.callbacks import callback_url
from generation.errors import NotInDoubt
from generation.failures import AnswerLost
from generation.life import claims, rescue, sending, waiting
from generation.models import Account, Attempt, Event, Task
from generation.providers.stub import Job
from generation.spec import GenerationSpec
from generation.work import run
from tests.steps import attempt_states, claim, submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]
REASON = "looked at their page"


@pytest.fixture
def lost(alice: APIClient, stub: Account) -> Task:
    """A task whose order was sent, and no answer came."""
    stub.offers.update(usd_per_picture="0.25")
    task = submit(alice, "stub:lost")
    assert [entry["ended"] for entry in run.run_queue("local")] == ["unknown"]
    return task


def remote_id(task: Task) -> str:
    """The id that the stub would have answered: its order is ready."""
    return Job.of(GenerationSpec.from_json(task.spec), {}, 0).to_id()


def work() -> list[str]:
    return [entry["ended"] for entry in run.run_queue("local")]


def test_lost_answer_is_neither_repeated_nor_given_back(alice: APIClient, lost: Task) -> None:
    assert attempt_states(lost) == ["unknown"]
    rescue.reap()
    rescue.sweep()
    rescue.end_late()
    assert work() == []
    hold = Hold.objects.get()
    assert (hold.state, hold.amount) == ("open", lost.price)
    body = alice.get(f"/api/v1/tasks/{lost}/status").json()
    assert (body["status"], body["paused"]["code"]) == ("processing", "provider_in_doubt")


def test_adapter_that_breaks_once_the_order_may_have_left_leaves_a_doubt(
    alice: APIClient, stub: Account
) -> None:
    task = submit(alice, "stub:break")
    assert work() == ["unknown"]
    assert "ZeroDivisionError" in Attempt.objects.get().error_detail
    assert "ZeroDivisionError" not in str(alice.get(f"/api/v1/tasks/{task}").json())


def test_worker_that_dies_after_sending_leaves_a_doubt(alice: APIClient, stub: Account) -> None:
    task = submit(alice)
    sending.note_sending(claim())
    Attempt.objects.update(lease_expires_at=Now() - claims.lease())
    assert rescue.reap() == 1
    assert attempt_states(task) == ["unknown"]
    assert Event.objects.filter(task=task, kind="unknown").count() == 1


def test_worker_that_dies_before_sending_leaves_none(alice: APIClient, stub: Account) -> None:
    task = submit(alice)
    claim()
    Attempt.objects.update(lease_expires_at=Now() - claims.lease())
    assert rescue.reap() == 1
    assert attempt_states(task) == ["abandoned", "queued"]


def test_callback_finds_the_order(alice: APIClient, lost: Task) -> None:
    url = callback_url(Attempt.objects.get().pk)
    body = json.dumps({"id": remote_id(lost)})
    answer = APIClient().post(url, body, content_type="application/json")
    assert (answer.status_code, answer.content) == (204, b"")
    assert work() == ["completed"]
    assert attempt_states(lost) == ["succeeded"]
    # Too late to change anything, and no news to whoever calls.
    assert APIClient().post(url, body, content_type="application/json").status_code == 204


def test_person_finds_the_order(lost: Task) -> None:
    waiting.decide_taken(Attempt.objects.get().pk, remote_id(lost), by="fay", reason=REASON)
    assert work() == ["completed"]


def test_person_has_it_made_anew(lost: Task) -> None:
    Task.objects.filter(pk=lost.pk).update(spec=lost.spec | {"prompt": "a star"})
    waiting.decide_not_taken(Attempt.objects.get().pk, by="fay", reason=REASON)
    assert attempt_states(lost) == ["canceled", "queued"]
    assert work() == ["completed"]
    found = Event.objects.get(task=lost, kind="not_taken")
    assert found.data == {"by": f"fay: {REASON}"}


def test_person_gives_it_up(alice: APIClient, lost: Task) -> None:
    waiting.decide_lost(Attempt.objects.get().pk, AnswerLost())
    assert attempt_states(lost) == ["canceled"]
    body = alice.get(f"/api/v1/tasks/{lost}").json()
    assert (body["status"], body["error"]["code"]) == ("failed", "answer_lost")
    assert body["cost_usd"] == 0.25
    assert (Hold.objects.get().state, Hold.objects.get().captured) == ("settled", 0)


def test_deadline_gives_the_hold_back_and_books_the_likely_cost(lost: Task) -> None:
    Task.objects.filter(pk=lost.pk).update(deadline_at=Now() - claims.lease())
    assert rescue.end_late() == 1
    lost.refresh_from_db()
    assert (lost.state, lost.error_code, str(lost.cost_usd)) == (
        "failed",
        "deadline_exceeded",
        "0.250000",
    )
    assert Hold.objects.get().captured == 0


DECISIONS: dict[str, Callable[[Attempt], None]] = {
    "taken": lambda row: waiting.decide_taken(row.pk, "stub-1", by="fay", reason=REASON),
    "not taken": lambda row: waiting.decide_not_taken(row.pk, by="fay", reason=REASON),
    "lost": lambda row: waiting.decide_lost(row.pk, AnswerLost()),
}


@pytest.mark.parametrize("decide", DECISIONS.values(), ids=DECISIONS)
@pytest.mark.parametrize("first", DECISIONS.values(), ids=DECISIONS)
def test_doubt_is_settled_once(
    lost: Task, first: Callable[[Attempt], None], decide: Callable[[Attempt], None]
) -> None:
    attempt = Attempt.objects.get()
    first(attempt)
    with pytest.raises(NotInDoubt):
        decide(attempt)
