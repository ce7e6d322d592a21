"""Refunds that wait: the queue, the second person, and refunds of all that a list of tasks shows."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from credits.models import Kind, Purse, Transfer
from generation.models import Account, RefundBatch, RefundRequest, RefundState, Task
from generation.refunds.bulk import refund_approved
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from tests.admin.conftest import Hire, filled
from tests.books import find_mistakes
from tests.paid_orders import pay

pytestmark = pytest.mark.django_db
REASON = "The star came out as a circle."
ASKER = ("credits.view_purse", "generation.view_task", "credits.refund_credits")
APPROVER = ("generation.approve_refunds",)
Finished = Callable[..., Task]


@pytest.fixture(autouse=True)
def limit(settings: Settings) -> None:
    settings.REFUND_APPROVAL_ABOVE = 20


@pytest.fixture
def dave(hire: Hire) -> Client:
    """Who asks."""
    return hire(*ASKER, name="dave")


@pytest.fixture
def erin(hire: Hire) -> Client:
    """Who approves, and holds no other right."""
    return hire(*APPROVER, name="erin")


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:generation_{name}", args=args)


def hidden(answer: Any, **words: Any) -> dict[str, Any]:
    """Return what the form of a page would post, with a reason and these words filled in."""
    return filled(answer, **{"reason": REASON} | words)


def ask(client: Client, task: Task, **words: Any) -> Any:
    address = page("task_refund", task.pk)
    return client.post(address, hidden(client.get(address), **words), follow=True)


def waiting(dave: Client, finished: Finished) -> RefundRequest:
    """Let dave ask for 30 of a task's 40 credits."""
    ask(dave, finished(num_images=4), amount=30)
    return RefundRequest.objects.get(state=RefundState.PENDING)


def refunds() -> list[int]:
    return list(Transfer.objects.filter(kind=Kind.REFUND).values_list("amount", flat=True))


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_refund_above_the_limit_waits_and_says_so(dave: Client, finished: Finished) -> None:
    task = finished(num_images=4)
    assert "exceed 20 credits with it" in text(dave.get(page("task_refund", task.pk)))
    answer = ask(dave, task, amount=21)
    row = RefundRequest.objects.get()
    assert answer.redirect_chain[-1][0] == page("refundrequest_change", row.pk)
    assert "21 credits wait for a second person" in text(answer)
    # The requester sees why there is nothing to press.
    assert "You asked for this refund yourself" in text(answer)
    assert page("refundrequest_approve", row.pk) not in text(answer)
    assert refunds() == []
    shown = text(dave.get(page("task_change", task.pk)))
    assert "Refund waits" in shown
    assert page("refundrequest_change", row.pk) in shown
    # The same form again adds nothing, and what waits cannot be asked for twice.
    assert RefundRequest.objects.count() == 1
    assert "Another refund of this task waits" in text(ask(dave, task, amount=20))
    assert find_mistakes() == []


def test_the_form_of_a_waiting_refund_counts_once(dave: Client, finished: Finished) -> None:
    task = finished(num_images=4)
    address = page("task_refund", task.pk)
    form = hidden(dave.get(address), amount=30)
    dave.post(address, form)
    answer = dave.post(address, form, follow=True)
    assert "This refund was asked for before: waits for approval." in text(answer)
    assert RefundRequest.objects.count() == 1


def test_another_person_approves_and_the_balance_changes(
    dave: Client, erin: Client, finished: Finished
) -> None:
    row = waiting(dave, finished)
    shown = text(erin.get(page("refundrequest_change", row.pk)))
    assert "<img" in shown
    assert REASON in shown
    address = page("refundrequest_approve", row.pk)
    assert address in shown
    question = erin.get(address).context["question"]
    assert len(question.pictures) == 4
    assert refunds() == []
    answer = erin.post(address, {"reason": "I looked at it too."}, follow=True)
    # Who may not see purses is told of no balance.
    assert "30 credits refunded to alice." in text(answer)
    assert "60 before" not in text(answer)
    assert refunds() == [30]
    assert Purse.objects.get(user="alice").available == 90
    assert find_mistakes() == []
    again = erin.post(address, {"reason": REASON})
    assert "This was decided before" in text(again)
    assert refunds() == [30]


def test_rejecting_moves_nothing(dave: Client, erin: Client, finished: Finished) -> None:
    row = waiting(dave, finished)
    for verb in ("approve", "reject"):
        address = page(f"refundrequest_{verb}", row.pk)
        for reason in ("", "too short", " " * 40):
            answer = erin.post(address, {"reason": reason})
            assert answer.context["question"].form.errors.keys() == {"reason"}
    row.refresh_from_db()
    assert row.state == RefundState.PENDING
    erin.post(page("refundrequest_reject", row.pk), {"reason": "The picture is right."})
    row.refresh_from_db()
    assert (row.state, row.decision) == (RefundState.REJECTED, "The picture is right.")
    answer = erin.post(page("refundrequest_approve", row.pk), {"reason": REASON})
    assert "This was decided before" in text(answer)
    assert refunds() == []
    assert find_mistakes() == []


def test_nobody_approves_an_own_refund_superusers_included(
    boss: Client, dave: Client, finished: Finished
) -> None:
    task = finished(num_images=4)
    ask(boss, task, amount=30)
    row = RefundRequest.objects.get()
    for verb in ("approve", "reject"):
        address = page(f"refundrequest_{verb}", row.pk)
        assert boss.get(address).context["question"].form is None
        assert "You asked for this refund yourself" in text(boss.post(address, {"reason": REASON}))
    row.refresh_from_db()
    assert (row.state, refunds()) == (RefundState.PENDING, [])


@pytest.mark.parametrize(
    "rights", [(), ASKER, ("generation.view_refundrequest", "generation.view_refundbatch")]
)
def test_no_right_no_decision(
    dave: Client, hire: Hire, finished: Finished, rights: tuple[str, ...]
) -> None:
    row = waiting(dave, finished)
    client = hire(*rights, name="frank")
    status = 200 if rights else 403
    assert client.get(page("refundrequest_changelist")).status_code == status
    assert client.get(page("refundrequest_change", row.pk)).status_code == status
    for verb in ("approve", "reject"):
        address = page(f"refundrequest_{verb}", row.pk)
        assert client.get(address).status_code == 403
        assert client.post(address, {"reason": REASON}).status_code == 403
    row.refresh_from_db()
    assert (row.state, refunds()) == (RefundState.PENDING, [])


def test_a_decision_is_posted_with_the_csrf_token(
    dave: Client, erin: Client, finished: Finished
) -> None:
    row = waiting(dave, finished)
    address = page("refundrequest_approve", row.pk)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = erin.cookies
    assert strict.post(address, {"reason": REASON}).status_code == 403
    assert erin.get(address, {"reason": REASON}).status_code == 200
    for key in (new_id(), "nonsense"):
        for name in ("refundrequest_approve", "refundbatch_reject"):
            assert erin.post(page(name, key), {"reason": REASON}).status_code == 404
    assert refunds() == []


def test_the_queue_shows_what_waits_and_the_menu_counts_it(
    dave: Client, erin: Client, finished: Finished
) -> None:
    ask(dave, finished(), amount=10)
    row = waiting(dave, finished)
    shown = text(erin.get(page("refundrequest_changelist")))
    for part in ("30 credits", REASON, "alice", "dave", "waits for approval"):
        assert part in shown
    assert page("task_change", row.task_id) in shown
    assert "10 credits" not in shown
    assert "10 credits" in text(erin.get(page("refundrequest_changelist"), {"state": "all"}))
    assert badges(erin) == [1, 0]
    assert badges(dave) == [1, 0]
    erin.post(page("refundrequest_reject", row.pk), {"reason": REASON})
    assert badges(erin) == [0, 0]


def badges(client: Client) -> list[int]:
    """Return the numbers of the menu's entries for refunds."""
    groups = client.get(reverse("admin:index")).context["sidebar_navigation"]
    desks = (page("refundrequest_changelist"), page("refundbatch_changelist"))
    items = [item for group in groups for item in group["items"]]
    return [item["badge"] for item in items if item["link"] in desks]


def preview(client: Client, **filters: str) -> Any:
    """Go the way of a person: from the filtered list to the preview."""
    listed = client.get(page("task_changelist"), filters)
    entry, *_others = listed.context["actions_list"]
    address = urlparse(entry["path"])
    assert {name: value[0] for name, value in parse_qs(address.query).items()} == filters
    return client.get(entry["path"])


def confirm(client: Client, answer: Any, **words: Any) -> Any:
    return client.post(answer.wsgi_request.get_full_path(), hidden(answer, **words), follow=True)


def test_a_bulk_refund_of_a_filter(
    dave: Client, finished: Finished, rich: Callable[..., Purse], stub: Account
) -> None:
    finished()
    ask(dave, finished(), amount=10)
    finished(prompt="stub:fail")
    mine = pay(rich("bob", 100), stub, 1)
    answer = preview(dave, q="alice")
    facts = {str(name): value for name, value in answer.context["question"].facts.items()}
    assert (facts["Tasks"], facts["With something left"], facts["With nothing left"]) == (3, 1, 2)
    assert facts["Credits left to refund"] == 10
    assert len(answer.context["question"].pictures) == 2
    # Ordered after the preview: not part of it.
    finished()
    shown = confirm(dave, answer)
    assert "1 refunds of 10 credits are under way." in text(shown)
    assert shown["Refresh"] == "2"
    assert "0 of 1 refunds have ended." in text(shown)
    refund_approved()
    batch = RefundBatch.objects.get()
    shown = dave.get(page("refundbatch_change", batch.pk))
    assert "1 of 1 refunds have ended." in text(shown)
    assert "Refresh" not in shown.headers
    assert "is exactly “alice”" in text(shown)
    assert refunds() == [10, 10]
    assert not RefundRequest.objects.filter(task=mine[0]).exists()
    listed = dave.get(
        page("refundrequest_changelist"), {"batch__exact": str(batch.pk), "state": "done"}
    )
    assert "10 credits" in text(listed)
    assert find_mistakes() == []


def test_a_preview_holds_what_the_list_shows(
    dave: Client, finished: Finished, rich: Callable[..., Purse], stub: Account
) -> None:
    task = finished()
    finished(prompt="stub:fail")
    pay(rich("bob", 100), stub, 2)
    Task.objects.filter(pk=task.pk).update(model="another")
    other = Platform.objects.create(code="other", name="Other")
    for filters, tasks, left in (
        ({"state__exact": "failed"}, 1, 0),
        ({"state__exact": "completed"}, 3, 3),
        ({"platform__id__exact": str(task.platform_id)}, 4, 3),
        ({"platform__id__exact": str(other.pk)}, 0, 0),
        ({"model": "another"}, 1, 1),
        ({"created_at__lt": "2020-01-03 00:00:00+00:00"}, 0, 0),
        ({"created_at__gte": "2020-01-03 00:00:00+00:00"}, 4, 3),
        ({"q": "bob", "state__exact": "completed"}, 2, 2),
        ({"q": str(task)}, 1, 1),
    ):
        facts = preview(dave, **filters).context["question"].facts
        shown = {str(name): value for name, value in facts.items()}
        assert (shown["Tasks"], shown["With something left"]) == (tasks, left), filters


def test_a_bulk_above_the_limit_is_approved_as_a_whole(
    dave: Client, erin: Client, rich: Callable[..., Purse], stub: Account
) -> None:
    pay(rich("alice", 100), stub, 3)
    answer = preview(dave, state__exact="completed")
    assert "once a second person approves it" in text(answer)
    shown = confirm(dave, answer)
    assert "3 refunds of 30 credits wait for a second person" in text(shown)
    assert "You asked for this refund yourself" in text(shown)
    batch = RefundBatch.objects.get()
    assert badges(erin) == [0, 1]
    address = page("refundbatch_approve", batch.pk)
    assert dave.post(address, {"reason": REASON}).status_code == 403
    assert "waits for approval" in text(erin.get(page("refundbatch_changelist")))
    # One of them cannot be decided by itself.
    one = batch.requests.all()[0]
    assert erin.get(page("refundrequest_approve", one.pk)).context["question"].form is None
    answer = erin.post(page("refundrequest_approve", one.pk), {"reason": REASON})
    assert "There is no such refund" in text(answer)
    assert refund_approved() == 0
    answer = erin.post(address, {"reason": "The log shows the fault."}, follow=True)
    assert "3 refunds are approved and under way." in text(answer)
    assert refund_approved() == 3
    assert refunds() == [10, 10, 10]
    assert badges(erin) == [0, 0]
    assert find_mistakes() == []


def test_a_preview_that_is_not_true_any_more_is_shown_again(
    dave: Client, rich: Callable[..., Purse], stub: Account
) -> None:
    tasks = pay(rich("alice", 100), stub, 2)
    answer = preview(dave, q="alice")
    ask(dave, tasks[0], amount=4)
    again = confirm(dave, answer)
    assert "The tasks changed since you looked" in text(again)
    assert "Refund 16 credits of 2 tasks" in text(again)
    assert not RefundBatch.objects.exists()
    confirm(dave, again)
    assert RefundBatch.objects.get().total == 16
    # The same form twice: one bulk.
    assert "was confirmed before" in text(confirm(dave, again))
    assert RefundBatch.objects.count() == 1


def test_wrong_confirmations_write_nothing(
    dave: Client, hire: Hire, rich: Callable[..., Purse], stub: Account
) -> None:
    pay(rich("alice", 100), stub, 2)
    assert preview(dave).context["question"].form is None
    assert preview(dave, q="nobody").context["question"].form is None
    answer = preview(dave, q="alice")
    address = answer.wsgi_request.get_full_path()
    for wrong in (
        {"reason": "too short"},
        {"once": "x"},
        {"count": "-1"},
        {"newest": "x"},
        {"total": ""},
    ):
        refused = dave.post(address, hidden(answer) | wrong)
        assert refused.context["question"].form.errors.keys() == wrong.keys()
    for rights in ((), ("generation.view_task",), ("credits.refund_credits",)):
        client = hire(*rights, name=f"frank{len(rights)}{rights}")
        assert client.get(address).status_code == 403
        assert client.post(address, hidden(answer)).status_code == 403
    assert not RefundBatch.objects.exists()
    assert not RefundRequest.objects.exists()
    assert dave.get(page("task_refund_all"), {"state__nonsense": "1"}).status_code == 302


@pytest.mark.parametrize("name", ["refundrequest", "refundbatch"])
def test_nobody_edits_adds_or_deletes_refunds(
    boss: Client, rich: Callable[..., Purse], stub: Account, name: str
) -> None:
    pay(rich("alice", 100), stub, 1)
    confirm(boss, preview(boss, q="alice"))
    rows = (RefundRequest if name == "refundrequest" else RefundBatch).objects.values()
    before = rows.get()
    key = before["id"]
    for action in ("change", "delete"):
        form = {"post": "yes", "state": "done", "amount": 1, "total": 1}
        assert boss.post(page(f"{name}_{action}", key), form).status_code == 403
    assert boss.post(page(f"{name}_add"), {}).status_code == 403
    assert boss.get(page(f"{name}_history", key)).status_code == 200
    assert rows.get() == before
