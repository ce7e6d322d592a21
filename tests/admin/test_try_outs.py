"""A version is tried out before it is published: drawn beside the published one, at the hub's expense."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from credits.models import Hold
from generation.models import Account, Task
from generation.work.run import run_queue
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from templates.models import Template, TemplateVersion
from templates.services import draft_next, publish
from tests.admin.conftest import Hire

pytestmark = pytest.mark.django_db(transaction=True)
RIGHTS = ("generation.view_task", "generation.order_task", "templates.view_templateversion")
PARAMETERS = {
    "subject": {"type": "string", "maxLength": 50, "title": "What it shows"},
    "colour": {"type": "string", "enum": ["red", "blue"], "default": "red"},
    "number": {"type": "integer", "minimum": 1, "maximum": 9},
}


@pytest.fixture
def draft(stub: Account) -> TemplateVersion:
    """A draft of a template whose first version is ordered."""
    template = Template.objects.create(code="poster")
    first = TemplateVersion.objects.create(
        template=template, number=1, name="Poster", prompt="a {colour} {subject}", parameters=PARAMETERS,
        required=["subject"], price=7,
    )  # fmt: skip
    publish(first, actor="carol")
    template.refresh_from_db()
    version = draft_next(template)
    version.prompt = "{number} {colour} {subject} at night"
    version.required = ["subject", "number"]
    version.save()
    return version


def place(version: TemplateVersion) -> str:
    return reverse("admin:generation_task_try", args=[version.pk])


def send(client: Client, version: TemplateVersion, **words: Any) -> Any:
    said = {"p:subject": "star", "p:colour": "blue", "p:number": "3", "seed": "5", "once": str(new_id())}  # fmt: skip
    return client.post(place(version), said | words)


def test_draft_is_drawn_beside_what_is_published_from_one_seed_for_nothing(
    hire: Hire, draft: TemplateVersion
) -> None:
    clerk = hire(*RIGHTS)
    asked = clerk.get(place(draft)).content.decode()
    for words in ("What it shows", "poster v1, which apps order now", 'min="1"', "blue"):
        assert words in asked, words
    answer = send(clerk, draft)
    assert answer.status_code == 302, answer.content.decode()
    new, old = Task.objects.order_by("id")
    assert new.spec["prompt"] == "3 blue star at night"
    assert old.spec["prompt"] == "a blue star"
    assert new.spec["seeds"] == old.spec["seeds"] == [5]
    assert (new.price, old.price, Hold.objects.count()) == (0, 0, 0)
    assert (new.platform.is_house, new.user) == (True, "dave")
    under_way = clerk.get(answer.url).content.decode()
    assert "data-follow-seconds" in under_way
    run_queue("local")
    done = clerk.get(answer.url).content.decode()
    assert "data-follow-seconds" not in done
    assert done.count("<img") == 2
    draft.refresh_from_db()
    assert draft.published_at is None


def test_apps_neither_see_nor_order_what_is_tried_out(
    hire: Hire, alice: APIClient, draft: TemplateVersion
) -> None:
    send(hire(*RIGHTS), draft)
    assert alice.get("/api/v1/tasks").json()["items"] == []
    body = {"template": "poster", "parameters": {"subject": "star"}}
    assert alice.post("/api/v1/generate", body, format="json").status_code == 202
    assert Task.objects.latest("id").spec["prompt"] == "a red star"


def test_wrong_parameters_are_said_beside_their_fields(hire: Hire, draft: TemplateVersion) -> None:
    clerk = hire(*RIGHTS)
    for words in ({"p:number": "99"}, {"p:subject": ""}, {"p:colour": "green"}, {"seed": "-1"}):
        answer = send(clerk, draft, **words)
        assert answer.status_code == 200, words
        assert "text-red" in answer.content.decode(), words
    draft.settings = {"model": "gone"}
    draft.save()
    assert "There is no model of this name" in send(clerk, draft).content.decode()
    assert not Task.objects.exists()


def test_what_the_published_version_cannot_draw_is_said_and_the_draft_is_drawn(
    hire: Hire, draft: TemplateVersion
) -> None:
    draft.parameters = {"place": {"type": "string"}}
    draft.prompt, draft.required = "a {place}", ["place"]
    draft.save()
    answer = hire(*RIGHTS).post(place(draft), {"p:place": "harbour", "once": str(new_id())}, follow=True)  # fmt: skip
    assert "poster v1 was not drawn beside it" in answer.content.decode()
    assert Task.objects.get().spec["prompt"] == "a harbour"


def test_double_click_draws_once(hire: Hire, draft: TemplateVersion) -> None:
    once, clerk = str(new_id()), hire(*RIGHTS)
    assert send(clerk, draft, once=once).url == send(clerk, draft, once=once).url
    assert Task.objects.count() == 2


def test_it_takes_the_rights_to_order_and_to_see(hire: Hire, draft: TemplateVersion) -> None:
    for number, right in enumerate(RIGHTS):
        clerk = hire(*(other for other in RIGHTS if other != right), name=f"clerk-{number}")
        assert send(clerk, draft).status_code == 403, right
    assert hire(*RIGHTS).get(reverse("admin:generation_task_try", args=[new_id()])).status_code == 404  # fmt: skip
    page = reverse("admin:templates_templateversion_change", args=[draft.pk])
    assert "Try it out" in hire(*RIGHTS, "templates.change_templateversion", name="ed").get(page).content.decode()  # fmt: skip
    assert not Task.objects.exists()


def test_house_is_one_platform_whatever_an_app_is_called(
    hire: Hire, draft: TemplateVersion
) -> None:
    Platform.objects.create(code="house", name="An app")
    clerk = hire(*RIGHTS)
    send(clerk, draft)
    send(clerk, draft)
    house = Platform.objects.get(is_house=True)
    assert house.code.startswith("house-")
    assert Task.objects.filter(platform=house).count() == 4
