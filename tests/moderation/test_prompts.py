"""Orders whose prompts are on the list: refused before a credit is held, or flagged, or taken, as the platform says."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Account, Finding, Task
from genhub.platforms.models import Platform
from templates.services import create_template, publish
from tests.api.refusals import GENERATE, nothing_moves, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("terms", "stub")]
BODY: dict[str, Any] = {"prompt": "a N4KED man by the sea", "num_images": 2}


def order(client: APIClient, **words: Any) -> Any:
    answer = client.post(GENERATE, {**BODY, **words}, format="json")
    assert answer.status_code == 202, answer.json()
    return answer.json()


def read() -> list[tuple[Any, ...]]:
    rows = Finding.objects.order_by("id")
    return list(rows.values_list("user", "field", "labels", "outcome", "state", "task_id"))


def test_order_is_refused_before_anything_is_held_and_kept_for_staff(alice: APIClient) -> None:
    problem = refused(alice, GENERATE, body=BODY, expect=(422, "prompt_refused", "prompt"))
    [error] = problem["errors"]
    assert error["code"] == "content_refused"
    assert "naked" in error["message"]
    # Nothing else of the list.
    assert "gore" not in str(problem)
    assert "nude" not in str(problem)
    kept = ("alice", "prompt", ["sexual", "naked"], "refused", "open", None)
    # Once in each language.
    assert read() == [kept, kept]
    assert Finding.objects.first().text == BODY["prompt"]  # type: ignore[union-attr]


def test_what_only_looks_like_a_term_is_taken_as_it_was_written(alice: APIClient) -> None:
    for prompt in ("stars for the ｎaked eye", "Essex", "无码头的小岛"):
        task = order(alice, prompt=prompt)
        assert task["prompt"] == prompt
    assert read() == []


def test_negative_prompt_is_never_looked_at(alice: APIClient) -> None:
    order(alice, prompt="a star", negative_prompt="nude, gore, 无码")
    assert read() == []


def test_quote_refuses_as_the_order_would_and_keeps_nothing(alice: APIClient) -> None:
    refused(alice, "/api/v1/quote", body=BODY, expect=(422, "prompt_refused", "prompt"))
    assert read() == []


def test_flagged_order_is_taken_and_put_before_staff(alice: APIClient, shop: Platform) -> None:
    Platform.objects.filter(pk=shop.pk).update(moderation="flag")
    made = order(alice)
    task = Task.objects.get()
    assert made["prompt"] == BODY["prompt"]
    assert read() == [("alice", "prompt", ["sexual", "naked"], "flagged", "open", task.pk)]


def test_platform_that_is_off_checks_nothing(alice: APIClient, shop: Platform) -> None:
    Platform.objects.filter(pk=shop.pk).update(moderation="off")
    order(alice)
    assert read() == []


def make_template(prompt: str, **words: Any) -> None:
    parameters = {
        "who": {"type": "string"}, "where": {"type": "string", "default": "x"},
        "more": {"type": "array", "items": {"type": "string"}, "default": []}, "year": {"type": "integer", "default": 1},
    }  # fmt: skip
    version = create_template("scene", name="Scene", prompt=prompt, parameters=parameters, required=["who"], **words)  # fmt: skip
    publish(version, actor="tests")


def test_texts_of_a_template_are_named_by_their_parameter(alice: APIClient) -> None:
    # What the template says itself is staff's.
    make_template("a nude statue of {who}{where} {more} {year}")
    for parameters, field in (
        ({"who": "a naked man"}, "parameters.who"),
        ({"who": "a man", "where": "ｇｏｒｅ"}, "parameters.where"),
        ({"who": "nu", "where": "de gore"}, "parameters.where"),
        ({"who": "na", "where": "ked"}, "parameters"),
    ):
        body = {"template": "scene", "parameters": parameters}
        refused(alice, GENERATE, body=body, expect=(422, "prompt_refused", field))
    answer = alice.post(
        GENERATE, {"template": "scene", "parameters": {"who": "a king"}}, format="json"
    )
    assert answer.status_code == 202, answer.json()


def test_batch_names_the_order_and_takes_the_others_where_it_may(alice: APIClient) -> None:
    orders = [{"prompt": "a star"}, BODY]
    refused(alice, "/api/v1/batches", body={"orders": orders}, expect=(422, "prompt_refused"))
    with nothing_moves():
        alone = alice.post("/api/v1/batches", {"orders": [BODY], "policy": "some"}, format="json")
    assert alone.json()["code"] == "prompt_refused"
    answer = alice.post("/api/v1/batches", {"orders": orders, "policy": "some"}, format="json")
    assert answer.status_code == 202, answer.json()
    taken, other = answer.json()["orders"]
    assert (taken["problem"], other["problem"]["code"]) == (None, "prompt_refused")
    assert "naked" in other["problem"]["errors"][0]["message"]


def test_stock_client_of_openai_is_told_in_its_own_words(alice: APIClient, stub: Account) -> None:
    words = {"model": "z-image-small", "prompt": BODY["prompt"], "n": 1}
    with nothing_moves():
        answer = alice.post("/v1/images/generations", words, format="json")
    error = answer.json()["error"]
    told = (answer.status_code, error["code"], error["type"], error["param"])
    assert told == (400, "moderation_blocked", "image_generation_user_error", "prompt")
    assert answer["x-should-retry"] == "false"
    # Kept, though the order was looked at under a lock.
    assert len(read()) == 1
