"""A template is shown by a picture that staff chose of what it made: a copy, seen by every app."""

import io

import pytest
from django.urls import reverse
from PIL import Image
from rest_framework.test import APIClient

from generation.models import Task
from storage.models import Artifact
from templates.services import create_template, draft_next, publish
from tests.api.refusals import refused
from tests.approval.made import desk, draw

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]
LIST, EXAMPLE = "/api/v1/templates", "/api/v1/templates/example"


def page(task: Task) -> str:
    return reverse("admin:generation_task_show_by_picture", args=[task.pk])


def shown(client: APIClient) -> str | None:
    [item] = client.get(LIST).json()["items"]
    address: str | None = item["example_url"]
    return address


def test_staff_choose_what_shows_a_template(alice: APIClient, mallory: APIClient) -> None:
    version = create_template("badge", name="Badge", prompt="a star badge")
    publish(version, actor="tests")
    draw(alice, "", template="badge")
    task = Task.objects.get()
    assert shown(alice) is None
    refused(alice, f"{EXAMPLE}?code=badge", method="get", expect=(404, "not_found"))
    refused(alice, f"{EXAMPLE}?code=%00", method="get", expect=(404, "not_found"))
    assert desk("eve", "view_task").post(page(task)).status_code == 403
    dora = desk("dora", "view_task", "publish_template")
    assert page(task) in dora.get(reverse("admin:generation_task_change", args=[task.pk])).content.decode()  # fmt: skip
    assert "badge v1" in dora.get(page(task)).content.decode()
    assert shown(alice) is None, "to look is not to choose"
    assert dora.post(page(task)).status_code == 302
    # Everybody sees it, and it outlives the picture that it was taken from.
    Artifact.objects.update(gone_at=task.created_at)
    address = shown(mallory)
    assert address
    answer = mallory.get(address)
    assert answer["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).format == "JPEG"
    hide = reverse("admin:templates_templateversion_hide_picture", args=[version.pk])
    assert desk("fay", "view_templateversion").post(hide).status_code == 403
    dora = desk("dan", "view_templateversion", "publish_template")
    change = reverse("admin:templates_templateversion_change", args=[version.pk])
    assert hide in dora.get(change).content.decode()
    assert shown(alice), "to be asked is not to remove"
    assert dora.get(hide).status_code == 200
    assert dora.post(hide).status_code == 302
    assert shown(alice) is None
    assert hide not in dora.get(change).content.decode()
    # Another version is another thing.
    publish(draft_next(version.template), actor="tests")
    assert shown(alice) is None


def test_only_pictures_of_templates_may_show_one(alice: APIClient) -> None:
    draw(alice)
    task = Task.objects.get()
    dora = desk("dora", "view_task", "publish_template")
    assert page(task) not in dora.get(reverse("admin:generation_task_change", args=[task.pk])).content.decode()  # fmt: skip
    assert dora.post(page(task)).status_code == 302
