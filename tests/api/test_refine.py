"""Refine: a delivered picture again, same words and seed, in the fine mode, as a task of its own with its own price."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from credits.models import Purse
from generation.models import Account, Task
from generation.work.run import run_queue
from genhub.lib.ids import from_wire, to_wire
from genhub.platforms.models import Platform, Scope
from genhub.webhooks import endpoints
from storage.models import Artifact
from templates.models import Style
from tests.api.refusals import GENERATE, check_problem, nothing_moves, refused
from tests.offers import place
from tests.steps import submit
from tests.webhooks.made import URL

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]

INVALID = (400, "invalid_request")


def door(task: Task, suffix: str = "") -> str:
    return f"/api/v1/tasks/{to_wire('task', task.pk)}/refine{suffix}"


def make(client: APIClient, prompt: str = "a star", **words: Any) -> Task:
    """Submit an order, work on it, and return its task."""
    task = submit(client, prompt, **words)
    run_queue("local")
    task.refresh_from_db()
    return task


def refine(client: APIClient, task: Task, key: str = "", **words: Any) -> Task:
    """Refine a picture of a task and return the new task."""
    headers: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    answer = client.post(door(task), words, format="json", **headers)
    assert answer.status_code == 202, answer.json()
    assert answer.headers["Location"] == answer.json()["check_status_url"]
    return Task.objects.get(pk=from_wire("task", answer.json()["id"]))


def test_refined_picture_has_words_and_seed_of_its_picture(alice: APIClient) -> None:
    words: dict[str, Any] = {
        "negative_prompt": "dust",
        "width": 128,
        "height": 96,
        "num_images": 3,
        "cfg_scale": 3.5,
    }
    task = make(alice, metadata={"post": 7}, seed=41, **words)
    again = refine(alice, task, picture=2)
    kept = {"prompt", "negative_prompt", "width", "height", "cfg_scale", "model", "loras", "image"}
    assert {name: again.spec[name] for name in kept} == {name: task.spec[name] for name in kept}
    assert (again.spec["seeds"], again.num_images, again.mode) == ([43], 1, "fine")
    assert again.spec["steps"] == 2 * task.spec["steps"]
    assert again.metadata == {"post": 7, "refines": to_wire("task", task.pk)}
    assert (again.user, again.quality, again.state) == ("alice", "standard", "pending")
    run_queue("local")
    again.refresh_from_db()
    assert again.state == "completed"


def test_first_picture_is_refined_unless_said(alice: APIClient) -> None:
    task = make(alice, seed=9, num_images=2)
    assert alice.post(door(task)).status_code == 202, "no body at all"
    assert [t.spec["seeds"] for t in Task.objects.order_by("-id")[:1]] == [[9]]


def test_style_and_prompt_are_not_worn_twice(alice: APIClient) -> None:
    style = Style.objects.exclude(suffix_en="").exclude(negative_prompt="")[0].code
    task = make(alice, style_preset=style)
    again = refine(alice, task)
    assert again.spec["prompt"] == task.spec["prompt"] != "a star"
    assert again.spec["negative_prompt"] == task.spec["negative_prompt"]


def test_no_negative_prompt_stays_none(alice: APIClient) -> None:
    task = make(alice, negative_prompt="")
    assert refine(alice, task).spec["negative_prompt"] == ""


def test_what_is_said_wins(alice: APIClient) -> None:
    words: dict[str, Any] = {"width": 512, "height": 256, "steps": 5, "cfg_scale": 0.0}
    again = refine(alice, make(alice), quality="hd", **words)
    assert {name: again.spec[name] for name in words} == words
    assert (again.quality, again.price) == ("high", 15)


def test_it_is_told_of_and_timed_like_any_order(alice: APIClient, shop: Platform) -> None:
    task = make(alice, timeout=50)
    wanted: dict[str, Any] = {"webhook": URL, "timeout": 70, "expires_in": 600}
    refused(alice, door(task), body=wanted, expect=(*INVALID, "webhook"))
    endpoints.create(shop.pk, url="", events=[])
    refused(alice, door(task), body={**wanted, "timeout": 10**6}, expect=(*INVALID, "timeout"))
    again = refine(alice, task, **wanted)
    assert (again.webhook, again.timeout_seconds, again.expires_at is None) == (URL, 70, False)
    assert refine(alice, task).timeout_seconds is None


def test_fine_mode_decides_steps_and_guidance(alice: APIClient, stub: Account) -> None:
    few, many = make(alice), make(alice, steps=40, cfg_scale=9.0)
    stub.offers.update(fine_steps=30, fine_cfg_scale=4.0)
    efforts = [
        (again.spec["steps"], again.spec["cfg_scale"])
        for again in (refine(alice, few), refine(alice, many))
    ]
    assert efforts == [(30, 4.0), (40, 4.0)], "never fewer steps than before"


def test_inputs_and_loras_come_along(alice: APIClient, stub: Account) -> None:
    lora = {"name": "ink", "file": "ink.safetensors", "scale": 0.8, "is_usual": True}
    place(stub.offers.get(), loras=[lora])
    make(alice)
    picture = to_wire("art", Artifact.objects.get().pk)
    task = make(
        alice, image=picture, mask=picture, strength=0.4, loras=[{"name": "ink", "scale": 1.5}]
    )
    again = refine(alice, task)
    names = ("image", "mask", "strength", "loras")
    assert [again.spec[name] for name in names] == [picture, picture, 0.4, [["ink", 1.5]]]
    bare = refine(alice, make(alice, loras=[]))
    assert bare.spec["loras"] == []


def test_refined_picture_is_refined_again(alice: APIClient) -> None:
    task = make(alice, seed=5)
    again = refine(alice, task)
    run_queue("local")
    third = refine(alice, again, width=128, height=128)
    assert third.spec["seeds"] == [5]
    assert third.metadata == {"refines": to_wire("task", again.pk)}


def test_it_holds_its_own_price_once_a_key(alice: APIClient) -> None:
    task = make(alice)
    purse = Purse.objects.get(user="alice")
    before = purse.available
    again = refine(alice, task, key="once")
    purse.refresh_from_db()
    assert (purse.held, purse.available) == (again.price, before - again.price) == (10, 80)
    with nothing_moves():
        assert refine(alice, task, key="once") == again
        for words in ({"width": 128}, {"picture": 0, "quality": "high"}):
            answer = alice.post(door(task), words, format="json", HTTP_IDEMPOTENCY_KEY="once")
            check_problem(answer, 422, "idempotency_key_reused")
        order = alice.post(GENERATE, {"prompt": "a"}, format="json", HTTP_IDEMPOTENCY_KEY="once")
        check_problem(order, 422, "idempotency_key_reused")


def test_key_answers_the_same_task_whatever_staff_changed_since(
    alice: APIClient, stub: Account
) -> None:
    lora = {"name": "ink", "file": "ink.safetensors", "scale": 0.8, "is_usual": True}
    place(stub.offers.get(), loras=[lora])
    task, other = make(alice), make(alice)
    again = refine(alice, task, key="once")
    stub.offers.update(fine_steps=31, fine_cfg_scale=4.5)
    place(stub.offers.get(), loras=[])
    with nothing_moves():
        assert refine(alice, task, key="once") == again
        assert refine(alice, task, key="once", picture=0) == again
        for strange in (door(other), GENERATE):
            body = {} if strange != GENERATE else {"prompt": task.spec["prompt"]}
            answer = alice.post(strange, body, format="json", HTTP_IDEMPOTENCY_KEY="once")
            check_problem(answer, 422, "idempotency_key_reused")


@pytest.mark.parametrize("suffix", ["", "/quote"])
def test_lora_that_is_gone_is_named_at_the_picture(
    alice: APIClient, stub: Account, suffix: str
) -> None:
    names = ("ink", "gold")
    loras = [{"name": name, "file": f"{name}.safetensors"} for name in names]
    place(stub.offers.get(), loras=loras)
    task = make(alice, loras=[{"name": name} for name in names])
    place(stub.offers.get(), loras=loras[:1])
    problem = refused(alice, door(task, suffix), body={}, expect=(*INVALID, "picture"))
    [error] = problem["errors"]
    assert (error["field"], error["code"]) == ("picture", "lora_gone")
    assert "“gold”" in error["message"]
    assert "z-image-small" in error["message"]
    place(stub.offers.get(), loras=loras)
    assert refine(alice, task).spec["loras"] == [["ink", 1.0], ["gold", 1.0]]


def test_template_does_not_price_what_is_refined(alice: APIClient) -> None:
    body = {"template": "badge", "parameters": {"colour": "red"}}
    first = alice.post(GENERATE, body, format="json").json()
    run_queue("local")
    task = Task.objects.get(pk=from_wire("task", first["id"]))
    again = refine(alice, task)
    answer = alice.get(f"/api/v1/tasks/{to_wire('task', again.pk)}").json()
    assert (task.price, again.price) == (5, 10)
    assert (answer["template"], answer["prompt"]) == (None, first["prompt"])
    assert answer["credits"]["pricing"]["decided_by"]["origin"] == "rule"


def test_quote_is_the_price_and_writes_nothing(alice: APIClient) -> None:
    task = make(alice, num_images=2)
    words: dict[str, Any] = {"picture": 1, "quality": "high"}
    with nothing_moves():
        quote = alice.post(door(task, "/quote"), words, format="json").json()
    assert (quote["price"], quote["number"], quote["mode"]) == (15, 1, "fine")
    again = refine(alice, task, **words)
    assert (again.price, again.pricing["factors"]) == (quote["price"], quote["factors"])


@pytest.mark.parametrize("suffix", ["", "/quote"])
def test_unfinished_or_failed_task_has_no_picture_to_refine(alice: APIClient, suffix: str) -> None:
    waiting = submit(alice)
    refused(alice, door(waiting, suffix), body={}, expect=(409, "result_not_ready"))
    alice.post(f"/api/v1/tasks/{to_wire('task', waiting.pk)}/cancel")
    refused(alice, door(waiting, suffix), body={}, expect=(409, "no_result"))
    failed = make(alice, "stub:fail")
    refused(alice, door(failed, suffix), body={}, expect=(409, "no_result"))


@pytest.mark.parametrize("suffix", ["", "/quote"])
def test_picture_that_was_not_delivered_is_refused(alice: APIClient, suffix: str) -> None:
    task = make(alice, "stub:refuse=1", num_images=2)
    for picture in (0, 2, 8):
        body = {"picture": picture}
        problem = refused(alice, door(task, suffix), body=body, expect=(*INVALID, "picture"))
        assert problem["errors"][0]["code"] == "not_delivered"
    assert refine(alice, task, picture=1).spec["seeds"] == [task.spec["seeds"][1]]


@pytest.mark.parametrize(
    ("word", "value"),
    [("picture", -1), ("picture", 9), ("picture", "0"), ("picture", True),
     ("width", 100), ("width", 2048), ("width", 0), ("height", "64"), ("steps", 0), ("steps", 51),
     ("cfg_scale", 21), ("cfg_scale", "2"), ("quality", "ultra"), ("mode", "fast"), ("seed", 5),
     ("prompt", "other"), ("user", "alice")],
)  # fmt: skip
def test_wrong_word_is_refused_by_name(alice: APIClient, word: str, value: Any) -> None:
    task = make(alice)
    for suffix in ("", "/quote"):
        refused(alice, door(task, suffix), body={word: value}, expect=(*INVALID, word))


def test_body_that_is_no_object_is_refused(alice: APIClient) -> None:
    task = make(alice)
    refused(alice, door(task), body=[1], expect=(400, "malformed_body"))
    refused(alice, door(task), raw=b"{", expect=(400, "malformed_body"))


def test_model_that_is_gone_is_refused(alice: APIClient, stub: Account) -> None:
    task = make(alice)
    stub.offers.update(is_enabled=False)
    refused(alice, door(task), body={}, expect=(*INVALID, "model"))


def test_purse_without_credits_pays_for_no_refinement(
    client_of: Callable[..., APIClient], rich: Callable[..., Any]
) -> None:
    rich("poor", 10)
    client = client_of("poor")
    task = make(client)
    refused(client, door(task), body={}, expect=(402, "insufficient_credits"))
    quote = client.post(door(task, "/quote"), {}, format="json").json()
    assert (quote["affordable"], quote["refusal"]) == (False, "insufficient_credits")


def test_platforms_key_refines_from_the_purse_of_the_tasks_user(
    alice: APIClient, client_of: Callable[..., APIClient]
) -> None:
    task = make(alice)
    assert refine(client_of(""), task).user == "alice"
    reader = client_of("alice", scopes=[Scope.TASKS_READ])
    refused(reader, door(task), body={}, expect=(403, "scope_missing"))


def test_seed_that_the_vendor_does_not_tell_is_the_ordered_one(alice: APIClient) -> None:
    task = make(alice, "stub:file=png", seed=12, num_images=2)
    assert set(task.outputs.values_list("seed", flat=True)) == {None}
    assert refine(alice, task, picture=1).spec["seeds"] == [13]
    # As an order of a time when the model took no seed: nobody knows what made it.
    Task.objects.filter(pk=task.pk).update(spec={**task.spec, "seeds": []})
    problem = refused(alice, door(task), body={}, expect=(*INVALID, "picture"))
    assert problem["errors"][0]["code"] == "seed_unknown"


def test_what_had_to_stay_in_the_house_is_refined_there(alice: APIClient, stub: Account) -> None:
    task = make(alice)
    # As a template says it, which is not ordered again.
    Task.objects.filter(pk=task.pk).update(local_only=True)
    for suffix in ("", "/quote"):
        problem = refused(alice, door(task, suffix), body={}, expect=(*INVALID, "model"))
        assert problem["errors"][0]["code"] == "leaves_the_house"
    Account.objects.filter(pk=stub.pk).update(is_in_house=True)
    assert refine(alice, task).local_only
