"""An app is told that a user's credits run low: once each time they fall below the mark, with what took them."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from credits import ledger, lots
from credits.models import Lot, Purse
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Task
from genhub.platforms.models import Platform
from genhub.webhooks.models import Delivery, Endpoint, EventType, Message
from tests.api.refusals import GENERATE, check_problem
from tests.conftest import WHY

pytestmark = pytest.mark.django_db
LOW = EventType.CREDITS_LOW
Order = Callable[..., Any]


@pytest.fixture
def order(alice: APIClient, stub: Account) -> Order:
    """Order pictures of 10 credits each as alice, who has 100."""

    def post(number: int = 1, **words: Any) -> Any:
        return alice.post(GENERATE, {"prompt": "a", "num_images": number, **words}, format="json")

    return post


@pytest.fixture
def endpoint(shop: Platform, secret_of: Any) -> Endpoint:
    Platform.objects.update(low_credits=50)
    found: Endpoint = secret_of("https://app.example.com/hook", events=[LOW])[0]
    return found


def told() -> list[int]:
    """What was available, each time it was told."""
    payloads = [json.loads(row.payload) for row in Message.objects.filter(type=LOW).order_by("pk")]
    return [payload["data"]["available"] for payload in payloads]


def test_each_fall_below_the_mark_is_told_once(
    order: Order, endpoint: Endpoint, rich: Callable[..., Purse]
) -> None:
    order(4), order(1)
    assert told() == []
    order(1)
    assert told() == [40]
    order(1, num_images=2)
    assert told() == [40]
    payload = json.loads(Message.objects.get().payload)
    assert payload["type"] == "credits.low"
    assert payload["timestamp"].endswith("Z")
    assert payload["data"] == {
        "platform": "shop",
        "user": "alice",
        "available": 40,
        "threshold": 50,
    }
    assert Delivery.objects.get().endpoint == endpoint
    # What comes back reaches the mark: the next fall is news again.
    rich("alice", 30)
    assert Purse.objects.get().available == 50
    order(1)
    assert told() == [40, 40]
    cancel_task(Task.objects.order_by("-created_at")[0].pk)
    order(2)
    assert told() == [40, 40, 30]


def test_nobody_is_told_of_an_order_that_was_not_taken(order: Order, endpoint: Endpoint) -> None:
    check_problem(order(4, model="nothing"), 400, "invalid_request")
    order(4, seed=1)
    check_problem(order(7), 402, "insufficient_credits")
    assert told() == []


def test_the_same_order_again_tells_nothing_again(
    alice: APIClient, order: Order, endpoint: Endpoint
) -> None:
    for _ in range(2):
        alice.post(
            GENERATE, {"prompt": "a", "num_images": 4}, format="json", HTTP_IDEMPOTENCY_KEY="a"
        )
        alice.post(
            GENERATE, {"prompt": "a", "num_images": 2}, format="json", HTTP_IDEMPOTENCY_KEY="b"
        )
    assert told() == [40]


def test_what_expires_and_what_staff_take_is_told_too(
    rich: Callable[..., Purse], endpoint: Endpoint
) -> None:
    purse = rich("alice", 60)
    ledger.adjust(purse.pk, -15, key="a", why=WHY)
    assert told() == [45]
    ledger.grant(purse.pk, 30, key="lot", why=WHY, expires_at=Now() + timedelta(days=1))  # type: ignore[arg-type]
    lot = Lot.objects.get()
    lots.expire_purse(purse.pk, lot.expires_at + timedelta(seconds=1))
    assert told() == [45, 45]


def test_a_platform_that_wants_to_know_nothing_costs_no_question(
    order: Order, endpoint: Endpoint
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert order(1).status_code == 202
        return len(asked)

    Platform.objects.update(low_credits=None)
    count()
    without = count()
    Platform.objects.update(low_credits=50)
    # Above the mark it costs none either.
    assert count() == without
    Platform.objects.update(low_credits=None)
    assert [count() for _ in range(4)] == [without] * 4
    assert told() == []
