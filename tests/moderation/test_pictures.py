"""Pictures are judged before anybody has them: the safe ones are delivered, the others kept apart and not charged."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from rest_framework.test import APIClient

from generation.models import Account, Attempt, Finding, Moderator, Output, Task
from generation.selectors import drawn
from generation.work import heart
from generation.work.run import run_queue
from genhub.lib.ids import to_wire
from genhub.platforms.models import Platform
from storage.models import Artifact
from storage.withholding import give_back, withhold
from tests.api.refusals import GENERATE
from tests.easel import Easel
from tests.providers.vendors.server import Reply, Server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]
Make = Callable[..., Moderator]
WORDS = {"prompt": "a star", "num_images": 3, "seed": 7, "width": 64, "height": 64}
SAFE = Reply(body={"results": [{"flagged": False, "categories": {}, "category_scores": {}}]})
BAD = Reply(body={"results": [{"flagged": True, "categories": {"sexual": True}, "category_scores": {"sexual": 0.9}}]})  # fmt: skip
DOWN = Reply(503)


@pytest.fixture
def watched(server: Server, service: Make) -> Server:
    service(checks_prompts=False, checks_pictures=True)
    server.respond = lambda asked: SAFE
    return server


def order(client: APIClient, **words: Any) -> Any:
    answer = client.post(GENERATE, {**WORDS, **words}, format="json")
    assert answer.status_code == 202, answer.json()
    run_queue("local")
    return client.get(answer.json()["check_status_url"].removesuffix("/status")).json()


def credits(task: Any) -> dict[str, int]:
    return {name: task["credits"][name] for name in ("price", "captured", "released", "held")}


def find_apart() -> list[Finding]:
    return list(Finding.objects.filter(outcome="blocked").order_by("position"))


def test_safe_ones_are_delivered_and_the_others_cost_nothing(
    alice: APIClient, easel: Easel, watched: Server
) -> None:
    watched.faults = [SAFE, BAD]
    task = order(alice)
    assert (task["status"], task["result"]["count"]) == ("completed", 2)
    [error] = task["result"]["errors"]
    assert (error["position"], error["seed"], error["code"]) == (1, 8, "content_blocked")
    assert credits(task) == {"price": 30, "captured": 20, "released": 10, "held": 0}
    [row] = find_apart()
    assert (row.labels, row.source, row.state, row.position) == (["sexual"], "service", "open", 1)
    picture = row.artifact
    assert picture is not None
    assert picture.withheld_at
    assert default_storage.exists(picture.key)
    assert default_storage.exists(picture.thumbnail_key)
    for address in ("", "/thumbnail"):
        assert (
            alice.get(f"/api/v1/artifacts/{to_wire('art', picture.pk)}{address}").status_code == 404
        )
    again = alice.post(
        GENERATE, {"prompt": "x", "image": to_wire("art", picture.pk)}, format="json"
    )
    assert again.status_code == 400
    # What is found again is whole.
    assert Task.objects.get().cache_key == ""
    assert order(alice)["cached"] is False
    [data] = {type(one.json["input"][0]["image_url"]["url"]) for one in watched.asked}
    assert data is str


def test_without_a_safe_one_the_order_fails_and_costs_nothing(
    alice: APIClient, easel: Easel, watched: Server
) -> None:
    watched.respond = lambda asked: BAD
    task = order(alice, num_images=2)
    assert (task["status"], task["error"]["code"], task["result"]) == (
        "failed",
        "content_blocked",
        None,
    )
    assert credits(task) == {"price": 20, "captured": 0, "released": 20, "held": 0}
    rows = find_apart()
    assert [row.position for row in rows] == [0, 1]
    assert all(row.artifact and default_storage.exists(row.artifact.key) for row in rows)
    # It is not made again: the same would come of it.
    assert Attempt.objects.count() == 1
    assert alice.get(f"/api/v1/tasks/{task['id']}/result").json()["code"] == "no_result"


def test_flagged_ones_are_delivered_and_put_before_staff(
    alice: APIClient, shop: Platform, easel: Easel, watched: Server
) -> None:
    Platform.objects.filter(pk=shop.pk).update(moderation="flag")
    watched.faults = [BAD]
    task = order(alice, num_images=2)
    assert (task["status"], task["result"]["count"]) == ("completed", 2)
    [row] = Finding.objects.all()
    assert (row.outcome, row.labels, row.artifact) == ("flagged", ["sexual"], Output.objects.get(position=0).artifact)  # fmt: skip


def test_what_nobody_judged_is_withheld_unless_the_platform_takes_it(
    alice: APIClient, shop: Platform, easel: Easel, watched: Server
) -> None:
    watched.faults = [DOWN]
    task = order(alice, num_images=2)
    assert [error["code"] for error in task["result"]["errors"]] == ["content_unjudged"]
    [row] = find_apart()
    assert row.labels == ["unjudged"]
    Platform.objects.filter(pk=shop.pk).update(unjudged="allow")
    watched.faults = [DOWN, DOWN]
    assert order(alice, num_images=2)["result"]["count"] == 2
    assert len(find_apart()) == 1


def test_nobody_outside_sees_what_stays_in_the_house_and_none_where_it_is_off(
    alice: APIClient, shop: Platform, easel: Easel, watched: Server
) -> None:
    watched.respond = lambda asked: BAD
    Platform.objects.filter(pk=shop.pk).update(local_only=True)
    assert order(alice)["status"] == "completed"
    Platform.objects.filter(pk=shop.pk).update(local_only=False, moderation="off")
    assert order(alice, seed=9)["status"] == "completed"
    assert watched.asked == []
    # What was drawn unseen is not given once somebody looks.
    Platform.objects.filter(pk=shop.pk).update(moderation="block")
    assert order(alice)["status"] == "failed"


@pytest.mark.usefixtures("watched")
def test_picture_under_way_is_shown_to_nobody_before_it_is_judged(
    alice: APIClient, shop: Platform, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    easel.preview = lambda: b"jpeg"
    seen = []
    easel.before_decoding = lambda prompt: seen.append(Attempt.objects.get(task__state="processing").preview)  # fmt: skip
    monkeypatch.setattr(heart, "PREVIEW_EVERY_SECONDS", 0)
    order(alice, num_images=1)
    Platform.objects.filter(pk=shop.pk).update(moderation="flag")
    order(alice, num_images=1, seed=8)
    assert seen[0] is None
    assert seen[1] is not None


def test_picture_that_is_withheld_later_is_gone_for_all_who_have_its_file(
    alice: APIClient, easel: Easel, watched: Server
) -> None:
    first = order(alice, num_images=1)
    found = order(alice, num_images=1)
    assert found["cached"] is True
    [key] = set(Artifact.objects.values_list("key", flat=True))
    with transaction.atomic():
        assert len(withhold(key)) == 2
    for task in (first, found):
        read = alice.get(f"/api/v1/tasks/{task['id']}").json()
        assert read["result"]["images"] == []
        assert [error["code"] for error in read["result"]["errors"]] == ["content_blocked"]
        assert (
            alice.get(f"/api/v1/artifacts/{task['result']['images'][0]['id']}").status_code == 404
        )
    drawn.AT_HAND.own.clear()
    assert order(alice, num_images=1)["cached"] is False
    give_back(key)
    assert alice.get(f"/api/v1/tasks/{first['id']}").json()["result"]["count"] == 1


def test_vendor_is_paid_and_its_picture_kept_apart(
    alice: APIClient, stub: Account, watched: Server
) -> None:
    watched.respond = lambda asked: BAD
    task = order(alice, num_images=1)
    assert task["error"]["code"] == "content_blocked"
    assert len(find_apart()) == 1
