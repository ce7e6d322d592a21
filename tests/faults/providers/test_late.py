"""P10: vendors that are done after the task has ended: nobody pays, and staff see what came."""

import json

import pytest
from django.core.files.storage import default_storage
from rest_framework.test import APIClient

from generation.accounts.callbacks import callback_url
from generation.models import Account, Attempt, Event, LateOutput, Task
from generation.work import run, storing
from genhub.retention import erasing
from genhub.retention.models import Erasure
from storage.models import Artifact
from tests.books import find_mistakes
from tests.faults.processes import COUNT
from tests.faults.providers.vendor import Vendor, check, order, pass_deadline, work, work_on
from tests.providers.vendors.contract import b64
from tests.providers.vendors.server import Asked, Reply
from tests.races import together
from tests.steps import submit

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = COUNT or 1


def answer_late(
    dora: APIClient, vendor: Vendor, item: str, *, cancel: bool = False
) -> tuple[Task, list[str]]:
    """Order, let the task end while the vendor works, then let it answer; return how the worker says it ended."""
    task = order(dora)

    def respond(asked: Asked) -> Reply:
        # The order is here, and its answer is not; another connection ends the task.
        together(end)
        return Reply(body={"data": [{"b64_json": item}]})

    def end() -> None:
        if cancel:
            assert dora.post(f"/api/v1/tasks/{task}/cancel").status_code == 200
        else:
            pass_deadline(task)

    vendor.respond = respond
    return task, work()


def test_late_picture_is_kept_for_staff_and_charged_to_nobody(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    for _ in range(TIMES):
        vendor.billed.clear()
        task, ended = answer_late(dora, vendor, b64())
        assert ended == ["late"]
        check(vendor, task, state="failed", captured=0)
        assert str(task.cost_usd) == "0.250000"
        kept = LateOutput.objects.get(attempt__task=task)
        assert default_storage.exists(kept.artifact.key)
        assert Attempt.objects.get(task=task).late_at is not None
        assert Event.objects.get(task=task, kind="late").data == {"count": 1}
        body = dora.get(f"/api/v1/tasks/{task}").json()
        assert body["status"] == "failed"
        assert kept.artifact.pk.hex not in str(body)
        assert dora.get(f"/api/v1/tasks/{task}/result").status_code == 409


def test_what_was_cancelled_by_its_owner_is_not_kept(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    task, ended = answer_late(dora, vendor, b64(), cancel=True)
    assert ended == ["stopped"]
    check(vendor, task, state="canceled", captured=0)
    assert (LateOutput.objects.count(), Artifact.objects.count()) == (0, 0)


def test_nothing_is_kept_of_a_user_whose_data_was_deleted_meanwhile(
    dora: APIClient, vendor: Vendor, account: Account
) -> None:
    task = order(dora)

    def end() -> None:
        pass_deadline(task)
        row = erasing.ask(task.platform_id, task.user, by="tests")
        erasing.erase_asked()
        row.refresh_from_db()
        assert row.state == Erasure.State.DONE

    def respond(asked: Asked) -> Reply:
        together(end)
        return Reply(body={"data": [{"b64_json": b64()}]})

    vendor.respond = respond
    assert work() == ["stopped"]
    assert (LateOutput.objects.count(), Artifact.objects.count()) == (0, 0)
    assert find_mistakes() == []


@pytest.mark.parametrize("item", ["*" * 300, "PGh0bWw+" * 40])
def test_late_answer_without_a_picture_is_nothing(
    dora: APIClient, vendor: Vendor, account: Account, item: str
) -> None:
    task, _ = answer_late(dora, vendor, item)
    check(vendor, task, state="failed", captured=0)
    assert LateOutput.objects.count() == 0


def test_late_picture_that_cannot_be_stored_harms_nobody(
    dora: APIClient, vendor: Vendor, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("the store is away")

    monkeypatch.setattr(storing, "save_output", refuse)
    monkeypatch.setattr(storing, "MOST_TRIES_TO_STORE", 1)
    task, ended = answer_late(dora, vendor, b64())
    assert ended == ["stopped"]
    check(vendor, task, state="failed", captured=0)
    assert LateOutput.objects.count() == 0


def test_callback_after_the_deadline_is_noted_once(dora: APIClient, stub: Account) -> None:
    task = submit(dora, "stub:lost")
    assert [entry["ended"] for entry in run.run_queue("local")] == ["unknown"]
    pass_deadline(task)
    url = callback_url(Attempt.objects.get().pk)
    for _ in range(2):
        body = json.dumps({"id": "stub-late"})
        assert APIClient().post(url, body, content_type="application/json").status_code == 204
    assert Event.objects.get(task=task, kind="late").data == {"remote_id": "stub-late"}
    task.refresh_from_db()
    assert task.state == "failed"
    assert work_on() == []
