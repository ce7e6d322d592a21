"""Preferences: usual words of a user, judged as an order's, and taken by an order that asks for them and no other."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from generation.models import Account, Preferences, Task
from generation.orders.preferences import PREFERABLE
from genhub.lib.ids import from_wire
from genhub.platforms.models import Platform
from templates.models import Style
from templates.services import create_template, publish
from tests.api.refusals import GENERATE, refused
from tests.steps import submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]

DOOR = "/api/v1/me/preferences"
QUOTE = "/api/v1/quote"
INVALID = (400, "invalid_request")
NONE: dict[str, Any] = dict.fromkeys(PREFERABLE)
WORDS: dict[str, Any] = {
    "style_preset": "anime", "quality": "high", "num_images": 2, "width": 128, "height": 96, "steps": 7,
    "cfg_scale": 3.5, "negative_prompt": "dust",
}  # fmt: skip


def put(client: APIClient, query: str = "", **words: Any) -> Any:
    answer = client.put(f"{DOOR}{query}", words, format="json")
    assert answer.status_code == 200, answer.json()
    return answer.json()


def made(client: APIClient, **body: Any) -> Task:
    answer = client.post(GENERATE, {"use_preferences": True, **body}, format="json")
    assert answer.status_code == 202, answer.json()
    return Task.objects.get(pk=from_wire("task", answer.json()["id"]))


def test_words_are_kept_replaced_and_forgotten(alice: APIClient, mallory: APIClient) -> None:
    assert alice.get(DOOR).json() == NONE
    assert put(alice, **WORDS) == alice.get(DOOR).json() == {**NONE, **WORDS}
    # What was read can be sent back.
    assert put(alice, **alice.get(DOOR).json()) == {**NONE, **WORDS}
    assert put(alice, quality="hd", steps=None, negative_prompt="") == alice.get(DOOR).json()
    assert alice.get(DOOR).json() == {**NONE, "quality": "high", "negative_prompt": ""}
    assert mallory.get(DOOR).json() == NONE
    assert put(alice) == NONE
    assert not Preferences.objects.exists()
    put(alice, steps=3)
    assert [alice.delete(DOOR).status_code for _ in range(2)] == [204, 204]
    assert alice.get(DOOR).json() == NONE


def test_platforms_key_says_whose_they_are(
    alice: APIClient, client_of: Callable[..., APIClient], shop: Platform
) -> None:
    apps, press = client_of(""), Platform.objects.create(code="press", name="Press")
    put(apps, "?user=alice", steps=3)
    put(client_of("", platform=press), "?user=alice", steps=4)
    assert alice.get(DOOR).json() == {**NONE, "steps": 3}
    for method in ("get", "put", "delete"):
        body = {"steps": 5} if method == "put" else None
        refused(apps, DOOR, method=method, body=body, expect=(*INVALID, "user"))
        expect = (403, "wrong_user")
        refused(alice, f"{DOOR}?user=bob", method=method, body=body, expect=expect)
    assert [row.words for row in Preferences.objects.order_by("words")] == [{"steps": 3}, {"steps": 4}]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"style_preset": "nothing"}, "style_preset"),
        ({"template": "nothing"}, "template"),
        ({"model": "nothing"}, "model"),
        ({"width": 17}, "width"),
        ({"height": 2048}, "height"),
        ({"steps": 51}, "steps"),
        ({"num_images": 10}, "num_images"),
        ({"negative_prompt": "x" * 501}, "negative_prompt"),
        ({"sampler": "Euler a"}, "sampler"),
        ({"quality": "high", "mode": "fast"}, "mode"),
        ({"seed": 7}, "seed"),
        ({"prompt": "a star"}, "prompt"),
        ({"use_preferences": True}, "use_preferences"),
        ({"steps": "7"}, "steps"),
    ],
)
def test_what_an_order_would_be_refused_for_is_not_kept(
    alice: APIClient, body: dict[str, Any], field: str
) -> None:
    put(alice, steps=3)
    refused(alice, DOOR, method="put", body=body, expect=(*INVALID, field))
    assert alice.get(DOOR).json() == {**NONE, "steps": 3}


def test_size_that_the_model_does_not_make_is_not_kept(alice: APIClient, stub: Account) -> None:
    stub.offers.update(sizes=[[64, 64], [128, 64]])
    body = {"width": 64, "height": 128}
    refused(alice, DOOR, method="put", body=body, expect=(*INVALID, "width"))
    put(alice, width=128, height=64)


def test_order_takes_them_where_it_says_so_and_nowhere_else(alice: APIClient) -> None:
    put(alice, **WORDS)
    plain = submit(alice)
    assert (plain.style, plain.num_images, plain.spec["steps"]) == ("", 1, 12)
    assert submit(alice, use_preferences=False).spec["steps"] == 12
    task = made(alice, prompt="a star")
    kept = {name: task.spec[name] for name in ("width", "height", "steps", "cfg_scale")}
    assert kept == {name: WORDS[name] for name in kept}
    assert (task.style, task.quality, task.num_images) == ("anime", "high", 2)
    assert task.spec["negative_prompt"].startswith("dust")
    quoted = alice.post(QUOTE, {"prompt": "a", "use_preferences": True}, format="json").json()
    assert (quoted["number"], quoted["price"]) == (2, task.price)
    refused(alice, GENERATE, body={"prompt": "a", "use_preferences": 1}, expect=(*INVALID, "use_preferences"))  # fmt: skip


def test_what_an_order_says_wins_with_what_belongs_to_it(alice: APIClient, stub: Account) -> None:
    put(alice, **WORDS)
    stub.offers.create(alias="other", default_width=64, default_height=64, smallest_side=16)
    # A side that was said leaves the other to the model; a mode, the quality.
    task = made(alice, prompt="a", width=32, mode="fast", steps=5, num_images=1)
    assert (task.spec["width"], task.spec["height"], task.spec["steps"]) == (32, 64, 5)
    assert (task.mode, task.quality, task.num_images, task.style) == ("fast", "standard", 1, "anime")  # fmt: skip
    # What was chosen for one model does not go to another.
    task = made(alice, prompt="a", model="other", num_images=1)
    assert (task.spec["width"], task.spec["steps"]) == (64, 24)
    assert "dust" not in task.spec["negative_prompt"]
    assert (task.quality, task.style) == ("high", "anime")
    put(alice, model="other", steps=6)
    assert made(alice, prompt="a").model == "other"
    assert made(alice, prompt="a", model="other").spec["steps"] == 6


def test_template_decides_what_it_decides(alice: APIClient) -> None:
    put(alice, **{**WORDS, "num_images": 3}, template="shape")
    parameters = {"shape": "star", "colour": "red"}
    # Neither prompt nor template: the usual template.
    usual = made(alice, parameters=parameters)
    version = usual.template_version
    assert version is not None
    assert version.template.code == "shape"
    assert (usual.style, usual.num_images, usual.quality) == ("", 3, "high")
    assert usual.spec["steps"] != WORDS["steps"]
    direct = made(alice, prompt="a star", num_images=1)
    assert direct.template_version is None
    pair = create_template("pair", name="Pair", prompt="a pair", settings={"num_images": 2, "mode": "fast"})  # fmt: skip
    publish(pair, actor="tests")
    task = made(alice, template="pair")
    assert (task.num_images, task.mode, task.quality) == (2, "fast", "standard")


def test_replay_answers_the_same_task_whatever_is_preferred_by_then(alice: APIClient) -> None:
    put(alice, steps=3)
    body = {"prompt": "a star", "use_preferences": True}
    key: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "once"}
    first = alice.post(GENERATE, body, format="json", **key).json()
    put(alice, steps=9)
    assert alice.post(GENERATE, body, format="json", **key).json()["id"] == first["id"]
    assert Task.objects.get().spec["steps"] == 3


def test_refusal_says_that_it_comes_from_the_preferences(alice: APIClient) -> None:
    put(alice, style_preset="anime")
    Style.objects.filter(code="anime").update(is_active=False)
    body = {"prompt": "a star", "use_preferences": True}
    problem = refused(alice, GENERATE, body=body, expect=(*INVALID, "style_preset"))
    [error] = problem["errors"]
    assert error["code"] == "unknown"
    assert error["message"] == (
        "It comes from the user's preferences: There is no style of this code."
    )
    said = refused(alice, GENERATE, body={**body, "style_preset": "no"}, expect=INVALID)
    assert said["errors"][0]["message"] == "There is no style of this code."


def test_order_with_them_asks_one_question_more(alice: APIClient) -> None:
    put(alice, steps=3)
    counts = []
    said: tuple[dict[str, Any], ...] = ({}, {}, {"use_preferences": True})
    for words in said:
        with CaptureQueriesContext(connection) as asked:
            submit(alice, **words)
        counts.append(len(asked))
    assert counts[2] == counts[1] + 1
