"""A step of a chain that is withheld: the steps before it are delivered and paid, and staff may still give it."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from generation.models import Account, Finding, Moderator, Task
from generation.moderation import review
from generation.work.run import run_queue
from tests.books import find_mistakes
from tests.moderation.test_pictures import BAD, SAFE
from tests.orders.test_chains import film, order, template
from tests.providers.vendors.server import Server
from tests.storage.conftest import local

__all__ = ["film", "local"]
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("recipes", "film", "local"),
]


def test_withheld_clip_leaves_its_picture(
    alice: APIClient, stub: Account, server: Server, service: Callable[..., Moderator]
) -> None:
    service(checks_prompts=False, checks_pictures=True)
    server.faults = [SAFE, BAD]
    template()
    task = order(alice)
    assert [entry["ended"] for entry in run_queue("local")] == ["step_done", "failed"]
    answer: Any = alice.get(f"/api/v1/tasks/{task}").json()
    assert (answer["status"], answer["result"]["count"], answer["credits"]["captured"]) == (
        "completed",
        1,
        10,
    )
    assert [(e["step"], e["position"], e["code"]) for e in answer["result"]["errors"]] == [
        (2, 1, "content_blocked")
    ]
    assert find_mistakes() == []
    row = Finding.objects.get(outcome="blocked")
    assert row.position == 1
    review.release(row, Task.objects.get(pk=task.pk))
    given = task.outputs.get(step=2)
    assert (given.is_gift, given.artifact_id) == (True, row.artifact_id)
    assert find_mistakes() == []


def test_what_all_steps_ask_for_is_judged(alice: APIClient, terms: None) -> None:
    template(chain=[{"prompt": "{subject} as before", "settings": {}}])
    body = {"template": "turning", "parameters": {"subject": "a foe moon"}}
    answer = alice.post("/api/v1/generate", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, "prompt_refused")
