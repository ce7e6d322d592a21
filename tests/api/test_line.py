"""One task straight through, and what its owner sees at each step."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from credits.audit import CHECKS, find_broken
from generation.audit import AUDIT_CHECKS
from generation.models import Account
from generation.work.run import run_queue
from genhub.platforms.models import Platform

pytestmark = pytest.mark.django_db


def submit(client: APIClient, **words: Any) -> Any:
    answer = client.post("/api/v1/generate", {"prompt": "a star", **words}, format="json")
    assert answer.status_code == 202, answer.json()
    return answer.json()


def test_a_picture_from_submit_to_link(alice: APIClient, stub: Account) -> None:
    submitted = submit(alice, num_images=2, seed=7)
    assert submitted["status"] == "pending"
    held = {"price": 20, "held": 20, "captured": 0, "released": 0, "refunded": 0}
    assert submitted["credits"].items() >= held.items()
    balance = alice.get("/api/v1/credits").json()
    assert (balance["available"], balance["held"]) == (80, 20)
    assert alice.get(submitted["result_url"]).json()["code"] == "result_not_ready"

    assert run_queue("local") == [{"task": submitted["id"], "ended": "completed"}]

    task = alice.get(f"/api/v1/tasks/{submitted['id']}").json()
    assert task["status"] == "completed"
    assert task["progress"] == 1
    assert task["credits"]["captured"] == 20
    assert [image["seed"] for image in task["result"]["images"]] == [7, 8]
    assert alice.get("/api/v1/credits").json()["available"] == 80
    link = alice.get(task["result"]["image_urls"][0])
    assert link.status_code == 302
    picture = alice.get(link["Location"])
    assert picture["Content-Type"] == task["result"]["images"][0]["content_type"] == "image/webp"
    assert find_broken({**CHECKS, **AUDIT_CHECKS}) == []


def test_only_delivered_pictures_are_paid(alice: APIClient, stub: Account) -> None:
    submitted = submit(alice, prompt="stub:refuse=1", num_images=4)
    run_queue("local")
    task = alice.get(submitted["check_status_url"].removesuffix("/status")).json()
    paid = {"price": 40, "held": 0, "captured": 30, "released": 10, "refunded": 0}
    assert task["credits"].items() >= paid.items()
    assert task["result"]["count"] == 3
    assert task["result"]["errors"][0]["position"] == 0
    assert find_broken({**CHECKS, **AUDIT_CHECKS}) == []


def test_failed_task_gives_everything_back(alice: APIClient, stub: Account) -> None:
    submitted = submit(alice, prompt="stub:fail")
    run_queue("local")
    task = alice.get(f"/api/v1/tasks/{submitted['id']}").json()
    assert task["status"] == "failed"
    assert task["error"]["code"] == "generation_failed"
    assert "told to fail" not in str(task)
    assert task["credits"]["released"] == 10
    assert alice.get("/api/v1/credits").json()["available"] == 100
    assert find_broken({**CHECKS, **AUDIT_CHECKS}) == []


def test_canceled_task_is_never_run(alice: APIClient, stub: Account) -> None:
    submitted = submit(alice)
    canceled = alice.post(submitted["cancel_url"]).json()
    assert canceled["status"] == "canceled"
    assert canceled["credits"]["released"] == 10
    assert run_queue("local") == []
    assert find_broken({**CHECKS, **AUDIT_CHECKS}) == []


def test_platform_key_speaks_for_its_users(
    client_of: Callable[..., APIClient], rich: Callable[..., Any], stub: Account, shop: Platform
) -> None:
    rich("alice", 100)
    platform = client_of("")
    submitted = submit(platform, user="alice")
    assert submitted["user"] == "alice"
    assert len(platform.get("/api/v1/tasks?user=alice").json()["items"]) == 1
    assert platform.get("/api/v1/tasks?user=bob").json()["items"] == []
