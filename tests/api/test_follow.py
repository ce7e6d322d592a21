"""Follow: what a vendor does further with a delivered picture, as a task of its own with its own price."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from credits.models import Purse
from generation.models import Account, Attempt, Output, Task
from generation.work.run import run_queue
from genhub.lib.ids import from_wire, to_wire
from genhub.platforms.models import Platform, Scope
from genhub.webhooks import endpoints
from tests.api.refusals import check_problem, nothing_moves, refused
from tests.steps import submit
from tests.webhooks.made import URL

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]

INVALID = (400, "invalid_request")
UPSCALE: dict[str, Any] = {"action": "upscale", "part": 2}


def door(task: Task, suffix: str = "") -> str:
    return f"/api/v1/tasks/{to_wire('task', task.pk)}/follow{suffix}"


def make(client: APIClient, prompt: str = "a star", **words: Any) -> Task:
    """Submit an order, work on it, and return its task."""
    return finish(submit(client, prompt, **words))


def finish(task: Task) -> Task:
    """Work on an order that is made whole."""
    run_queue("local")
    task.refresh_from_db()
    assert task.state == "completed"
    return task


def follow(client: APIClient, task: Task, key: str = "", **words: Any) -> Task:
    """Go on with a picture of a task and return the new task."""
    headers: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    answer = client.post(door(task), words, format="json", **headers)
    assert answer.status_code == 202, answer.json()
    assert answer.headers["Location"] == answer.json()["check_status_url"]
    return Task.objects.get(pk=from_wire("task", answer.json()["id"]))


def refuse(client: APIClient, task: Task, field: str, **words: Any) -> str:
    """Return the code at the one word for which both doors refuse this."""
    codes = set()
    for suffix in ("", "/quote"):
        problem = refused(client, door(task, suffix), body=words, expect=(*INVALID, field))
        [error] = problem["errors"]
        codes.add(error["code"])
    [code] = codes
    return str(code)


def follow_ups(client: APIClient, task: Task) -> list[str]:
    answer = client.get(f"/api/v1/tasks/{to_wire('task', task.pk)}").json()
    return [one["action"] for one in answer["follow_ups"]]


def test_follow_up_is_one_picture_of_what_the_vendor_has(alice: APIClient) -> None:
    words: dict[str, Any] = {
        "negative_prompt": "dust",
        "width": 128,
        "height": 96,
        "num_images": 3,
        "seed": 41,
    }
    task = make(
        alice, metadata={"post": 7}, subject="hero", steps=9, cfg_scale=3.5, quality="high", **words
    )
    again = follow(alice, task, picture=2, **UPSCALE)
    ids = Attempt.objects.get(task=task).facts["tasks"]
    assert again.spec["options"] == {"of": ids[2], "action": "upscale", "index": 2}
    kept = {"prompt", "width", "height", "model"}
    assert {name: again.spec[name] for name in kept} == {name: task.spec[name] for name in kept}
    # The vendor has them in the picture already.
    gone: dict[str, Any] = {
        "negative_prompt": "",
        "seeds": [],
        "steps": None,
        "cfg_scale": None,
        "image": "",
    }
    assert {name: again.spec[name] for name in gone} == gone
    assert again.metadata == {"post": 7, "follows": to_wire("task", task.pk)}
    assert again.subject == "hero"
    assert (again.user, again.num_images, again.quality, again.state) == (
        "alice", 1, "high", "pending",
    )  # fmt: skip
    assert again.follows_id == Attempt.objects.get(task=task).pk
    finish(again)
    assert follow_ups(alice, again) == []


def test_it_is_told_of_and_timed_like_any_order(alice: APIClient, shop: Platform) -> None:
    task = make(alice)
    wanted = {**UPSCALE, "webhook": URL, "timeout": 70, "expires_in": 600}
    refused(alice, door(task), body=wanted, expect=(*INVALID, "webhook"))
    endpoints.create(shop.pk, url="", events=[])
    refused(alice, door(task), body={**wanted, "timeout": 10**6}, expect=(*INVALID, "timeout"))
    found = follow(alice, task, **wanted)
    assert (found.webhook, found.timeout_seconds, found.expires_at is None) == (URL, 70, False)


def test_origin_of_the_origin_is_not_told_as_its_own(alice: APIClient) -> None:
    task = make(alice)
    refined = alice.post(door(task).replace("follow", "refine"), {}, format="json").json()
    again = finish(Task.objects.get(pk=from_wire("task", refined["id"])))
    assert follow(alice, again, **UPSCALE).metadata == {"follows": to_wire("task", again.pk)}


def test_template_and_style_do_not_price_what_follows(alice: APIClient) -> None:
    body = {"template": "badge", "parameters": {"colour": "red"}}
    first = alice.post("/api/v1/generate", body, format="json").json()
    task = finish(Task.objects.get(pk=from_wire("task", first["id"])))
    again = follow(alice, task, action="reroll")
    assert (task.price, again.price) == (5, 10)
    assert again.template_version is None


def test_quote_is_the_price_and_writes_nothing(alice: APIClient) -> None:
    task = make(alice, num_images=2, quality="high")
    with nothing_moves():
        quote = alice.post(door(task, "/quote"), {**UPSCALE, "picture": 1}, format="json").json()
    assert (quote["price"], quote["number"]) == (15, 1)
    again = follow(alice, task, picture=1, **UPSCALE)
    assert (again.price, again.pricing["factors"]) == (quote["price"], quote["factors"])


def test_it_holds_its_own_price_once_a_key(alice: APIClient, stub: Account) -> None:
    task, other = make(alice), make(alice)
    purse = Purse.objects.get(user="alice")
    before = purse.available
    again = follow(alice, task, key="once", **UPSCALE)
    purse.refresh_from_db()
    assert (purse.held, purse.available) == (again.price, before - again.price)
    # What the key stands for is the request, whatever became of the account since.
    stub.offers.update(is_enabled=False)
    with nothing_moves():
        assert follow(alice, task, key="once", **UPSCALE) == again
        assert follow(alice, task, key="once", picture=0, **UPSCALE) == again
        for address, body in (
            (door(other), UPSCALE),
            (door(task), {**UPSCALE, "part": 1}),
            (door(task).replace("follow", "refine"), {}),
        ):
            answer = alice.post(address, body, format="json", HTTP_IDEMPOTENCY_KEY="once")
            check_problem(answer, 422, "idempotency_key_reused")


@pytest.mark.parametrize("suffix", ["", "/quote"])
def test_task_without_a_result_has_nothing_to_go_on_with(alice: APIClient, suffix: str) -> None:
    waiting = submit(alice)
    assert follow_ups(alice, waiting) == []
    refused(alice, door(waiting, suffix), body=UPSCALE, expect=(409, "result_not_ready"))
    alice.post(f"/api/v1/tasks/{to_wire('task', waiting.pk)}/cancel")
    refused(alice, door(waiting, suffix), body=UPSCALE, expect=(409, "no_result"))
    failed = submit(alice, "stub:fail")
    run_queue("local")
    refused(alice, door(failed, suffix), body=UPSCALE, expect=(409, "no_result"))
    assert follow_ups(alice, failed) == []


def test_picture_that_was_not_delivered_is_refused(alice: APIClient) -> None:
    task = make(alice, "stub:refuse=1", num_images=2)
    for picture in (0, 2, 8):
        assert refuse(alice, task, "picture", picture=picture, **UPSCALE) == "not_delivered"
    follow(alice, task, picture=1, **UPSCALE)


def test_picture_that_is_gone_from_the_hub_is_refused(alice: APIClient) -> None:
    task = make(alice)
    # As a rule must leave it that lets artifacts expire: the table takes no output that is neither.
    Output.objects.filter(task=task).update(artifact=None, error_code="gone")
    assert refuse(alice, task, "picture", **UPSCALE) == "not_delivered"
    assert follow_ups(alice, task) == []


@pytest.mark.usefixtures("keeps_orders_here")
def test_provider_that_does_nothing_further_is_named(alice: APIClient) -> None:
    task = make(alice)
    assert follow_ups(alice, task) == []
    assert refuse(alice, task, "picture", **UPSCALE) == "no_follow_ups"


def test_nothing_follows_what_is_the_last(alice: APIClient) -> None:
    task = make(alice)
    last = finish(follow(alice, task, **UPSCALE))
    for body in (UPSCALE, {"action": "variation", "part": 1}, {"action": "reroll"}):
        assert refuse(alice, last, "picture", **body) == "is_last"
    # A grid again: all of it follows.
    variation = finish(follow(alice, task, action="variation", part=4))
    assert follow_ups(alice, variation) == ["upscale", "variation", "reroll"]
    follow(alice, variation, **UPSCALE)


def test_picture_of_which_the_vendor_told_no_id_is_refused(alice: APIClient) -> None:
    task = make(alice)
    untold: list[dict[str, Any]] = [{}, {"tasks": []}, {"tasks": [""]}]
    for facts in untold:
        Attempt.objects.filter(task=task).update(facts=facts)
        assert refuse(alice, task, "picture", **UPSCALE) == "not_kept"
        assert follow_ups(alice, task) == []


def test_adapter_that_is_gone_follows_nothing_up(alice: APIClient, stub: Account) -> None:
    task = make(alice)
    Account.objects.filter(pk=stub.pk).update(adapter="gone")
    assert follow_ups(alice, task) == []
    assert refuse(alice, task, "picture", **UPSCALE) == "no_follow_ups"


def test_action_that_the_vendor_lacks_is_refused_with_those_that_it_has(alice: APIClient) -> None:
    task = make(alice)
    for action in ("zoom", "UPSCALE"):
        assert refuse(alice, task, "action", action=action, part=1) == "unknown"
    problem = refused(alice, door(task), body={"action": "zoom"}, expect=(*INVALID, "action"))
    assert "upscale, variation, reroll" in problem["errors"][0]["message"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"action": "upscale"}, "required"),
        ({"action": "upscale", "part": 5}, "out_of_range"),
        ({"action": "variation", "part": 10**9}, "out_of_range"),
        ({"action": "reroll", "part": 1}, "unsupported"),
    ],
)
def test_part_that_there_is_not_is_refused(
    alice: APIClient, words: dict[str, Any], code: str
) -> None:
    assert refuse(alice, make(alice), "part", **words) == code


@pytest.mark.parametrize(
    ("word", "value"),
    [("picture", -1), ("picture", 9), ("picture", "0"), ("picture", True), ("part", 0),
     ("part", "2"), ("part", 1.5), ("part", True), ("action", 7), ("action", ""), ("action", "x" * 51),
     ("action", None), ("of", "17"), ("index", 2), ("prompt", "other"), ("user", "alice")],
)  # fmt: skip
def test_wrong_word_is_refused_by_name(alice: APIClient, word: str, value: Any) -> None:
    task = make(alice)
    for suffix in ("", "/quote"):
        body = {**UPSCALE, word: value}
        refused(alice, door(task, suffix), body=body, expect=(*INVALID, word))


def test_body_that_is_no_object_is_refused(alice: APIClient) -> None:
    task = make(alice)
    refused(alice, door(task), body=[1], expect=(400, "malformed_body"))
    refused(alice, door(task), body={}, expect=(*INVALID, "action"))
    refused(alice, door(task), raw=b"{", expect=(400, "malformed_body"))


def test_nobody_goes_on_with_another_ones_picture(
    alice: APIClient, client_of: Callable[..., APIClient], rich: Callable[..., Any]
) -> None:
    task = make(alice)
    rich("mallory", 100)
    for suffix in ("", "/quote"):
        refused(client_of("mallory"), door(task, suffix), body=UPSCALE, expect=(404, "not_found"))
    reader = client_of("alice", scopes=[Scope.TASKS_READ])
    refused(reader, door(task), body=UPSCALE, expect=(403, "scope_missing"))
    assert follow(client_of(""), task, **UPSCALE).user == "alice"


def test_purse_without_credits_pays_for_nothing_further(
    client_of: Callable[..., APIClient], rich: Callable[..., Any]
) -> None:
    rich("poor", 10)
    client = client_of("poor")
    task = make(client)
    refused(client, door(task), body=UPSCALE, expect=(402, "insufficient_credits"))
    quote = client.post(door(task, "/quote"), UPSCALE, format="json").json()
    assert (quote["affordable"], quote["refusal"]) == (False, "insufficient_credits")


def test_page_asks_once_what_follows_all_of_its_tasks(alice: APIClient) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            items = alice.get("/api/v1/tasks").json()["items"]
        assert [len(item["follow_ups"]) for item in items] == [3] * len(items)
        return len(asked)

    make(alice)
    of_one = count()
    for _ in range(3):
        make(alice)
    assert count() == of_one
