"""Orders in doubt in the admin: found, shown with what is known, and settled by whoever may, once, with a reason."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from generation.admin.tasks.page import TaskAdmin
from generation.models import Account, Attempt, Event, Task
from generation.providers.stub import Job
from generation.spec import GenerationSpec
from generation.work.run import run_queue
from tests.admin.conftest import Hire
from tests.steps import attempt_states, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
LIST = "/admin/generation/task/"
REASON = "seen on the vendor's own page"
RIGHTS = ("generation.view_task", "generation.decide_unknown")


@pytest.fixture
def lost(alice: APIClient, stub: Account) -> Task:
    """A task whose order was sent, and no answer came."""
    stub.offers.update(usd_per_picture="0.25")
    task = submit(alice, "stub:lost")
    assert [entry["ended"] for entry in run_queue("local")] == ["unknown"]
    return task


def page(task: Task) -> str:
    return reverse("admin:generation_task_decide", args=[task.pk])


def decide(client: Client, task: Task, **words: str) -> Any:
    return client.post(page(task), {"reason": REASON} | words)


def test_order_in_doubt_is_found_and_says_what_is_known(hire: Hire, lost: Task) -> None:
    staff = hire(*RIGHTS)
    assert str(lost) in staff.get(LIST, {"doubt": "1"}).content.decode()
    shown = staff.get(reverse("admin:generation_task_change", args=[lost.pk])).content.decode()
    assert page(lost) in shown
    asked = staff.get(page(lost)).content.decode()
    attempt = Attempt.objects.get()
    for known in ("0.250000 USD", f"att_{attempt.pk.hex}", "told to lose the answer", "stub"):
        assert known in asked


def test_list_of_doubts_holds_no_other_task(hire: Hire, alice: APIClient) -> None:
    other = submit(alice)
    assert str(other) not in hire(*RIGHTS).get(LIST, {"doubt": "1"}).content.decode()


def test_order_that_the_vendor_has_is_asked_for(hire: Hire, lost: Task) -> None:
    remote_id = Job.of(GenerationSpec.from_json(lost.spec), {}, 0).to_id()
    answer = decide(hire(*RIGHTS), lost, decision="taken", remote_id=remote_id)
    assert (answer.status_code, attempt_states(lost)) == (302, ["waiting"])
    assert [entry["ended"] for entry in run_queue("local")] == ["completed"]
    assert Event.objects.get(task=lost, kind="found").data["by"] == f"dave: {REASON}"


def test_order_that_never_came_there_is_made_anew(hire: Hire, lost: Task) -> None:
    assert decide(hire(*RIGHTS), lost, decision="not_taken").status_code == 302
    assert attempt_states(lost) == ["canceled", "queued"]


def test_order_that_nobody_can_tell_of_gives_the_credits_back(
    hire: Hire, lost: Task, alice: APIClient
) -> None:
    assert decide(hire(*RIGHTS), lost, decision="lost").status_code == 302
    body = alice.get(f"/api/v1/tasks/{lost}").json()
    assert (body["status"], body["error"]["code"]) == ("failed", "answer_lost")
    assert body["credits"]["captured"] == 0


@pytest.mark.parametrize("decision", ["not_taken", "lost"])
def test_decision_that_cannot_be_signed_is_none(
    hire: Hire, lost: Task, monkeypatch: pytest.MonkeyPatch, decision: str
) -> None:
    def fall(*_: Any) -> None:
        raise RuntimeError("no entry")

    monkeypatch.setattr(TaskAdmin, "log_change", fall)
    with pytest.raises(RuntimeError):
        decide(hire(*RIGHTS), lost, decision=decision)
    assert attempt_states(lost) == ["unknown"]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"decision": "taken"}, "remote_id"),
        ({"decision": "taken", "remote_id": "x" * 1001}, "remote_id"),
        ({"decision": "not_taken", "remote_id": "stub-1"}, "remote_id"),
        ({"decision": "lost", "reason": "short"}, "reason"),
        ({"decision": "maybe"}, "decision"),
        ({}, "decision"),
    ],
)
def test_decision_without_its_words_is_refused(
    hire: Hire, lost: Task, words: dict[str, str], field: str
) -> None:
    answer = decide(hire(*RIGHTS), lost, **words)
    assert answer.status_code == 200
    assert field in answer.context["question"].form.errors
    assert attempt_states(lost) == ["unknown"]


def test_doubt_that_was_settled_meanwhile_is_told(hire: Hire, lost: Task) -> None:
    staff = hire(*RIGHTS)
    decide(staff, lost, decision="not_taken")
    shown = staff.get(page(lost)).content.decode()
    assert "Nothing is in doubt here any more." in shown
    decide(staff, lost, decision="lost")
    assert attempt_states(lost) == ["canceled", "queued"]
    assert (
        page(lost)
        not in staff.get(reverse("admin:generation_task_change", args=[lost.pk])).content.decode()
    )


@pytest.mark.parametrize("rights", [RIGHTS[:1], RIGHTS[1:], ("credits.refund_credits", RIGHTS[0])])
def test_others_may_not_decide(hire: Hire, lost: Task, rights: tuple[str, ...]) -> None:
    staff = hire(*rights)
    assert staff.get(page(lost)).status_code == 403
    assert decide(staff, lost, decision="lost").status_code == 403
    assert attempt_states(lost) == ["unknown"]
