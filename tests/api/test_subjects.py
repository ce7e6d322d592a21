"""Subjects: one remembered seed for all orders of a series, a character or a session, listed and forgettable."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from generation.accounts import routing
from generation.errors import QueueFull
from generation.models import Account, Subject, Task
from generation.order import Order
from generation.orders import backlog, glance, subjects
from generation.orders import submit as submitting
from generation.orders.customer import Customer
from generation.spec import LARGEST_EXACT, LARGEST_SEED
from generation.work.run import run_queue
from genhub.lib.errors import InvalidRequest
from genhub.lib.ids import from_wire
from genhub.platforms.models import Platform
from genhub.retention import holds
from tests.api.refusals import GENERATE, refused
from tests.races import told_after
from tests.steps import submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "recipes")]

SUBJECTS = "/api/v1/me/subjects"
INVALID = (400, "invalid_request")


def seeds(task: Task) -> list[int]:
    found: list[int] = task.spec["seeds"]
    return found


def names(client: APIClient, query: str = "") -> list[str]:
    return [item["name"] for item in client.get(f"{SUBJECTS}{query}").json()["items"]]


def test_orders_of_a_subject_share_the_seed_that_the_first_one_drew(alice: APIClient) -> None:
    first = submit(alice, subject=" hero ")
    again = submit(alice, "a red star", subject="hero", num_images=3)
    other = submit(alice, subject="Hero")
    [seed] = seeds(first)
    assert seed <= LARGEST_EXACT
    assert seeds(again) == [seed, seed + 1, seed + 2]
    assert seeds(other) != [seed], "letter by letter"
    answer = alice.get(f"/api/v1/tasks/{again}").json()
    assert (answer["subject"], first.subject, submit(alice).subject) == ("hero", "hero", "")
    run_queue("local")
    result = alice.get(answer["result_url"]).json()
    assert [image["seed"] for image in result["images"]] == seeds(again)
    template = {"template": "shape", "parameters": {"shape": "star", "colour": "red"}}
    made = alice.post(GENERATE, {**template, "subject": "hero"}, format="json").json()
    assert seeds(Task.objects.get(pk=from_wire("task", made["id"]))) == [seed]


def test_said_seed_is_the_orders_own_and_remembered_where_none_was(alice: APIClient) -> None:
    assert seeds(submit(alice, subject="hero", seed=7, num_images=2)) == [7, 8]
    assert seeds(submit(alice, subject="hero", seed=41)) == [41]
    assert seeds(submit(alice, subject="hero")) == [7]


def test_nothing_is_remembered_of_a_price_or_of_what_was_refused(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"prompt": "a star", "subject": "hero"}
    assert alice.post("/api/v1/quote", body, format="json").status_code == 200
    refused(alice, GENERATE, body={**body, "width": 17}, expect=(*INVALID, "width"))
    refused(alice, GENERATE, body={**body, "num_images": 9, "quality": "high"}, expect=(402, "insufficient_credits"))  # fmt: skip

    def refuse_late(*_: Any, **__: Any) -> None:
        assert Subject.objects.get().name == "hero"
        raise QueueFull(scope="user", limit=1, wanted=1)

    # The last refusal of the transaction that remembers.
    monkeypatch.setattr(backlog, "keep", refuse_late)
    refused(alice, GENERATE, body=body, expect=(429, "queue_full"))
    assert not Subject.objects.exists()
    assert names(alice) == []


def test_nothing_is_forgotten_under_a_legal_hold(
    alice: APIClient, mallory: APIClient, shop: Platform, django_user_model: Any
) -> None:
    preferences = "/api/v1/me/preferences"
    for client in (alice, mallory):
        submit(client, subject="hero")
        assert client.put(preferences, {"num_images": 2}, format="json").status_code == 200
    staff = django_user_model.objects.create_user("carol")
    hold = holds.lay(shop.pk, "alice", reason="A court asks for it.", by=staff.pk)
    for door in (SUBJECTS, f"{SUBJECTS}/hero", preferences):
        refused(alice, door, method="delete", expect=(409, "under_legal_hold"))
        assert mallory.delete(door).status_code in {204, 404}
    assert names(alice) == ["hero"]
    assert alice.get(preferences).json()["num_images"] == 2
    assert names(mallory) == []
    holds.lift(hold.pk, reason="The court is done.", by=staff.pk)
    assert alice.delete(SUBJECTS).status_code == alice.delete(preferences).status_code == 204
    assert names(alice) == []


def test_replay_answers_the_same_task_and_another_subject_is_another_body(
    alice: APIClient,
) -> None:
    key: dict[str, Any] = {"HTTP_IDEMPOTENCY_KEY": "once"}
    body = {"prompt": "a star", "subject": "hero"}
    first, again = (alice.post(GENERATE, body, format="json", **key).json() for _ in range(2))
    assert first["id"] == again["id"]
    assert Task.objects.count() == Subject.objects.count() == 1
    other = alice.post(GENERATE, {**body, "subject": "villain"}, format="json", **key)
    assert other.status_code == 422
    assert names(alice) == ["hero"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a/b", ".", "..", "a\nb", "a\x7fb", 7])
def test_name_that_no_address_can_hold_is_refused(alice: APIClient, name: Any) -> None:
    body = {"prompt": "a star", "subject": name}
    refused(alice, GENERATE, body=body, expect=(*INVALID, "subject"))


def test_model_without_seeds_refuses_it_by_its_name(alice: APIClient, stub: Account) -> None:
    stub.offers.update(unsupported=["seed"])
    body = {"prompt": "a star", "subject": "hero"}
    for door in (GENERATE, "/api/v1/quote"):
        [error] = refused(alice, door, body=body, expect=(*INVALID, "subject"))["errors"]
        assert error["code"] == "unsupported"
    both = refused(alice, GENERATE, body={**body, "seed": 7}, expect=INVALID)["errors"]
    assert [error["field"] for error in both] == ["seed", "subject"]
    # Of several accounts one takes the order that honours seeds, and no other may take it over.
    able = Account.objects.create(alias="able", adapter="stub", queue="local", standby_rank=1)
    able.offers.create(alias="z-image-small", default_width=64, default_height=64, smallest_side=16)
    task = submit(alice, subject="hero")
    assert task.attempts.get().account == able
    assert routing.choose_other(spec_of(task), able.pk, local_only=False) is None


def spec_of(task: Task) -> Any:
    customer = Customer(task.platform_id, "", task.user)
    return submitting.resolve_for(customer, Order(prompt="a star", subject=task.subject)).spec


def test_seed_too_near_to_the_largest_is_refused_at_the_subject(alice: APIClient) -> None:
    submit(alice, subject="last", seed=LARGEST_SEED)
    assert seeds(submit(alice, subject="last")) == [LARGEST_SEED]
    body = {"prompt": "a star", "subject": "last", "num_images": 2}
    for door in (GENERATE, "/api/v1/quote"):
        [error] = refused(alice, door, body=body, expect=(*INVALID, "subject"))["errors"]
        assert error["code"] == "too_large"
    [item] = alice.get(SUBJECTS).json()["items"]
    assert (item["seed"], item["seed_text"]) == (LARGEST_SEED, str(LARGEST_SEED))


def test_subjects_are_each_users_own_listed_in_pages_and_forgotten(
    alice: APIClient, client_of: Callable[..., APIClient], rich: Callable[..., Any]
) -> None:
    rich("mallory", 100)
    mallory, apps = client_of("mallory"), client_of("")
    for name in ("one", "二 # ?", "three"):
        submit(alice, subject=name)
    assert seeds(submit(mallory, subject="one")) != seeds(submit(alice, subject="one"))
    first = alice.get(f"{SUBJECTS}?limit=2").json()
    second = alice.get(first["next"]).json()
    listed = [item["name"] for item in first["items"] + second["items"]]
    assert listed == ["three", "二 # ?", "one"]
    assert second["next"] is None
    one = second["items"][0]
    assert one["used_at"] > one["created_at"]
    refused(apps, SUBJECTS, method="get", expect=(*INVALID, "user"))
    refused(mallory, f"{SUBJECTS}?user=alice", method="delete", expect=(403, "wrong_user"))
    assert names(apps, "?user=mallory") == ["one"]

    before = seeds(submit(alice, subject="one"))
    assert alice.delete(f"{SUBJECTS}/one").status_code == 204
    refused(alice, f"{SUBJECTS}/one", method="delete", expect=(404, "not_found"))
    refused(alice, f"{SUBJECTS}/%00", method="delete", expect=(404, "not_found"))
    assert apps.delete(f"{SUBJECTS}/%E4%BA%8C%20%23%20%3F?user=alice").status_code == 204
    assert seeds(submit(alice, subject="one")) != before
    assert names(alice) == ["one", "three"]
    assert alice.delete(SUBJECTS).status_code == 204
    assert (names(alice), names(mallory)) == ([], ["one"])


def test_refined_picture_stays_of_its_subject_and_remembers_nothing(alice: APIClient) -> None:
    task = submit(alice, subject="hero", num_images=2)
    run_queue("local")
    alice.delete(SUBJECTS)
    door = f"/api/v1/tasks/{task}/refine"
    again = alice.post(door, {"picture": 1}, format="json").json()
    assert again["subject"] == "hero"
    assert seeds(Task.objects.get(pk=from_wire("task", again["id"]))) == seeds(task)[1:]
    assert names(alice) == []


def test_order_without_a_subject_asks_nothing_more_and_one_with_it_two_questions(
    alice: APIClient,
) -> None:
    counts = []
    hero: dict[str, Any] = {"subject": "hero"}
    for words in ({}, {}, hero, {**hero, "seed": 5}):
        with CaptureQueriesContext(connection) as asked:
            submit(alice, **words)
        found = [query["sql"] for query in asked if "generation_subject" in query["sql"]]
        counts.append(len(found))
        assert not [query for query in asked if "generation_preferences" in query["sql"]]
    assert counts == [0, 0, 2, 1]


def test_orders_made_whole_at_once_have_one_seed(alice: APIClient, shop: Platform) -> None:
    customer = Customer(shop.pk, "", "alice")
    order = Order(prompt="a star", subject="hero", num_images=2)
    orders = [submitting.resolve_for(customer, order) for _ in range(2)]
    assert orders[0].spec.seeds != orders[1].spec.seeds
    for whole in orders:
        use = submitting.use_of(customer, "", "x")
        submitting.write_task(customer, whole, use, glance.take(use))
    one, other = Task.objects.order_by("id")
    assert seeds(one) == seeds(other) == list(orders[0].spec.seeds)


@pytest.mark.django_db(transaction=True)
def test_whoever_comes_beside_the_first_waits_for_its_seed(shop: Platform) -> None:
    first = partial(subjects.remember, shop.pk, "alice", "hero", 1)
    assert told_after(first, partial(subjects.remember, shop.pk, "alice", "hero", 2)) == 1


def test_seed_remembered_meanwhile_is_refused_where_too_few_follow(
    alice: APIClient, shop: Platform
) -> None:
    customer = Customer(shop.pk, "", "alice")
    late = submitting.resolve_for(customer, Order(prompt="a star", subject="x", num_images=2))
    submit(alice, subject="x", seed=LARGEST_SEED)
    use = submitting.use_of(customer, "", "x")
    with pytest.raises(InvalidRequest) as refusal:
        submitting.write_task(customer, late, use, glance.take(use))
    assert [error.field for error in refusal.value.errors] == ["subject"]
    assert Task.objects.count() == 1
