"""Staff cancel many tasks at once, ticked or of a filter: seen first, with a reason, each once, money given back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from credits.selectors import find_balance
from generation.life import bulk_cancels
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, BulkCancel, RefundBatch, Task
from generation.work.run import run_queue
from genhub.lib.ids import new_id
from tests.admin.conftest import Hire, filled

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "The vendor draws grey pictures today."
LIST = reverse("admin:generation_task_changelist")
CANCEL = reverse("admin:generation_task_cancel_all")
REFUND = reverse("admin:generation_task_refund_all")
RIGHTS = ("generation.view_task", "generation.cancel_task")
WAITING = {"state__exact": "pending"}


@pytest.fixture
def order(alice: APIClient, stub: Account) -> Callable[..., Task]:
    """An order of alice that waits, for 10 of her 100 credits."""

    def make(**words: Any) -> Task:
        body = {"prompt": "a star", "seed": 7} | words
        answer = alice.post("/api/v1/generate", body, format="json")
        assert answer.status_code == 202, answer.json()
        return Task.objects.get(pk=answer.json()["id"].removeprefix("task_"))

    return make


def tick(client: Client, deed: str, *tasks: Any, **words: Any) -> Any:
    said = {"action": deed, "_selected_action": [str(getattr(t, "pk", t)) for t in tasks]}
    return client.post(LIST, said | words)


def confirm(client: Client, query: dict[str, Any], **words: Any) -> Any:
    shown = client.get(CANCEL, query)
    address = shown.wsgi_request.get_full_path()
    return client.post(address, filled(shown, reason=REASON) | words)


def states(*tasks: Task) -> list[str]:
    return [Task.objects.get(pk=task.pk).state for task in tasks]


def available(task: Task) -> int:
    return find_balance(task.platform_id, task.user).available


def test_ticked_tasks_are_shown_then_canceled_one_by_one(hire: Hire, order: Any) -> None:
    done = order()
    run_queue("local")
    first, second, other = (order(prompt=f"{number} stars") for number in range(3))
    clerk = hire(*RIGHTS, "generation.view_bulkcancel")
    led = tick(clerk, "cancel_ticked", done, first, second)
    shown = clerk.get(led.url)
    facts = shown.context["question"].facts
    assert facts["Filter"] == "<div>3 ticked tasks</div>"
    assert "alice @ Shop: 2 tasks, 20 credits" in facts["Users"]
    assert facts["Tasks that nobody works on yet"] == 2
    assert facts["Tasks that have ended: they stay as they are"] == 1
    assert facts["Credits held that go back"] == 20
    answer: Any = clerk.post(led.url, filled(shown, reason=REASON))
    bulk = BulkCancel.objects.get()
    assert set(bulk.tasks) == {first.pk, second.pk}
    assert states(first, second) == ["pending", "pending"], "the page waits for the loops"
    page = clerk.get(answer.url)
    assert page["Refresh"] == "2"
    assert page.context["progress"]["percent"] == 0
    before = available(first)
    assert bulk_cancels.cancel_asked() == 2
    assert states(done, first, second, other) == ["completed", "canceled", "canceled", "pending"]
    assert available(first) == before + 20
    assert bulk_cancels.cancel_asked() == 0
    page = clerk.get(answer.url)
    assert "Refresh" not in page
    assert page.context["progress"]["percent"] == 100
    ((_word, count, where),) = page.context["progress"]["lines"]
    assert count == 2
    assert {t.pk for t in clerk.get(where).context["cl"].result_list} == {first.pk, second.pk}


def test_each_history_says_who_and_why(hire: Hire, order: Any) -> None:
    task = order()
    clerk = hire(*RIGHTS)
    confirm(clerk, WAITING)
    bulk_cancels.cancel_asked()
    told = {e.object_id: (e.user.get_username(), e.change_message) for e in LogEntry.objects.all()}
    assert told[str(task.pk)] == ("dave", f"Canceled with 1 tasks: {REASON}")
    assert REASON in told[str(BulkCancel.objects.get().pk)][1]
    assert REASON in clerk.get(reverse("admin:generation_task_change", args=[task.pk])).content.decode()  # fmt: skip


def test_each_deed_needs_its_right(hire: Hire, order: Any) -> None:
    task = order()
    viewer = hire("generation.view_task", name="erin")
    for deed in ("cancel_ticked", "refund_ticked"):
        tick(viewer, deed, task)
    assert viewer.get(CANCEL, WAITING).status_code == 403
    assert viewer.post(f"{CANCEL}?state__exact=pending", {"reason": REASON}).status_code == 403
    assert "Cancel all of these" not in viewer.get(LIST).content.decode()
    assert hire("generation.cancel_task", name="frank").get(CANCEL, WAITING).status_code == 403
    assert not BulkCancel.objects.exists()
    canceler = hire(*RIGHTS)
    html = canceler.get(LIST).content.decode()
    assert "Cancel the ticked ones" in html
    assert "Refund the ticked ones" not in html
    page = reverse("admin:generation_bulkcancel_changelist")
    assert (canceler.get(page).status_code, viewer.get(page).status_code) == (200, 403)


def test_ticked_refunds_are_of_these_alone(hire: Hire, finished: Any) -> None:
    one, other = finished(), finished()
    clerk = hire("generation.view_task", "credits.refund_credits")
    led = tick(clerk, "refund_ticked", one, select_across="1")
    assert led.url.startswith(REFUND)
    shown = clerk.get(led.url)
    assert shown.context["question"].facts["Filter"] == "<div>1 ticked task</div>"
    clerk.post(led.url, filled(shown, reason=REASON))
    batch = RefundBatch.objects.get()
    assert [r.task_id for r in batch.requests.all()] == [one.pk]
    assert other.pk != one.pk


def test_no_reason_cancels_nothing(hire: Hire, order: Any) -> None:
    order()
    assert confirm(hire(*RIGHTS), WAITING, reason="short").status_code == 200
    assert not BulkCancel.objects.exists()


def test_no_filter_means_no_task(hire: Hire, order: Any) -> None:
    order()
    clerk = hire(*RIGHTS)
    for query in ({}, {"q": " "}, {"gallery": "1"}):
        shown = clerk.get(CANCEL, query)
        assert "Choose a filter in the list first" in shown.content.decode()
        assert shown.context["question"].form is None
    led: Any = clerk.get(CANCEL, {"nonsense": "1"})
    assert led.url == LIST
    assert clerk.get(CANCEL, {"bulk_cancel": str(new_id())}).context["question"].form is None


def test_what_is_no_task_is_refused(hire: Hire, order: Any) -> None:
    order()
    clerk = hire(*RIGHTS)
    for wrong in ("nonsense", "", "1", "\0"):
        told = tick(clerk, "cancel_ticked", wrong)
        assert told.status_code == 302
        assert "what was ticked is no task" in clerk.get(LIST).content.decode()
    shown: Any = clerk.get(CANCEL, {"id__in": "nonsense"})
    assert shown.url == LIST


def test_what_has_ended_offers_nothing(hire: Hire, order: Any) -> None:
    task = order()
    cancel_task(task.pk)
    shown = hire(*RIGHTS).get(CANCEL, {"id__in": str(task.pk)})
    assert shown.context["question"].form is None
    assert "all of these tasks have ended" in shown.content.decode()


def test_what_ended_meanwhile_is_left_alone(hire: Hire, order: Any) -> None:
    first, second = order(), order()
    clerk = hire(*RIGHTS)
    shown = clerk.get(CANCEL, WAITING)
    cancel_task(first.pk)
    address = shown.wsgi_request.get_full_path()
    assert clerk.post(address, filled(shown, reason=REASON)).status_code == 302
    assert BulkCancel.objects.get().tasks == [second.pk]
    cancel_task(second.pk)
    assert bulk_cancels.cancel_asked() == 0
    assert BulkCancel.objects.get().ended_at
    again = clerk.post(address, filled(shown, reason=REASON, once=str(new_id())))
    assert "all of these tasks have ended" in again.content.decode()


def test_no_more_is_canceled_than_was_seen(hire: Hire, order: Any) -> None:
    first, second = order(), order()
    clerk = hire(*RIGHTS)
    query = {"id__in": f"{first.pk},{second.pk}"}
    refused = confirm(clerk, query, count="1")
    assert "2 tasks would be canceled, more than you were shown" in refused.content.decode()
    assert not BulkCancel.objects.exists()
    said = filled(refused, reason=REASON)
    assert said["count"] == "2"
    assert clerk.post(refused.wsgi_request.get_full_path(), said).status_code == 302


def test_orders_since_the_preview_are_not_part_of_it(hire: Hire, order: Any) -> None:
    first = order()
    clerk = hire(*RIGHTS)
    shown = clerk.get(CANCEL, WAITING)
    order()
    clerk.post(shown.wsgi_request.get_full_path(), filled(shown, reason=REASON))
    assert BulkCancel.objects.get().tasks == [first.pk]


def test_double_click_asks_once_and_a_key_is_its_owners(hire: Hire, order: Any) -> None:
    order()
    clerk = hire(*RIGHTS)
    shown = clerk.get(CANCEL, WAITING)
    address, said = shown.wsgi_request.get_full_path(), filled(shown, reason=REASON)
    places: list[Any] = [clerk.post(address, said) for _ in range(2)]
    assert places[0].url == places[1].url
    assert "was confirmed before" in clerk.get(LIST).content.decode()
    stranger = hire(*RIGHTS, name="erin").post(address, said)
    assert "This was done before, differently" in stranger.content.decode()
    assert BulkCancel.objects.count() == 1


def test_too_many_are_refused_before_and_after_the_preview(
    hire: Hire, order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = order(), order()
    clerk = hire(*RIGHTS)
    shown = clerk.get(CANCEL, WAITING)
    monkeypatch.setattr("generation.admin.tasks.cancel_many.MOST_TASKS", 1)
    assert "At most 1." in clerk.get(CANCEL, WAITING).content.decode()
    monkeypatch.setattr("generation.admin.tasks.cancel_many.MOST_TASKS", 2)
    monkeypatch.setattr(bulk_cancels, "MOST_TASKS", 1)
    refused = clerk.post(shown.wsgi_request.get_full_path(), filled(shown, reason=REASON))
    assert "At most 1." in refused.content.decode()
    assert states(first, second) == ["pending", "pending"]


def test_one_turn_takes_some_and_the_next_goes_on(
    hire: Hire, order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [order() for _ in range(3)]
    confirm(hire(*RIGHTS), WAITING)
    monkeypatch.setattr(bulk_cancels, "MOST_AT_A_TIME", 2)
    assert [bulk_cancels.cancel_asked() for _ in range(3)] == [2, 1, 0]
    assert states(*tasks) == ["canceled"] * 3
