"""One key by two hundred hands, one refund by fifty, one payment told ten times out of order: one effect each."""

import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from credits import ledger
from credits.errors import RefundTooLarge
from credits.models import GrantRule, Hold, Purse, Transfer
from generation.models import Account, Task
from genhub.platforms.models import Platform, Scope
from tests.api.refusals import header_of
from tests.books import find_mistakes
from tests.faults.processes import COUNT
from tests.races import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
SUBMITS, KEYS = 200, 20 if COUNT else 1
REFUNDS, REFUND_ROUNDS = 50, 20 if COUNT else 1
EVENTS, TIMES, POSTERS = 100 if COUNT else 20, 10, 10
STAFF = ledger.Why("staff", "one of many hands")


@pytest.fixture
def post(client_of: Callable[..., APIClient]) -> Callable[..., tuple[int, Any]]:
    """Post as one key from whatever thread calls, as often as it likes."""
    headers: dict[str, dict[str, str]] = {}

    def post(user: str, path: str, body: dict[str, Any], **more: Any) -> tuple[int, Any]:
        words = {"scopes": [Scope.CREDITS_GRANT]} if path.endswith("grants") else {}
        if user not in headers:
            headers[user] = header_of(client_of(user, writes_per_minute=0, **words))
        client = APIClient()
        client.credentials(**headers[user])
        answer = client.post(path, body, format="json", **more)
        return answer.status_code, answer.json()

    return post


def test_two_hundred_submits_of_one_key_are_one_task(
    rich: Callable[..., Purse], stub: Account, post: Callable[..., tuple[int, Any]]
) -> None:
    rich("alice", 10_000)
    assert post("alice", "/api/v1/generate", {"prompt": "a"}, HTTP_IDEMPOTENCY_KEY="warm")[0] == 202
    # Two hundred requests of each key by forty hands: more hands than that only wait for the processor.
    hands, order = 40, {"prompt": "a star"}
    for number in range(KEYS):
        submit = partial(post, "alice", "/api/v1/generate", order, HTTP_IDEMPOTENCY_KEY=f"{number}")
        answers = together(*[submit] * hands, rounds=SUBMITS // hands)
        told: list[Any] = [one for turn in answers for one in turn]
        found = Counter((status, body.get("id")) for status, body in told)
        assert [status for status, _ in found] == [202], found
        assert found.total() == SUBMITS
    assert Task.objects.count() == Hold.objects.count() == KEYS + 1
    assert Purse.objects.get().held == 10 * (KEYS + 1)
    assert find_mistakes() == []


def test_fifty_parallel_refunds_give_back_what_was_captured(rich: Callable[..., Purse]) -> None:
    purse = rich("alice", 100)
    for number in range(REFUND_ROUNDS):
        hold = ledger.hold(purse.pk, 100, reference=uuid4())
        ledger.settle(hold, 100)
        acts = [
            partial(ledger.refund, hold, 100, key=f"{number}-{hand}", why=STAFF)
            for hand in range(REFUNDS)
        ]
        [outcome] = together(*acts, lost=[RefundTooLarge])
        assert Counter(outcome) == {True: 1, RefundTooLarge: REFUNDS - 1}
        purse.refresh_from_db()
        assert purse.available == 100
    assert find_mistakes() == []


def test_payment_told_ten_times_out_of_order_is_one_credit(
    shop: Platform, post: Callable[..., tuple[int, Any]], seed: int
) -> None:
    lot = random.Random(seed)
    GrantRule.objects.create(
        platform=shop, kind="purchase", daily_most_per_user=10**6, daily_most=10**6
    )
    amounts = {f"event-{number}": lot.randint(1, 50) for number in range(EVENTS)}
    bag = list(amounts) * TIMES
    lot.shuffle(bag)
    post("", "/api/v1/credits/grants", {})

    def tell(events: list[str]) -> Counter[int]:
        statuses: Counter[int] = Counter()
        for event in events:
            body = {
                "user": "alice",
                "kind": "purchase",
                "event_id": event,
                "amount": amounts[event],
            }
            statuses[post("", "/api/v1/credits/grants", body)[0]] += 1
        return statuses

    [outcomes] = together(*[partial(tell, bag[hand::POSTERS]) for hand in range(POSTERS)])
    statuses = sum((found for found in outcomes if isinstance(found, Counter)), Counter[int]())
    assert statuses == {201: EVENTS, 200: EVENTS * (TIMES - 1)}
    assert Transfer.objects.filter(kind="grant").count() == EVENTS
    assert Purse.objects.get().available == sum(amounts.values())
    assert find_mistakes() == []
