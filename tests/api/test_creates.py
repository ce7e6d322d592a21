"""Every door that makes something takes an Idempotency-Key, as the document says, and means the same by it."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from generation.models import Account, Task
from generation.work.run import run_queue
from genhub.lib.ids import new_id
from genhub.platforms import idempotency
from genhub.platforms.models import IdempotencyKey, Platform
from tests.api.documented import read_document
from tests.api.refusals import GENERATE, check_problem
from tests.api.test_keys import PIXEL
from tests.api.test_schema import operations
from tests.patience import patience
from tests.races import outcome_of
from tests.storage.made_pictures import encode, scene
from tests.webhooks.made import URL

STAR, CIRCLE = {"prompt": "a star"}, {"prompt": "a circle"}
FOR_A_PAGE = {"origins": ["https://app.example.com"]}
# Each with a body and another one.
CREATES: dict[str, tuple[Any, Any]] = {
    "batches_create": ({"orders": [STAR]}, {"orders": [CIRCLE]}),
    "artifacts_create": (PIXEL, encode(scene(), "PNG")),
    "generate_create": (STAR, CIRCLE),
    "tasks_follow_create": ({"action": "upscale", "part": 1}, {"action": "upscale", "part": 2}),
    "tasks_refine_create": ({}, {"quality": "high"}),
    "tokens_create": ({**FOR_A_PAGE, "max_credits": 1}, {**FOR_A_PAGE, "max_credits": 2}),
    "uploads_create": (
        {"content_type": "image/png", "size_bytes": 69}, {"content_type": "image/png", "size_bytes": 70},
    ),
    "webhooks_create": ({"url": URL}, {"url": f"{URL}/other"}),
}  # fmt: skip
# They take one, too, and are tried where their pictures and events are.
ELSEWHERE = {
    "artifacts_edits_create": "tests/api/test_edit_prices.py",
    "artifacts_follow_create": "tests/api/test_treat.py",
    "artifacts_links_create": "tests/api/test_links.py",
    "credits_grants_create": "tests/api/test_grants.py",
}
# They answer 201 or 202 and need no key.
OTHERWISE = {
    "me_erasures_create": "answers the deletion that is under way, however often it is said",
    "uploads_confirm_create": "makes one artifact of an upload, however often it is said",
    "webhooks_deliveries_replay_create": "sends again what there is, under the same webhook-id",
    "webhooks_replay_create": "sends again what there is, under the same webhook-ids",
    "webhooks_test_create": "makes a message that tells of nothing and costs nothing",
}


def takes_key(operation: Any) -> bool:
    return any(word["name"] == "Idempotency-Key" for word in operation.get("parameters", ()))


@cache
def posts() -> dict[str, tuple[str, Any]]:
    """Return path and operation of each POST by its name."""
    return {
        operation["operationId"]: (path, operation)
        for (path, method), operation in operations(read_document()).items()
        if method == "post"
    }


def test_every_create_takes_a_key_and_is_tried_here() -> None:
    making = {
        name
        for name, (_, operation) in posts().items()
        if {"201", "202"} & operation["responses"].keys()
    }
    taking = {name for name, (_, operation) in posts().items() if takes_key(operation)}
    assert taking == set(CREATES) | set(ELSEWHERE)
    assert making - taking == set(OTHERWISE)


def post(client: APIClient, path: str, body: Any, key: str) -> Any:
    words: dict[str, Any] = {"data": body, "content_type": "image/png"}
    if not isinstance(body, bytes):
        words = {"data": json.dumps(body), "content_type": "application/json"}
    return client.post(path, HTTP_IDEMPOTENCY_KEY=key, **words)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(CREATES))
def test_one_key_makes_one_thing(
    client_of: Callable[..., APIClient], alice: APIClient, stub: Account, name: str
) -> None:
    path, _ = posts()[name]
    client = client_of("") if "webhooks" in path else alice
    if "{" in path:
        made = alice.post(GENERATE, STAR, format="json").json()
        run_queue("local")
        path = path.format(task_id=made["id"])
    body, other = CREATES[name]
    first, again, reused = (post(client, path, each, "k") for each in (body, body, other))
    assert first.status_code in {201, 202}, first.content
    assert again.status_code == first.status_code
    assert again.json()["id"] == first.json()["id"]
    check_problem(reused, 422, "idempotency_key_reused")
    assert IdempotencyKey.objects.filter(key="k").count() == 1
    assert post(client, path, other, "another").json()["id"] != first.json()["id"]


@pytest.mark.django_db(transaction=True)
def test_key_of_a_request_under_way_is_refused_after_a_while(
    alice: APIClient, stub: Account, shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "PATIENCE_SECONDS", 0.1)
    use = idempotency.Use(shop.pk, "alice", idempotency.Scope.ORDER, "k", "x")
    with ThreadPoolExecutor(1) as beside:
        with transaction.atomic():
            idempotency.keep(use, new_id())
            asking = beside.submit(outcome_of, lambda: post(alice, GENERATE, STAR, "k"))
            answer: Any = asking.result(patience())
            transaction.set_rollback(True)
        check_problem(answer, 409, "idempotency_key_in_use")
        assert answer.headers["Retry-After"] == "1"
        assert not Task.objects.exists()
    assert post(alice, GENERATE, STAR, "k").status_code == 202, "the one before came to nothing"


@pytest.mark.django_db
def test_keeping_a_key_is_one_statement_and_leaves_others_patient(shop: Platform) -> None:
    use = idempotency.Use(shop.pk, "alice", idempotency.Scope.ORDER, "k", "x")
    with CaptureQueriesContext(connection) as queries, connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '7s'")
        idempotency.keep(use, made := new_id())
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("7s",)
    assert len(queries) == 3
    assert idempotency.find_earlier(use) == made
