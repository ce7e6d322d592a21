"""Batches through the API: one quote, one hold each, all or some, progress, partial results, cancel."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from credits import ledger
from credits.models import Budget, Hold, Purse
from generation.life import claims
from generation.models import Attempt, Batch, Event, Task
from generation.work.run import run_queue
from templates.services import create_template, publish
from tests.api.batches import BATCHES, post, prompts, send
from tests.api.refusals import refused
from tests.books import find_mistakes
from tests.races import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stub")]


def places(problem: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in problem["errors"]]


def counts(answer: Any) -> dict[str, int]:
    return {name: count for name, count in answer["counts"].items() if count}


def test_batch_is_many_tasks_with_a_hold_each_and_ends_with_the_last(
    alice: APIClient, client_of: Callable[..., APIClient]
) -> None:
    orders = [*prompts("a star", "stub:fail"), {"prompt": "two", "num_images": 2, "seed": 7}]
    made = send(alice, orders=orders, order={"seed": 1}, metadata={"series": "x"})
    assert (made["status"], made["progress"], counts(made)) == ("pending", 0, {"total": 3, "pending": 3})  # fmt: skip
    assert made["credits"] == {"price": 40, "held": 40, "captured": 0, "released": 0, "refunded": 0}
    assert [one["index"] for one in made["orders"]] == [0, 1, 2]
    assert [task["id"] for task in made["tasks"]] == [one["task_id"] for one in made["orders"]]
    assert [task["batch_index"] for task in made["tasks"]] == [0, 1, 2]
    assert {task["batch"] for task in made["tasks"]} == {made["id"]}
    assert [spec["seeds"] for spec in Task.objects.order_by("batch_index").values_list("spec", flat=True)] == [[1], [1], [7, 8]]  # fmt: skip
    assert sorted(Hold.objects.values_list("amount", flat=True)) == [10, 10, 20]
    # In the order in which they were asked for.
    first = claims.claim_next("local", worker="tests")
    assert first is not None
    assert first.spec.prompt == "a star"
    claims.heartbeat(first, progress=0.6)
    now = alice.get(made["url"]).json()
    assert (now["status"], now["progress"]) == ("processing", 0.2)
    assert counts(now) == {"total": 3, "pending": 2, "processing": 1}
    Attempt.objects.filter(pk=first.attempt_id).update(state="queued")
    run_queue("local")
    done = client_of("").get(made["url"]).json()
    assert (done["status"], done["progress"], done["canceled_at"]) == ("completed", 1, None)
    assert counts(done) == {"total": 3, "completed": 2, "failed": 1}
    assert done["credits"] == {
        "price": 40,
        "held": 0,
        "captured": 30,
        "released": 10,
        "refunded": 0,
    }
    assert [one["status"] for one in done["orders"]] == ["completed", "failed", "completed"]
    assert done["tasks"][2]["result"]["count"] == 2
    assert done["ended_at"]
    listed = alice.get(made["tasks_url"]).json()["items"]
    assert [task["id"] for task in listed] == [one["task_id"] for one in made["orders"]]
    assert alice.get(made["tasks_url"] + "&page=1").json()["total"] == 3
    assert find_mistakes() == []


def test_matrix_makes_each_combination_the_last_axis_fastest(
    alice: APIClient, recipes: None
) -> None:
    matrix = {
        "prompts": ["a", "b"],
        "styles": ["anime"],
        "seeds": [5, 6],
        "sizes": [{"width": 64, "height": 64}, {"width": 128, "height": 64}],
    }
    made = send(alice, matrix=matrix, order={"negative_prompt": "blue"}, priority="low")
    specs = [
        (task.spec["prompt"][0], task.style, task.spec["seeds"], task.spec["width"], task.priority)
        for task in Task.objects.order_by("batch_index")
    ]
    assert specs == [
        (prompt, "anime", [seed], width, 9)
        for prompt in "ab"
        for seed in (5, 6)
        for width in (64, 128)
    ]
    assert made["counts"]["total"] == 8


def test_quote_of_a_batch_is_what_it_then_costs_and_creates_nothing(alice: APIClient) -> None:
    body = {"orders": [{"prompt": "a"}, {"prompt": "b", "num_images": 3}]}
    quote = post(alice, body, f"{BATCHES}/quote").json()
    assert [(one["price"], one["number"], one["problem"]) for one in quote["orders"]] == [
        (10, 1, None),
        (30, 3, None),
    ]
    assert (quote["price"], quote["held"], quote["count"]) == (40, 40, 2)
    assert (quote["affordable"], quote["refusal"], quote["available"]) == (True, None, 100)
    assert not Batch.objects.exists()
    assert send(alice, **body)["credits"]["price"] == quote["price"]
    short = post(alice, {"orders": [{"prompt": "a", "num_images": 7}]}, f"{BATCHES}/quote").json()
    assert (short["affordable"], short["refusal"]) == (False, "insufficient_credits")


@pytest.mark.parametrize(
    ("body", "status", "code", "found"),
    [
        ({}, 400, "invalid_request", [("orders", "required")]),
        ({"orders": []}, 400, "invalid_request", [("orders", "min_length")]),
        ({"orders": prompts(*"x" * 101)}, 400, "invalid_request", [("orders", "max_length")]),
        ({"orders": prompts("a"), "matrix": {"prompts": ["a"]}}, 400, "invalid_request", [("orders", "required")]),
        ({"orders": ["a"]}, 400, "invalid_request", [("orders.0", "not_a_dict")]),
        ({"matrix": {}}, 400, "invalid_request", [("matrix", "required")]),
        ({"matrix": {"prompts": ["a"] * 11, "seeds": [1] * 10}}, 400, "invalid_request", [("matrix", "too_many")]),
        ({"orders": prompts("a"), "policy": "most"}, 400, "invalid_request", [("policy", "invalid_choice")]),
        ({"orders": [{"prompt": "a", "user": "bob"}]}, 400, "invalid_request", [("orders.0.user", "unknown")]),
        ({"orders": [*prompts("a"), {"prompt": "b", "width": 17}, {"steps": "x"}]}, 400, "invalid_request",
         [("orders.1.width", "not_a_multiple"), ("orders.2.steps", "invalid")]),
        ({"orders": [{}, {}], "order": {"num_images": 2}}, 400, "invalid_request",
         [("orders.0.prompt", "required"), ("orders.1.prompt", "required")]),
        ({"orders": prompts("a", "b"), "order": {"style_preset": "nope"}}, 400, "invalid_request",
         [("order.style_preset", "unknown")]),
        ({"matrix": {"prompts": ["a", "b"], "styles": ["nope"]}}, 400, "invalid_request",
         [("matrix.styles.0", "unknown")]),
        ({"matrix": {"prompts": ["a", " "], "seeds": [1, 2]}}, 400, "invalid_request", [("matrix.prompts.1", "blank")]),
        ({"orders": prompts("a", "b"), "priority": "urgent"}, 400, "invalid_request", [("priority", "invalid_choice")]),
        ({"orders": [{"prompt": "a", "image": "https://example.com/a.png"}]}, 400, "invalid_request",
         [("orders.0.image", "upload_first")]),
        ({"orders": [{"prompt": "a", "type": "video", "image": "art_1", "last_image": "https://example.com/a.png"}]}, 400,
         "invalid_request", [("orders.0.last_image", "upload_first")]),
        ({"orders": prompts("a"), "webhook": "http://x"}, 400, "invalid_request", [("webhook", "bad_address")]),
        ({"orders": [{"prompt": "a", "num_images": 9}, *prompts("b", "c")]}, 402, "insufficient_credits", []),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_whole_and_named_where_it_stands(
    alice: APIClient, body: dict[str, Any], status: int, code: str, found: Any
) -> None:
    problem = refused(alice, BATCHES, body=body, expect=(status, code))
    assert places(problem) == found
    assert not Batch.objects.exists()


def test_a_hundred_wrong_orders_are_told_in_twenty_errors(alice: APIClient) -> None:
    orders = [{"prompt": "a", "width": 17, "steps": "x"} for _ in range(100)]
    problem = refused(alice, BATCHES, body={"orders": orders}, expect=(400, "invalid_request"))
    assert len(problem["errors"]) == 21
    assert problem["errors"][-1]["code"] == "more"


def test_some_takes_what_it_can_and_answers_the_others_by_their_place(alice: APIClient) -> None:
    orders = [
        *prompts("a"),
        {"prompt": "b", "width": 17},
        {"prompt": "c", "num_images": 9},
        {"prompt": "d", "num_images": 2},
        {"prompt": "e", "template": "nope"},
    ]
    made = send(alice, orders=orders, policy="some")
    told = [(one["status"], one["problem"] and one["problem"]["code"]) for one in made["orders"]]
    assert told == [
        ("pending", None),
        ("refused", "invalid_request"),
        ("pending", None),
        ("refused", "insufficient_credits"),
        ("refused", "invalid_request"),
    ]
    assert [one["problem"]["errors"][0]["field"] for one in made["orders"] if one["problem"] and one["problem"]["errors"]] == ["width", "template"]  # fmt: skip
    assert made["counts"] | {"total": 2, "refused": 3} == made["counts"]
    assert made["credits"]["held"] == 100
    chinese = alice.get(made["url"], headers={"Accept-Language": "zh-hans"}).json()
    assert "积分" in chinese["orders"][3]["problem"]["message"]
    assert find_mistakes() == []


@pytest.mark.parametrize("policy", ["all", "some"])
def test_batch_of_which_nothing_can_be_taken_is_refused(alice: APIClient, policy: str) -> None:
    body = {"orders": [{"template": "nope"}, {"steps": "x"}], "policy": policy}
    refused(alice, BATCHES, body=body, expect=(400, "invalid_request", "orders.0.template"))
    body = {"orders": [{"prompt": "a", "num_images": 9}] * 2, "policy": policy}
    Purse.objects.update(available=0)
    refused(alice, BATCHES, body=body, expect=(402, "insufficient_credits"))


def test_freeze_budgets_and_bounds_of_the_queue_hold_for_the_whole(
    alice: APIClient, settings: Any
) -> None:
    purse = Purse.objects.get()
    budget = Budget.objects.create(purse=purse, period="concurrent", most=2)
    body = {"orders": prompts("a", "b", "c")}
    refused(alice, BATCHES, body=body, expect=(429, "concurrency_reached"))
    made = send(alice, **body, policy="some")
    assert [one["status"] for one in made["orders"]] == ["pending", "pending", "refused"]
    budget.delete()
    settings.QUEUE_MOST_PER_USER = 3
    refused(alice, BATCHES, body={"orders": prompts("a", "b")}, expect=(429, "queue_full"))
    made = send(alice, orders=prompts("a", "b"), policy="some")
    assert made["orders"][1]["problem"]["code"] == "queue_full"
    refused(alice, BATCHES, body={**body, "policy": "some"}, expect=(429, "queue_full"))
    settings.QUEUE_MOST_PER_USER = 100
    Purse.objects.update(frozen_at=purse.created_at)
    refused(alice, BATCHES, body=body, expect=(409, "purse_frozen"))
    refused(alice, BATCHES, body={**body, "policy": "some"}, expect=(409, "purse_frozen"))


def test_same_key_answers_the_same_batch_and_another_body_is_refused(alice: APIClient) -> None:
    body = {"orders": prompts("a", "b")}
    first, again = (post(alice, body, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert first.headers["Location"] == first.json()["url"]
    assert Task.objects.count() == 2
    for path, other in ((BATCHES, {"orders": prompts("a")}), ("/api/v1/generate", {"prompt": "a"})):
        expect = (422, "idempotency_key_reused")
        refused(alice, path, body=other, expect=expect, HTTP_IDEMPOTENCY_KEY="k")


def test_batches_at_once_share_a_key_or_the_last_credits_and_never_both_pay(
    client_of: Callable[..., APIClient], rich: Callable[..., Purse]
) -> None:
    rich("alice", 50)
    body = {"orders": prompts("a", "b")}
    ids: list[str] = []

    def send_again() -> None:
        answer = post(client_of("alice"), body, **{"Idempotency-Key": "k"})
        assert answer.status_code == 202
        ids.append(answer.json()["id"])

    together(send_again, send_again, send_again)
    assert len(set(ids)) == 1
    codes: list[int] = []
    alone = partial(post, client_of("alice"), body)
    together(*(lambda: codes.append(alone().status_code) for _ in range(3)))
    assert sorted(codes) == [202, 402, 402]
    assert Task.objects.count() == 4
    assert find_mistakes() == []


def test_cancel_ends_what_has_not_ended_and_states_the_money(alice: APIClient) -> None:
    made = send(alice, orders=prompts("a", "b", "c"))
    claim = claims.claim_next("local", worker="tests")
    run_queue("nobody's")
    done = alice.post(made["cancel_url"]).json()
    assert (done["status"], counts(done)) == ("canceled", {"total": 3, "canceled": 3})
    assert done["credits"] == {"price": 30, "held": 0, "captured": 0, "released": 30, "refunded": 0}
    assert done["canceled_at"] == done["ended_at"]
    assert claim is not None
    with pytest.raises(claims.LeaseLost):
        claims.heartbeat(claim)
    refused(alice, made["cancel_url"], expect=(409, "batch_already_ended"))
    assert find_mistakes() == []


def test_task_canceled_alone_leaves_its_batch_completed(alice: APIClient) -> None:
    made = send(alice, orders=prompts("a", "b"))
    alice.post(made["tasks"][0]["cancel_url"])
    assert alice.get(made["url"]).json()["status"] == "processing"
    run_queue("local")
    done = alice.get(made["url"]).json()
    assert (done["status"], counts(done)) == ("completed", {"total": 2, "completed": 1, "canceled": 1})  # fmt: skip


def test_batches_are_listed_newest_first_by_state_and_user(
    alice: APIClient, mallory: APIClient, client_of: Callable[..., APIClient]
) -> None:
    old, new = (send(alice, orders=prompts(text)) for text in ("a", "b"))
    send(mallory, orders=prompts("c"))
    alice.post(old["cancel_url"])
    page = alice.get(f"{BATCHES}?limit=1").json()
    assert [one["id"] for one in page["items"]] == [new["id"]]
    assert [one["id"] for one in alice.get(page["next"]).json()["items"]] == [old["id"]]
    [ended] = alice.get(f"{BATCHES}?status=canceled,completed").json()["items"]
    assert (ended["id"], ended["credits"]["released"]) == (old["id"], 10)
    shop = client_of("")
    assert len(shop.get(BATCHES).json()["items"]) == 3
    assert len(shop.get(f"{BATCHES}?user=mallory&status=pending").json()["items"]) == 1
    refused(
        alice, f"{BATCHES}?status=done", method="get", expect=(400, "invalid_request", "status")
    )
    refused(alice, f"{BATCHES}?user=mallory", method="get", expect=(403, "wrong_user"))
    assert mallory.get(f"/api/v1/tasks?batch={new['id']}").json()["items"] == []
    assert shop.get("/api/v1/tasks?batch=x").json()["items"] == []


def test_orders_of_a_batch_carry_times_subject_and_request_as_single_ones_do(
    alice: APIClient,
) -> None:
    body = {
        "orders": [{"prompt": "a", "timeout": 9}, {"prompt": "b", "expires_in": 60}],
        "order": {"subject": "hero"},
    }
    made = post(alice, body, **{"X-Request-ID": "series-1"}).json()
    one, other = Task.objects.order_by("batch_index")
    assert (one.timeout_seconds, one.expires_at) == (9, None)
    assert other.expires_at is not None
    assert other.expires_at == other.deadline_at < one.deadline_at
    assert one.spec["seeds"] == other.spec["seeds"]
    assert {task["request_id"] for task in made["tasks"]} == {"series-1"}
    told = Event.objects.filter(kind="submitted").values_list("data__request_id", flat=True)
    assert list(told) == ["series-1", "series-1"]
    long = {"orders": [*prompts("a"), {"prompt": "b", "timeout": 10**7}]}
    expect = (400, "invalid_request", "orders.1.timeout")
    refused(alice, BATCHES, body=long, expect=expect)
    later = {"orders": prompts("a"), "order": {"expires_in": 10**7}}
    refused(alice, BATCHES, body=later, expect=(400, "invalid_request", "order.expires_in"))


def test_platforms_key_names_the_user_of_a_batch(client_of: Callable[..., APIClient], rich: Any) -> None:  # fmt: skip
    rich("bob", 100)
    shop = client_of("")
    refused(shop, BATCHES, body={"orders": prompts("a")}, expect=(400, "invalid_request", "user"))
    assert send(shop, orders=prompts("a"), user="bob")["user"] == "bob"


def test_free_orders_and_paid_ones_meet_in_one_batch(alice: APIClient, recipes: None) -> None:
    publish(create_template("free", name="Free", prompt="a star", price=0), actor="tests")
    Budget.objects.create(purse=Purse.objects.get(), period="concurrent", most=3)
    orders = [{"template": "free"}, *prompts("a"), {"template": "free"}]
    refused(
        alice,
        BATCHES,
        body={"orders": [*orders, *prompts("b")]},
        expect=(429, "concurrency_reached"),
    )
    made = send(alice, orders=orders)
    assert made["credits"]["held"] == 10
    quote = post(alice, {"orders": prompts("a")}, f"{BATCHES}/quote").json()
    assert quote["refusal"] == "concurrency_reached"
    run_queue("local")
    assert alice.get(made["url"]).json()["status"] == "completed"
    assert find_mistakes() == []


def test_a_hundred_orders_take_no_more_statements_than_a_few(alice: APIClient) -> None:
    ledger.grant(Purse.objects.get().pk, 10_000, key="more", why=ledger.Why("tests", "more"))
    send(alice, orders=prompts("a"))
    body = {"orders": prompts(*(f"star {n}" for n in range(100)))}
    with CaptureQueriesContext(connection) as captured:
        answer = post(alice, body)
    assert answer.status_code == 202
    assert len(captured) <= 20
    assert len(answer.json()["tasks"]) == 20
    assert answer.json()["has_more_tasks"]
    assert find_mistakes() == []
