"""Staff bring what a vendor made, or take an order out of what it lists: delivered and paid like any other."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from credits.models import Hold
from generation.life import by_hand, rescue
from generation.models import Account, Attempt, Event, Task
from generation.work import by_hand as brought
from generation.work.run import run_queue
from storage.models import Artifact
from tests.admin.conftest import Hire
from tests.books import find_mistakes
from tests.providers.vendors.contract import HTML, picture
from tests.steps import attempt_states, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
REASON = "seen on the vendor's own page"
RIGHTS = ("generation.view_task", "generation.decide_unknown")


def lose(alice: APIClient, words: str = "", **more: Any) -> Task:
    """Have an order lost."""
    task = submit(alice, f"a star stub:lost {words}", **more)
    assert [entry["ended"] for entry in run_queue("local")] == ["unknown"]
    return task


def page(task: Task) -> str:
    return reverse("admin:generation_task_decide", args=[task.pk])


def file(data: bytes | None = None, kind: str = "png") -> SimpleUploadedFile:
    return SimpleUploadedFile(f"made.{kind}", data or picture(kind), f"image/{kind}")


def bring(client: Client, task: Task, *files: SimpleUploadedFile, **words: str) -> Any:
    said = {"reason": REASON, "decision": "brought"} | words
    return client.post(page(task), said | {"pictures": list(files)})


def test_brought_pictures_are_delivered_and_paid(hire: Hire, alice: APIClient) -> None:
    task = lose(alice, num_images=3)
    answer = bring(hire(*RIGHTS), task, file(), file(kind="jpeg"))
    assert answer.status_code == 302
    assert attempt_states(task) == ["succeeded"]
    body = alice.get(f"/api/v1/tasks/{task}").json()
    assert (body["status"], body["result"]["count"]) == ("completed", 2)
    assert Hold.objects.get().captured == 2 * task.unit_price
    found = Event.objects.get(task=task, kind="found").data
    assert found == {"count": 2, "by": f"dave: {REASON}"}
    assert REASON in LogEntry.objects.get().get_change_message()
    assert [row.content_type for row in Artifact.objects.order_by("key")] == ["image/png", "image/jpeg"]  # fmt: skip
    assert find_mistakes() == []


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], {}),
        ([file(HTML)], {}),
        ([file(picture()[:300])], {}),
        ([file(b"GIF89a" + b"\0" * 40, "gif")], {}),
        ([file(), file(HTML)], {}),
        ([file(), file(), file()], {}),
        ([file()], {"decision": "not_taken"}),
        ([file(b"\0")], {}),
    ],
    ids=["none", "html", "truncated", "gif", "one of two", "too many", "another word", "one byte"],
)
def test_what_cannot_be_taken_is_refused_and_the_doubt_stays(
    hire: Hire, alice: APIClient, files: list[SimpleUploadedFile], words: dict[str, str]
) -> None:
    task = lose(alice, num_images=2)
    for one in files:
        one.seek(0)
    answer = bring(hire(*RIGHTS), task, *files, **words)
    assert answer.status_code == 200
    assert "pictures" in answer.context["question"].form.errors
    assert attempt_states(task) == ["unknown"]
    assert Artifact.objects.count() == 0
    assert Hold.objects.get().state == "open"
    # And who tries again with the right ones is heard.
    assert bring(hire(*RIGHTS, name="erin"), task, file()).status_code == 302
    assert attempt_states(task) == ["succeeded"]


def test_a_web_server_that_cannot_look_at_clips_takes_pictures_and_says_where_clips_go(
    hire: Hire, alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brought, "can_look", lambda: False)
    stub.offers.create(alias="film", media_types=["video"], default_width=64, default_height=64, smallest_side=16,
                       durations=[1], default_seconds=1)  # fmt: skip
    film = lose(alice, type="video", model="film")
    staff = hire(*RIGHTS)
    # Whatever a browser calls it.
    for kind in ("video/mp4", "application/octet-stream"):
        clip = SimpleUploadedFile("made", b"no matter", kind)
        answer = bring(staff, film, clip)
        assert answer.status_code == 200
        assert "This server cannot look at clips." in answer.content.decode()
    assert attempt_states(film) == ["unknown"]
    task = lose(alice)
    told = bring(staff, task, SimpleUploadedFile("made", b"no matter", "video/mp4"))
    assert "This server cannot look at clips." not in told.content.decode()
    assert bring(staff, task, file()).status_code == 302
    assert attempt_states(task) == ["succeeded"]


def test_task_that_ends_while_pictures_are_stored_gets_none(
    hire: Hire, alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = lose(alice)
    deliver = by_hand.deliver

    def end_first(*words: Any, **more: Any) -> None:
        assert alice.post(f"/api/v1/tasks/{task}/cancel").status_code == 200
        deliver(*words, **more)

    monkeypatch.setattr(by_hand, "deliver", end_first)
    answer = bring(hire(*RIGHTS), task, file())
    assert "This is known by now" in answer.content.decode()


def test_nobody_else_decides_while_pictures_are_stored(hire: Hire, alice: APIClient) -> None:
    task = lose(alice)
    by_hand.take_over(Attempt.objects.get().pk, by="dave")
    answer = bring(hire(*RIGHTS), task, file())
    assert "Nothing is in doubt here any more." in answer.content.decode()
    # Who took it over has died: the loop leaves the doubt as it was.
    Attempt.objects.update(lease_expires_at="2000-01-01T00:00:00Z")
    assert rescue.reap() == 1
    assert attempt_states(task) == ["unknown"]
    assert Hold.objects.get().state == "open"


def test_pictures_that_cannot_be_signed_for_are_not_delivered(
    hire: Hire, alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from generation.admin.tasks.page import TaskAdmin  # noqa: PLC0415

    task = lose(alice)

    def fall(*_: Any) -> None:
        raise RuntimeError("no entry")

    monkeypatch.setattr(TaskAdmin, "log_change", fall)
    with pytest.raises(RuntimeError):
        bring(hire(*RIGHTS), task, file())
    assert attempt_states(task) == ["unknown"]
    assert Hold.objects.get().captured == 0


def test_vendor_is_asked_and_one_click_takes_what_it_lists(hire: Hire, alice: APIClient) -> None:
    task = lose(alice, "stub:found=2")
    staff = hire(*RIGHTS)
    answer = staff.post(page(task), {"look": "1"}, follow=True)
    shown = answer.content.decode()
    assert "The provider lists 2 orders that it may be." in shown
    first = Attempt.objects.get().suggested[0]["remote_id"]
    assert f'value="{first}"' in shown
    assert staff.post(page(task), {"take": first}).status_code == 302
    assert [entry["ended"] for entry in run_queue("local")] == ["completed"]
    assert Hold.objects.get().captured == task.price
    assert "Chosen of what the provider lists." in LogEntry.objects.get().get_change_message()


def test_id_that_the_vendor_does_not_list_is_not_taken_by_a_click(
    hire: Hire, alice: APIClient
) -> None:
    task = lose(alice, "stub:found=1")
    assert hire(*RIGHTS).post(page(task), {"take": "stub-made-up"}).status_code == 200
    assert attempt_states(task) == ["unknown"]


def test_look_that_is_sure_needs_no_click(hire: Hire, alice: APIClient) -> None:
    task = lose(alice, "stub:found=1")
    hire(*RIGHTS).post(page(task), {"look": "1"})
    assert attempt_states(task) == ["waiting"]


def test_vendor_that_cannot_be_asked_is_told(hire: Hire, alice: APIClient) -> None:
    task = lose(alice, "stub:found=busy")
    answer = hire(*RIGHTS).post(page(task), {"look": "1"}, follow=True)
    assert "The provider could not be asked: told to be busy" in answer.content.decode()
    assert attempt_states(task) == ["unknown"]


@pytest.mark.parametrize("words", [{"look": "1"}, {"take": "stub-1"}])
def test_others_may_not_ask_the_vendor(
    hire: Hire, alice: APIClient, stub: Account, words: dict[str, str]
) -> None:
    task = lose(alice, "stub:found=1")
    assert hire("generation.view_task").post(page(task), words).status_code == 403
    assert attempt_states(task) == ["unknown"]
