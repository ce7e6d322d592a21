"""The brand of a platform, and the sheet that shows a style: drawn at a click, at the hub's expense."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from credits.models import Hold
from generation.models import Account, Offer, Task
from generation.work.run import run_queue
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from templates.models import Style
from templates.sheets import PROMPTS, SEED
from tests.admin.conftest import Hire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("recipes", "stub")]
HOSTILE = "<img src=x onerror=alert(1)>"
RIGHTS = ("generation.order_task", "generation.view_task", "templates.view_style")


def anime() -> Style:
    return Style.objects.get(code="anime")


def page() -> str:
    return reverse("admin:templates_style_change", args=[anime().pk])


def door() -> str:
    return reverse("admin:generation_style_sheet", args=[anime().pk])


def draw(client: Client, once: Any = None) -> Any:
    return client.post(door(), {"once": str(once or new_id())})


def test_platform_is_bound_to_styles_on_its_page(boss: Client, shop: Platform) -> None:
    place = reverse("admin:platforms_platform_change", args=[shop.pk])
    Style.objects.filter(code="anime").update(name_en=HOSTILE)
    text = boss.get(place).content.decode()
    assert "(anime)" in text
    assert HOSTILE not in text
    words = {"name": "Shop", "time_zone": "UTC", "language": "en", "moderation": "block", "unjudged": "block", "is_active": "on"}  # fmt: skip
    for said, field in (
        ({"styles": ["ghost"]}, "styles"),
        ({"usual_style": "anime"}, "usual_style"),
        ({"styles": ["illustration"], "usual_style": "anime"}, "usual_style"),
    ):
        answer = boss.post(place, words | said)
        assert list(answer.context["adminform"].form.errors) == [field]
    assert boss.post(place, words | {"styles": ["anime", "default"], "usual_style": "anime"}).status_code == 302  # fmt: skip
    shop.refresh_from_db()
    assert (sorted(shop.styles), shop.usual_style) == (["anime", "default"], "anime")
    assert "Shop" in boss.get(page()).content.decode()


def test_sheet_is_drawn_for_nothing_and_shown_on_the_page_of_its_style(hire: Hire) -> None:
    clerk = hire(*RIGHTS)
    assert 'id="sheet"' not in clerk.get(page()).content.decode()
    asking = reverse("admin:templates_style_draw_sheet", args=[anime().pk])
    assert asking in clerk.get(page()).content.decode()
    led: Any = clerk.get(asking)
    assert led.url == door()
    assert clerk.get(door()).status_code == 200
    assert Task.objects.count() == 0
    assert draw(clerk).url == f"{page()}#sheet"
    tasks = list(Task.objects.order_by("id"))
    assert [task.metadata["sheet"] for task in tasks] == list(PROMPTS)
    assert {(task.style, task.price, task.platform.is_house, task.user) for task in tasks} == {("anime", 0, True, "dave")}  # fmt: skip
    assert Hold.objects.count() == 0
    assert all(task.spec["seeds"] == [SEED] for task in tasks)
    assert tasks[0].spec["prompt"].endswith("anime style, cel shading, vivid colours")
    assert (
        tasks[4].spec["prompt"].endswith("动漫风格，赛璐璐上色")
        or "赛璐璐" in tasks[4].spec["prompt"]
    )
    assert "data-follow-seconds" in clerk.get(page()).content.decode()
    run_queue("local")
    text = clerk.get(page()).content.decode()
    assert "data-follow-seconds" not in text
    assert text.count("data-picture=") == len(PROMPTS)
    assert "before the style was changed" not in text
    Style.objects.filter(code="anime").update(suffix_en="as a manga")
    assert "before the style was changed" in clerk.get(page()).content.decode()


def test_double_click_draws_one_sheet_and_the_next_takes_its_place(boss: Client) -> None:
    once = new_id()
    assert draw(boss, once).status_code == draw(boss, once).status_code == 302
    assert Task.objects.count() == len(PROMPTS)
    first = anime().sheet["tasks"]
    draw(boss)
    assert len(anime().sheet["tasks"]) == len(PROMPTS)
    assert not set(first) & set(anime().sheet["tasks"])


def test_style_is_drawn_before_apps_see_it_and_whatever_platforms_are_bound_to(
    boss: Client, alice: APIClient
) -> None:
    Style.objects.filter(code="anime").update(is_active=False)
    assert draw(boss).status_code == 302
    assert Task.objects.count() == len(PROMPTS)
    assert "anime" not in str(alice.get("/api/v1/styles").json())


def test_model_that_takes_no_seed_is_not_asked_for_one(boss: Client, stub: Account) -> None:
    Offer.objects.update(unsupported=["seed"])
    assert draw(boss).status_code == 302
    assert {task.spec["seeds"] == [] for task in Task.objects.all()} == {True}


def test_what_cannot_be_drawn_is_said_and_nothing_is_kept(boss: Client) -> None:
    Offer.objects.update(is_enabled=False)
    answer = draw(boss)
    assert answer.status_code == 200
    assert "is switched off now" in answer.content.decode() or "not offered" in answer.content.decode()  # fmt: skip
    assert (Task.objects.count(), anime().sheet) == (0, {})


def test_rights_and_unknown_styles(hire: Hire, boss: Client) -> None:
    for number, right in enumerate(RIGHTS):
        clerk = hire(*(one for one in RIGHTS if one != right), name=f"clerk{number}")
        assert clerk.get(door()).status_code == draw(clerk).status_code == 403
    assert Task.objects.count() == 0
    assert boss.get(reverse("admin:generation_style_sheet", args=[999_999])).status_code == 404
    assert boss.post(door(), {"once": "x"}).status_code == 200
    draw(boss)
    viewer = hire("templates.view_style", name="erin")
    text = viewer.get(page()).content.decode()
    assert 'id="sheet"' not in text
    assert "draw_sheet" not in text


def test_page_of_a_style_takes_few_queries(boss: Client) -> None:
    draw(boss)
    boss.get(page())
    with CaptureQueriesContext(connection) as queries:
        assert boss.get(page()).status_code == 200
    assert len(queries) <= 20
