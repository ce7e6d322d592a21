"""What was drawn before is found: for whom, at which price, and when it is drawn anew all the same."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.storage import default_storage
from rest_framework.test import APIClient

from credits.models import Hold, PriceRule, Purse
from generation.life import flights
from generation.life.unpaid_ends import cancel_task
from generation.models import Attempt, Event, Output, Task
from generation.order import Order
from generation.orders import cache
from generation.orders.customer import Customer
from generation.orders.resolved import Resolved
from generation.orders.submit import resolve_for
from generation.selectors import drawn
from generation.spec import LocalModel
from generation.work.run import run_queue
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform
from storage.models import Artifact
from templates.services import create_template, publish
from tests.api.refusals import GENERATE, nothing_moves, refused
from tests.easel import Easel
from tests.races import together
from tests.steps import submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]
IS_FULL = bool(os.environ.get("FAULT_COUNT"))
WORDS: dict[str, Any] = {"seed": 7, "num_images": 2, "width": 64, "height": 64}


def order(client: APIClient, **words: Any) -> Any:
    answer = client.post(GENERATE, {"prompt": "a star", **WORDS, **words}, format="json")
    assert answer.status_code == 202, answer.json()
    return answer.json()


def drawings(easel: Easel) -> int:
    return sum(map(len, easel.batches))


def price_found(amount: int) -> None:
    """Let what was drawn before cost so much."""
    PriceRule.objects.create(name="Picture", effect="price", amount=10)
    PriceRule.objects.create(name="Found", effect="cached", amount=amount)


@pytest.mark.parametrize("amount", [0, 3])
def test_what_was_drawn_is_answered_at_once_at_its_own_price(
    alice: APIClient, easel: Easel, amount: int
) -> None:
    price_found(amount)
    first = order(alice)
    assert (first["status"], first["cached"], first["credits"]["price"]) == ("pending", False, 20)
    run_queue("local")
    again = order(alice, metadata={"cart": "2"}, priority="low")
    assert (again["status"], again["cached"], again["cost_usd"]) == ("completed", True, 0.0)
    held = {name: again["credits"][name] for name in ("price", "held", "captured", "released")}
    assert held == {"price": 2 * amount, "held": 0, "captured": 2 * amount, "released": 0}
    run_queue("local")
    assert drawings(easel) == 1
    before = alice.get(f"/api/v1/tasks/{first['id']}").json()["result"]["images"]
    now = again["result"]["images"]
    assert [one["sha256"] for one in now] == [one["sha256"] for one in before]
    assert [one["seed"] for one in now] == [7, 8]
    read = alice.get(f"/api/v1/tasks/{again['id']}").json()
    assert (read.pop("preview"), read.pop("queue"), read) == (None, None, again)
    # Each owner's row is their own, and opens.
    assert not {one["id"] for one in now} & {one["id"] for one in before}
    assert alice.get(f"/api/v1/artifacts/{now[0]['id']}").status_code == 302
    events = Event.objects.filter(task__cached_from__isnull=False).order_by("id")
    assert [event.kind for event in events] == ["submitted", "routed", "completed"]
    told = events[2].data
    assert told["cached_from"] == first["id"]
    assert told["captured"] == 2 * amount


def test_without_a_rule_what_was_drawn_costs_what_it_cost(alice: APIClient, easel: Easel) -> None:
    first = order(alice)
    run_queue("local")
    assert order(alice)["credits"]["captured"] == first["credits"]["price"] > 0


def test_it_is_drawn_anew_where_that_is_asked_for(alice: APIClient, easel: Easel) -> None:
    first = order(alice)
    run_queue("local")
    for words in ({"cache": "off"}, {"seed": None}, {"seed": 8}, {"prompt": "a moon"}):
        assert order(alice, **words)["status"] == "pending"
    answer = alice.post(f"/api/v1/tasks/{first['id']}/refine", {}, format="json")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    run_queue("local")
    assert drawings(easel) == 6


def test_order_that_takes_nothing_else_is_refused_until_it_was_drawn(
    alice: APIClient, easel: Easel
) -> None:
    body = {"prompt": "a star", **WORDS, "cache": "only"}
    refused(alice, GENERATE, body=body, expect=(404, "not_cached"))
    refused(alice, GENERATE, body={"prompt": "a star", "cache": "only"}, expect=(404, "not_cached"))
    with nothing_moves():
        batch = alice.post("/api/v1/batches", {"orders": [body]}, format="json")
        chinese = alice.post(GENERATE, body, format="json", headers={"accept-language": "zh-hans"})
    assert (batch.status_code, batch.json()["code"]) == (404, "not_cached")
    assert "以前没有生成过" in chinese.json()["title"]
    assert alice.post("/api/v1/quote", body, format="json").status_code == 404
    order(alice)
    run_queue("local")
    # However long ago.
    drawn.AT_HAND.own.clear()
    assert order(alice, cache="only")["cached"] is True
    refused(alice, GENERATE, body=body | {"cache": "x"}, expect=(400, "invalid_request", "cache"))


def test_worker_finds_what_nobody_has_at_hand_any_more(alice: APIClient, easel: Easel) -> None:
    price_found(3)
    order(alice)
    run_queue("local")
    drawn.AT_HAND.own.clear()
    late = order(alice)
    assert (late["status"], late["credits"]["held"]) == ("pending", 20)
    run_queue("local")
    late = alice.get(f"/api/v1/tasks/{late['id']}").json()
    assert (late["status"], late["cached"], drawings(easel)) == ("completed", True, 1)
    assert (late["credits"]["captured"], late["credits"]["released"]) == (6, 14)


def test_identical_orders_at_once_are_drawn_once_and_each_pays_its_own(
    alice: APIClient, mallory: APIClient, rich: Callable[..., Purse], easel: Easel
) -> None:
    price_found(3)
    # Fewer at a time than the database has connections for.
    at_once, rounds = (20, 5) if IS_FULL else (12, 1)
    many = at_once * rounds
    rich("alice", 20 * many)
    order(mallory)
    acts: list[Callable[[], object]] = [lambda: order(alice)["id"]] * at_once
    together(*acts, rounds=rounds)
    together(*[lambda: run_queue("local")] * 3)
    run_queue("local")
    tasks = Task.objects.all()
    assert [task.state for task in tasks] == ["completed"] * (many + 1)
    # One is hers, whose pictures are nobody else's.
    assert drawings(easel) == 2
    assert Task.objects.filter(user="alice", cached_from=None).count() == 1
    captured = Hold.objects.filter(purse__user="alice").values_list("captured", flat=True)
    assert sorted(captured) == [6] * (many - 1) + [20]
    assert Attempt.objects.filter(state="queued").count() == 0


@pytest.mark.parametrize("how", ["fails", "is canceled", "dies"])
def test_who_waits_goes_on_when_the_first_does_not(
    alice: APIClient, easel: Easel, how: str
) -> None:
    first, second = submit(alice, **WORDS), submit(alice, **WORDS)
    waited: list[bool] = []

    def end_first(works: Any) -> None:
        easel.before_drawing = lambda works: None
        # The second is put off while the first is at work.
        run_queue("local")
        waited.append(Attempt.objects.get(task=second).state == "queued")
        if how == "is canceled":
            cancel_task(first.pk)
        else:
            raise ZeroDivisionError(how)

    easel.most = 2
    easel.before_drawing = end_first
    run_queue("local")
    run_queue("local")
    second.refresh_from_db()
    first.refresh_from_db()
    assert waited == [True]
    assert (second.state, second.cached_from_id) == ("completed", None)
    assert first.state == ("canceled" if how == "is canceled" else "failed")
    assert [hold.captured for hold in Hold.objects.order_by("created_at")] == [0, second.price]


@pytest.mark.parametrize("how", ["file", "row", "blocked"])
def test_what_is_gone_is_forgotten(alice: APIClient, easel: Easel, how: str) -> None:
    first = submit(alice, **WORDS)
    run_queue("local")
    kept = submit(alice, **WORDS)
    assert kept.cached_from_id == first.pk
    output = Output.objects.filter(task=first)[0]
    assert output.artifact
    if how == "file":
        default_storage.delete(output.artifact.key)
    elif how == "blocked":
        Output.objects.filter(pk=output.pk).update(artifact=None, error_code="blocked")
    else:
        Task.objects.filter(pk=first.pk).update(cache_key="")
    assert submit(alice, **WORDS).state == "pending"
    run_queue("local")
    assert drawings(easel) == 2
    if how == "blocked":
        # What it paid is no more what it delivered: that is the refund's.
        Output.objects.filter(pk=output.pk).update(artifact=output.artifact_id, error_code="")


def test_picture_that_is_deleted_as_it_is_found_is_drawn(
    alice: APIClient, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(alice, **WORDS)
    run_queue("local")
    real = cache.with_found

    def lose(resolved: Resolved) -> Resolved:
        found = real(resolved)
        if found.found:
            monkeypatch.setattr(cache, "with_found", lambda resolved: resolved)
            gone = [replace_id(output) for output in found.found.outputs]
            return replace(found, found=replace(found.found, outputs=tuple(gone)))
        return found

    monkeypatch.setattr(cache, "with_found", lose)
    task = submit(alice, **WORDS)
    assert (task.state, task.cached_from_id) == ("pending", None)


def replace_id(output: Output) -> Output:
    output.artifact_id = new_id()
    return output


def test_users_find_each_others_where_their_platform_shares(
    alice: APIClient, mallory: APIClient, client_of: Any, easel: Easel, shop: Platform
) -> None:
    Platform.objects.filter(pk=shop.pk).update(shares_results=True)
    first = order(alice)
    run_queue("local")
    hers = order(mallory)
    assert hers["cached"] is True
    picture = hers["result"]["images"][0]["id"]
    assert mallory.get(f"/api/v1/artifacts/{picture}").status_code == 302
    assert alice.get(f"/api/v1/artifacts/{picture}").status_code == 404
    assert mallory.get(f"/api/v1/tasks/{first['id']}").status_code == 404
    # What must stay in the house stays its owner's, too.
    assert order(client_of("mallory", local_only=True))["status"] == "pending"


def test_template_that_says_so_finds_any_picture_of_its_parameters(
    alice: APIClient, easel: Easel
) -> None:
    for code, caches in (("poster", True), ("sketch", False)):
        rules = {"subject": {"type": "string", "maxLength": 10}}
        draft = create_template(
            code, name=code, category="print", prompt=f"{{subject}} as {code}", parameters=rules,
            required=["subject"], caches=caches,
        )  # fmt: skip
        publish(draft, actor="tests")
    answers = []
    for code, subject in (
        ("poster", "cat"),
        ("poster", "cat"),
        ("poster", "dog"),
        ("sketch", "cat"),
        ("sketch", "cat"),
    ):
        body = {"template": code, "parameters": {"subject": subject}}
        answer = alice.post(GENERATE, body, format="json")
        assert answer.status_code == 202, answer.json()
        answers.append(answer.json()["cached"])
        run_queue("local")
    assert answers == [False, True, False, False, False]


def resolved_for(customer: Customer, **words: Any) -> Resolved:
    return resolve_for(customer, Order(**{"prompt": "a star", "seed": 7, **words}))


def test_key_changes_with_each_word_that_decides_the_picture_and_with_no_other(
    alice: APIClient, easel: Easel, shop: Platform
) -> None:
    customer = Customer(shop.pk, "", "alice")
    base = resolved_for(customer)
    others: dict[str, Any] = {
        "prompt": "a moon", "negative_prompt": "text", "width": 128, "height": 128, "steps": 5, "cfg_scale": 3.5,
        "seed": 8, "num_images": 2, "quality": "high", "mode": "fast", "media_type": None,
    }  # fmt: skip
    keys = [
        resolved_for(customer, **{word: value}).cache_key for word, value in others.items() if value
    ]
    assert len({base.cache_key, *keys}) == 1 + len(keys)
    same: dict[str, Any] = {
        "metadata": {"a": 1}, "priority": "low", "timeout": 9, "expires_in": 99, "cache": "auto",
        "webhook": None, "num_images": 1, "model": "z-image-small",
    }  # fmt: skip
    assert {resolved_for(customer, **{word: value}).cache_key for word, value in same.items()} == {
        base.cache_key
    }
    assert resolved_for(customer, cache="off").cache_key == ""
    assert resolve_for(customer, Order(prompt="a star")).cache_key == ""
    # A spec's own words, and what the model and its account are.
    spec, route = base.spec, base.route
    words: dict[str, Any] = {
        "sampler": "Euler a", "style": "vivid", "strength": 0.5, "options": {"tiled": True}, "media_type": "video",
        "image": "art_" + "0" * 32, "mask": "art_" + "1" * 32, "last_image": "art_" + "1" * 32, "seconds": 5,
        "references": ("art_" + "0" * 32,),
        "fps": 24, "resolution": "4k", "audio": True,
    }  # fmt: skip
    specs = [replace(spec, **{name: value}) for name, value in words.items()]
    local = LocalModel("org/model", "a" * 40, ("w.safetensors",))
    cards = [replace(route.card, vendor_model="other"), replace(route.card, options={"a": 1}), *(
        replace(route.card, local=one) for one in (
            local, replace(local, revision="b" * 40), replace(local, weights=()), replace(local, folder="org/other"))
    )]  # fmt: skip
    variants = [replace(base, spec=one) for one in specs]
    variants += [replace(base, route=replace(route, card=one)) for one in cards]
    keys = [cache.key_of(customer, one) for one in [base, *variants]]
    assert len(set(keys)) == len(keys)
    assert cache.key_of(customer, replace(base, spec=replace(spec, said=("steps",)))) == keys[0]
    shared = replace(customer, shares_results=True)
    of_whom = [
        customer,
        replace(customer, user="bob"),
        replace(customer, platform_id=new_id()),
        shared,
    ]
    assert len({cache.key_of(one, base) for one in of_whom}) == len(of_whom)
    assert cache.key_of(shared, base) == cache.key_of(replace(shared, user="bob"), base)
    assert cache.key_of(shared, replace(base, local_only=True)) == keys[0]


def test_uploads_of_one_file_are_one_picture(
    alice: APIClient, easel: Easel, shop: Platform
) -> None:
    customer = Customer(shop.pk, "", "alice")
    base = resolved_for(customer)
    ids = []
    for sha256 in ("a" * 64, "a" * 64, "b" * 64):
        row = Artifact.objects.create(
            platform=shop, user="alice", key=f"{new_id()}.png", thumbnail_key="t", sha256=sha256,
            content_type="image/png", size_bytes=1, width=64, height=64,
        )  # fmt: skip
        ids.append(f"art_{row.pk.hex}")
    one, same, other = (
        cache.key_of(customer, replace(base, spec=replace(base.spec, image=image))) for image in ids
    )
    assert one == same != other


def test_end_at_another_account_is_nobody_elses_find(alice: APIClient, easel: Easel) -> None:
    task = submit(alice, **WORDS)
    Task.objects.filter(pk=task.pk).update(cache_key=f"{task.cache_key[:64]}.0")
    run_queue("local")
    task.refresh_from_db()
    assert (task.state, task.cache_key) == ("completed", "")


def test_who_waits_looks_again_by_itself(
    alice: APIClient, rich: Callable[..., Purse], easel: Easel
) -> None:
    first, second = submit(alice, **WORDS), submit(alice, **WORDS)
    Task.objects.filter(pk=first.pk).update(leads=first.cache_key)
    Attempt.objects.filter(task=first).update(run_at="2100-01-01T00:00Z")
    assert run_queue("local") == []
    attempt = Attempt.objects.get(task=second)
    seconds = (attempt.run_at - attempt.created_at).total_seconds()
    assert (attempt.state, attempt.run_until) == ("queued", None)
    assert seconds >= flights.WAIT_SECONDS
    # Whose end it is counts: the first's queues the second for now.
    cancel_task(first.pk)
    run_queue("local")
    second.refresh_from_db()
    assert second.state == "completed"
