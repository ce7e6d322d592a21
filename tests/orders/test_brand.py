"""A platform that is bound to the styles of its brand: what its orders wear, and what is refused by name."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Task
from generation.work.run import run_queue
from genhub.platforms.models import Platform
from templates.models import Style
from templates.services import create_template, publish
from tests.api.refusals import GENERATE, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]
INVALID = (400, "invalid_request", "style_preset")


def bind(*styles: str, usual: str = "") -> None:
    Platform.objects.filter(code="shop").update(styles=list(styles), usual_style=usual)


def order(client: APIClient, **words: Any) -> Task:
    answer = client.post(GENERATE, {"prompt": "a star"} | words, format="json")
    assert answer.status_code == 202, answer.json()
    return Task.objects.latest("id")


def template(code: str, **settings: Any) -> None:
    publish(create_template(code, name=code, prompt="a star", settings=settings), actor="tests")


@pytest.mark.parametrize("usual", ["", "anime"])
def test_another_style_is_refused_and_those_of_the_brand_are_named(
    alice: APIClient, usual: str
) -> None:
    bind("anime", "illustration", usual=usual)
    for door in (GENERATE, "/api/v1/quote"):
        body = {"prompt": "a star", "style_preset": "oil_painting"}
        [error] = refused(alice, door, body=body, expect=INVALID)["errors"]
        assert error["code"] == "not_of_the_brand"
        assert "anime, illustration" in error["message"]
    assert order(alice, style_preset="illustration").style == "illustration"


def test_order_without_a_style_wears_the_usual_one_or_is_refused(alice: APIClient) -> None:
    bind("anime", "illustration")
    refused(alice, GENERATE, body={"prompt": "a star"}, expect=INVALID)
    bind("anime", "illustration", usual="illustration")
    task = order(alice)
    assert task.style == "illustration"
    assert task.spec["prompt"] == "a star, digital illustration, clean lines, detailed"


def test_style_of_a_template_is_held_to_the_brand_and_its_staff_are_named(alice: APIClient) -> None:
    template("fits", style_preset="anime")
    template("other", style_preset="oil_painting")
    template("plain")
    bind("anime")
    for code in ("other", "plain"):
        problem = refused(alice, GENERATE, body={"template": code}, expect=(409, "template_not_orderable", "template"))  # fmt: skip
        assert "anime" in problem["errors"][0]["message"]
    assert alice.post(GENERATE, {"template": "fits"}, format="json").status_code == 202
    bind("anime", usual="anime")
    assert alice.post(GENERATE, {"template": "plain"}, format="json").status_code == 202
    assert Task.objects.latest("id").style == "anime"


def test_apps_are_shown_what_they_may_order(alice: APIClient) -> None:
    every = {style["code"] for style in alice.get("/api/v1/styles").json()["items"]}
    order(alice, style_preset="oil_painting")
    order(alice, style_preset="anime")
    Task.objects.update(state="completed", started_at="2026-01-01T00:00Z", completed_at="2026-01-01T00:00Z")  # fmt: skip
    bind("anime", "illustration")
    assert {"anime", "illustration"} < every
    assert [style["code"] for style in alice.get("/api/v1/styles").json()["items"]] == ["illustration", "anime"]  # fmt: skip
    assert [style["name"] for style in alice.get("/sdapi/v1/prompt-styles").json()] == ["illustration", "anime"]  # fmt: skip
    assert alice.get("/api/v1/me/suggestions").json()["yours"]["style_preset"] == ["anime"]


def test_usual_words_are_kept_without_a_style_and_refused_with_another(alice: APIClient) -> None:
    bind("anime")
    place = "/api/v1/me/preferences"
    assert alice.put(place, {"num_images": 2}, format="json").status_code == 200
    refused(alice, place, method="put", body={"style_preset": "oil_painting"}, expect=INVALID)


def test_picture_that_wears_its_style_already_is_made_again_as_it_is(alice: APIClient) -> None:
    task = order(alice, style_preset="oil_painting", seed=7)
    run_queue("local")
    bind("anime", usual="anime")
    for door in ("refine/quote", "refine"):
        answer = alice.post(f"/api/v1/tasks/{task}/{door}", {}, format="json")
        assert answer.status_code in {200, 202}, answer.json()
    again = Task.objects.latest("id")
    assert again.spec["prompt"] == task.spec["prompt"]


def test_style_of_the_brand_that_is_switched_off_is_refused(alice: APIClient) -> None:
    bind("anime", usual="anime")
    Style.objects.filter(code="anime").update(is_active=False)
    [error] = refused(alice, GENERATE, body={"prompt": "a star"}, expect=INVALID)["errors"]
    assert error["code"] == "unknown"
