"""Staff take a picture down: its files go for good, links say 410, the app is told, its share may be paid back."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from generation.models import Task
from generation.refunds.errors import NothingToRefund
from genhub.platforms.models import Platform
from genhub.retention import holds
from genhub.users.models import User
from genhub.webhooks import endpoints
from genhub.webhooks.models import Message
from storage.models import Artifact, ShareLink, TakeDown
from tests.admin.conftest import Hire
from tests.books import find_mistakes

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "It shows a person who did not agree."
HOSTILE = "<script>alert(1)</script>"


def picture_of(task: Task, position: int = 0) -> Artifact:
    artifact = task.outputs.get(position=position).artifact
    assert artifact
    return artifact


def take(client: Client, picture: Artifact, **words: Any) -> Any:
    page = reverse("admin:generation_task_take_down", args=[picture.pk])
    question = client.get(page).context["question"]
    once = question.form["once"].value() if question.form else ""
    return client.post(page, {"reason": REASON, "once": once} | words)


def test_files_go_for_good_and_every_door_says_so(
    boss: Client, alice: APIClient, client: Client, shop: Platform, finished: Callable[..., Task]
) -> None:
    endpoints.create(shop.pk, url="https://app.example.com/x", events=["picture.taken_down"])
    task = finished(num_images=2)
    picture, other = picture_of(task), picture_of(task, 1)
    alice.post(f"/api/v1/artifacts/{picture}/edits", {"operations": [{"action": "flip", "direction": "vertical"}]}, format="json")  # fmt: skip
    edit = Artifact.objects.get(edit__parent=picture)
    shared = alice.post(f"/api/v1/artifacts/{picture}/links", {}, format="json").json()["url"]
    path = shared.removeprefix("http://127.0.0.1:8000").removeprefix("http://testserver")
    assert client.get(path).status_code == 302
    keys = [row.key for row in (picture, edit)] + [row.thumbnail_key for row in (picture, edit)]
    assert all(default_storage.exists(key) for key in keys)

    assert take(boss, picture).status_code == 302
    assert not [key for key in keys if default_storage.exists(key)]
    assert default_storage.exists(other.key)
    assert client.get(path).status_code == 410
    for address in ("", "/thumbnail", "/preview", "/links"):
        answer = alice.get(f"/api/v1/artifacts/{picture}{address}")
        assert (answer.status_code, answer.json()["code"]) == (410, "picture_taken_down"), address
    assert alice.get(f"/api/v1/artifacts/{edit}").status_code == 410
    result = alice.get(f"/api/v1/tasks/{task}/result").json()
    assert [image["id"] for image in result["images"]] == [str(other)]
    assert [(one["position"], one["code"]) for one in result["errors"]] == [
        (0, "picture_taken_down")
    ]
    told = [json.loads(row.payload) for row in Message.objects.order_by("pk")]
    assert {one["data"]["artifact"] for one in told} == {str(picture), str(edit)}
    assert told[0]["type"] == "picture.taken_down"
    assert told[0]["data"]["taken_down"] == {"reason": REASON}
    page = boss.get(reverse("admin:generation_task_change", args=[task.pk])).content.decode()
    assert "The picture was taken down" in page
    # Nothing was paid back that nobody asked to pay back.
    assert alice.get("/api/v1/credits").json()["available"] == 80
    assert find_mistakes() == []


def test_share_is_paid_back_in_the_same_step(
    boss: Client, alice: APIClient, finished: Callable[..., Task]
) -> None:
    task = finished(num_images=2)
    assert take(boss, picture_of(task), refunds="on").status_code == 302
    assert alice.get("/api/v1/credits").json()["available"] == 90
    assert task.refund_requests.get().positions == [0]
    # The picture is refunded: nobody pays it back again.
    page = boss.get(reverse("admin:generation_task_refund", args=[task.pk])).content.decode()
    assert "disabled>" in page
    assert find_mistakes() == []


def test_what_keeps_its_share_is_said_and_the_picture_is_gone(
    boss: Client, finished: Callable[..., Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    task = finished(num_images=2)

    def refuse(*_: Any, **__: Any) -> None:
        raise NothingToRefund

    monkeypatch.setattr("generation.admin.refunds.ask.request_refund", refuse)
    answer = take(boss, picture_of(task), refunds="on")
    assert answer.status_code == 302
    assert TakeDown.objects.count() == 1
    page = boss.get(answer["Location"])
    assert [str(told) for told in page.context["messages"]][-1].startswith(
        "There is nothing to refund"
    )
    assert find_mistakes() == []


def test_it_needs_a_right_and_a_reason_and_happens_once(
    hire: Hire, finished: Callable[..., Task]
) -> None:
    task = finished(prompt=HOSTILE)
    picture = picture_of(task)
    page = reverse("admin:generation_task_take_down", args=[picture.pk])
    reader = hire("generation.view_task", "storage.view_artifact", name="erin")
    assert reader.post(page, {"reason": REASON}).status_code == 403
    assert page not in reader.get(reverse("admin:generation_task_change", args=[task.pk])).content.decode()  # fmt: skip
    clerk = hire("generation.view_task", "storage.take_down_pictures", "storage.view_artifact")
    assert page in clerk.get(reverse("admin:generation_task_change", args=[task.pk])).content.decode()  # fmt: skip
    asked = clerk.get(page)
    assert HOSTILE not in asked.content.decode()
    # Who may not refund is not asked about it, and cannot send it.
    assert "refunds" not in asked.context["question"].form.fields
    assert take(clerk, picture, reason="short").status_code == 200
    assert default_storage.exists(picture.key)
    led = clerk.post(reverse("admin:storage_artifact_take_down", args=[picture.pk]))
    assert (led.status_code, led["Location"]) == (302, page)
    assert take(clerk, picture, refunds="on", reason=f"{REASON} {HOSTILE}").status_code == 302
    assert not task.refund_requests.exists()
    row = TakeDown.objects.get()
    assert row.taken_by == User.objects.get(username="dave")
    assert REASON in LogEntry.objects.get().change_message
    listed = clerk.get(reverse("admin:storage_takedown_changelist")).content.decode()
    assert REASON in listed
    assert HOSTILE not in listed
    assert "there is nothing to take down" in clerk.get(page).content.decode()
    assert clerk.post(page, {"reason": REASON, "once": row.pk}).status_code == 200
    assert TakeDown.objects.count() == 1
    assert clerk.get(reverse("admin:generation_task_take_down", args=[task.pk])).status_code == 404


def test_what_lies_under_a_legal_hold_stays(
    boss: Client, shop: Platform, finished: Callable[..., Task]
) -> None:
    task = finished()
    picture = picture_of(task)
    holds.lay(shop.pk, "alice", reason="A court asks for it.", by=User.objects.get().pk)
    assert "legal hold" in take(boss, picture).content.decode()
    picture.refresh_from_db()
    assert (picture.gone_at, default_storage.exists(picture.key)) == (None, True)
    assert not TakeDown.objects.exists()


def test_everybody_who_has_the_file_loses_it(
    boss: Client, alice: APIClient, shop: Platform, finished: Callable[..., Task]
) -> None:
    task = finished()
    picture = picture_of(task)
    copy = Artifact.objects.get(pk=picture.pk)
    copy.pk, copy.user = None, "bob"
    copy.id = Artifact._meta.pk.get_default()
    copy.save(force_insert=True)
    ShareLink.objects.create(artifact=copy, expires_at="2999-01-01T00:00:00Z")
    assert take(boss, picture).status_code == 302
    copy.refresh_from_db()
    assert copy.taken_down_at
    assert ShareLink.objects.get().revoked_at
    assert TakeDown.objects.count() == 2
