"""The end of a batch: written once, told in the transaction of its last task, whoever ends the others beside it."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from generation.errors import AlreadyEnded, BatchEnded
from generation.life import attempt_ends, batch_claims, claims, rescue
from generation.life.batch_cancels import cancel_batch
from generation.life.claims import LeaseLost
from generation.life.unpaid_ends import cancel_task
from generation.models import Account, Batch, Task
from generation.providers.errors import ProviderError
from generation.work.run import run_queue
from genhub.platforms.models import IdempotencyKey, Platform
from genhub.webhooks import endpoints
from genhub.webhooks.models import Delivery, Endpoint, EventType, Message
from tests.api.batches import BATCHES, post, prompts, row_of, send
from tests.api.refusals import refused
from tests.books import find_mistakes
from tests.easel import Easel
from tests.kept import delete
from tests.races import together
from tests.steps import collect, die
from tests.webhooks.receiver import allowed, receiving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]


def told() -> list[Any]:
    return list(Message.objects.filter(type="batch.completed"))


def test_batch_is_told_once_to_endpoints_and_to_its_own_address(
    alice: APIClient, stub: Account, shop: Platform
) -> None:
    with receiving() as receiver, allowed(receiver):
        body = {"orders": prompts("a", "stub:fail"), "webhook": receiver.url("/own")}
        refused(alice, BATCHES, body=body, expect=(400, "invalid_request", "webhook"))
        endpoints.create(shop.pk, url=receiver.url("/all"), events=EventType.values)
        endpoints.create(shop.pk, url=receiver.url("/tasks"), events=["task.completed"])
        # It signs whatever a batch names, though it asks for no batches.
        endpoints.create(shop.pk, url="", events=["task.completed"])
        made = send(alice, **body, metadata={"series": "é"})
        assert made["webhook"] == receiver.url("/own")
        run_queue("local")
    [message] = told()
    sent = Delivery.objects.filter(message=message).select_related("endpoint")
    assert sorted(one.url or one.endpoint.url for one in sent) == [receiver.url("/all"), receiver.url("/own")]  # fmt: skip
    done = alice.get(made["url"]).json()
    news = json.loads(message.payload)
    assert news["timestamp"] == done["ended_at"]
    data = news["data"]
    assert (data["id"], data["status"], data["user"]) == (made["id"], "completed", "alice")
    assert data["metadata"] == {"series": "é"}
    assert data["counts"] | {"total": 2, "completed": 1, "failed": 1} == data["counts"]
    assert data["credits"] == done["credits"]
    assert data["batch_url"].endswith(f"/api/v1/batches/{made['id']}")


def test_end_is_told_in_the_transaction_that_makes_it_or_not_at_all(
    alice: APIClient, stub: Account, shop: Platform
) -> None:
    endpoints.create(shop.pk, url="https://app.example.com/x", events=["batch.completed"])
    made = send(alice, orders=prompts("a", "b"))
    first, last = Task.objects.order_by("batch_index")
    cancel_task(first.pk)
    assert told() == []
    with transaction.atomic():
        cancel_task(last.pk)
        assert len(told()) == 1
        transaction.set_rollback(True)
    assert told() == []
    assert row_of(made).state == "processing"
    cancel_task(last.pk)
    assert len(told()) == 1


def test_members_that_end_at_once_make_each_other_wait_and_never_deadlock(
    alice: APIClient, easel: Easel, shop: Platform
) -> None:
    """Two batches of one user; ends of all kinds, a cancel of one batch, and claims that take of both."""
    endpoints.create(shop.pk, url="https://app.example.com/x", events=["batch.completed"])
    for turn in range(4):
        one, other = (send(alice, orders=prompts(*"abcdef")) for _ in range(2))
        held = [claims.claim_next("local", worker="tests") for _ in range(5)]
        ends: list[Callable[[], object]] = []
        for number, claim in enumerate(held):
            assert claim
            ends.append(
                partial(attempt_ends.fail, claim, ProviderError("told to")) if number % 2
                else partial(attempt_ends.complete, claim, collect(claim))
            )  # fmt: skip
        more: list[Callable[[], object]] = [
            partial(claim_many, f"{turn}-{number}") for number in range(2)
        ]
        rows = [row_of(one), row_of(other)]
        tasks = Task.objects.filter(batch=rows[1]).order_by("id").values_list("pk", flat=True)[:2]
        lost = [LeaseLost, AlreadyEnded, BatchEnded]
        cancels: list[Callable[[], object]] = [
            partial(cancel_batch, rows[0].pk),
            *(partial(cancel_task, pk) for pk in tasks),
        ]
        together(*ends, *more, *cancels, lost=lost)
        for row in rows:
            if Batch.objects.get(pk=row.pk).ended_at is None:
                cancel_batch(row.pk)
        states = [Batch.objects.get(pk=row.pk).state for row in rows]
        assert states == ["canceled", "canceled"]
    assert len(told()) == 8
    assert find_mistakes() == []


def claim_many(name: str) -> None:
    """Claim one, and what fits with it, as a worker does that draws several at once."""
    first = claims.claim_next("local", worker=name)
    if first:
        chosen = batch_claims.find_candidates(first, lambda spec: True, 8)
        batch_claims.claim_candidates(first, chosen, worker=name)


def test_member_whose_worker_dies_too_often_ends_with_its_batch(
    alice: APIClient, stub: Account, keeps_orders_here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescue, "MOST_DEATHS", 0)
    made = send(alice, orders=prompts("a"))
    assert claims.claim_next("local", worker="tests")
    die()
    done = alice.get(made["url"]).json()
    assert (done["status"], done["counts"]["failed"]) == ("completed", 1)


def test_cancel_that_comes_with_the_last_end_cancels_nothing(
    alice: APIClient, stub: Account
) -> None:
    row = row_of(send(alice, orders=prompts("a")))
    run_queue("local")
    with pytest.raises(BatchEnded):
        cancel_batch(row.pk)
    row.refresh_from_db()
    assert (row.state, row.cancel_asked_at) == ("completed", None)


def test_key_of_a_batch_outlives_its_tasks(alice: APIClient, stub: Account) -> None:
    row = row_of(post(alice, {"orders": prompts("a")}, **{"Idempotency-Key": "k"}).json())
    IdempotencyKey.objects.update(created_at="2020-01-01T00:00:00Z")
    assert delete("order_keys").rows == 0
    run_queue("local")
    assert delete("order_keys").rows == 0
    Batch.objects.filter(pk=row.pk).update(ended_at="2020-01-01T00:00:00Z")
    Task.objects.update(completed_at="2020-01-01T00:00:00Z")
    assert delete("order_keys").rows == 1


def test_audit_finds_a_batch_that_counts_wrong_or_was_not_told(
    alice: APIClient, stub: Account, shop: Platform
) -> None:
    endpoints.create(shop.pk, url="https://app.example.com/x", events=["batch.completed"])
    row = row_of(send(alice, orders=prompts("a", "b")))
    Batch.objects.filter(pk=row.pk).update(pending=1, completed=1, state="processing")
    assert [one.check for one in find_mistakes()] == ["batch_counts_its_tasks"]
    Batch.objects.filter(pk=row.pk).update(pending=2, completed=0, state="pending")
    run_queue("local")
    Endpoint.objects.update(asks_since="2020-01-01T00:00:00Z")
    kept = Message.objects.filter(type="batch.completed", about=row.pk)
    assert find_mistakes() == []
    kept.update(type="batch.other")
    assert [one.check for one in find_mistakes()] == ["end_of_batch_was_told"]
    kept = Message.objects.filter(type="batch.other")
    kept.update(type="batch.completed")
