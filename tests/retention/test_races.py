"""An upload that is ordered with at the very moment when it is deleted: the order is refused, or the upload stays."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.models import Task
from generation.orders.inputs import keep_inputs
from genhub.platforms.models import Platform
from genhub.retention.rules import Gone
from storage.erasing import forget_uploads
from storage.models import Artifact
from tests.api.refusals import GENERATE, check_problem, nothing_moves
from tests.books import find_mistakes
from tests.kept import delete
from tests.races import together, told_after
from tests.retention.test_rules import take
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stub", "local")]
ROUNDS = 12


@pytest.fixture
def upload(shop: Platform) -> Artifact:
    """A picture that nobody has ordered with, old enough to go."""
    row = take(shop)
    Artifact.objects.update(created_at=Now() - timedelta(days=31))
    return row


def body_of(row: Artifact) -> dict[str, Any]:
    return {"prompt": "a star", "width": 32, "height": 32, "image": f"art_{row.pk.hex}"}


def post(client: APIClient, body: dict[str, Any]) -> Any:
    return client.post(GENERATE, body, format="json", HTTP_IDEMPOTENCY_KEY="k")


def delete_now(row: Artifact) -> Gone:
    with transaction.atomic():
        return forget_uploads(list(Artifact.objects.select_for_update().filter(pk=row.pk)))


def test_order_that_comes_while_its_input_is_deleted_is_refused_whole(
    alice: APIClient, upload: Artifact
) -> None:
    with nothing_moves():
        answer = told_after(lambda: delete_now(upload), lambda: post(alice, body_of(upload)))
    problem = check_problem(answer, 400, "invalid_request", "image")
    assert [error["code"] for error in problem["errors"]] == ["unknown"]
    assert not Task.objects.exists()
    # The key is not used up.
    assert post(alice, {"prompt": "a star"}).status_code == 202


def test_refusal_speaks_chinese_too(alice: APIClient, upload: Artifact) -> None:
    def post_in_chinese() -> Any:
        return alice.post(GENERATE, body_of(upload), format="json", HTTP_ACCEPT_LANGUAGE="zh-hans")

    answer: Any = told_after(lambda: delete_now(upload), post_in_chinese)
    [error] = check_problem(answer, 400, "invalid_request", "image")["errors"]
    assert "图片" in error["message"]


def test_deletion_leaves_out_what_an_order_under_way_holds(upload: Artifact) -> None:
    found: list[Gone] = []
    with transaction.atomic():
        keep_inputs({"image": f"art_{upload.pk.hex}"})
        apart = threading.Thread(target=lambda: found.append(delete_apart()))
        apart.start()
        apart.join()
    assert found == [Gone()]
    assert delete_apart() == Gone(), "an order has named it"
    assert Artifact.objects.get() == upload


def delete_apart() -> Gone:
    try:
        return delete("unused_uploads")
    finally:
        connections.close_all()


def test_order_that_is_undone_keeps_no_upload(
    client_of: Callable[..., APIClient], upload: Artifact
) -> None:
    # Its owner has no credits: the hold comes after the input is kept, and takes it back.
    check_problem(post(client_of("alice"), body_of(upload)), 402, "insufficient_credits")
    assert Artifact.objects.get().used_at is None
    assert delete("unused_uploads") == Gone(rows=1)


def test_orders_and_deletions_at_once_end_one_way_or_the_other(
    client_of: Callable[..., APIClient], rich: Callable[..., Any], shop: Platform, local: Path
) -> None:
    rich("alice", 10_000)
    clients = [client_of("alice") for _ in range(2)]
    uploads = [take(shop) for _ in range(ROUNDS)]
    Artifact.objects.update(created_at=Now() - timedelta(days=31))
    turn = {name: iter(uploads) for name in ("first", "second", "third")}

    def order(client: APIClient, name: str) -> int:
        body = body_of(next(turn[name]))
        return int(client.post(GENERATE, body, format="json").status_code)

    outcomes = together(
        lambda: order(clients[0], "first"),
        lambda: order(clients[1], "second"),
        lambda: delete_now_unused(next(turn["third"])),
        rounds=ROUNDS,
    )
    for row, (first, second, gone) in zip(uploads, outcomes, strict=True):
        there = Artifact.objects.filter(pk=row.pk).exists()
        named = Task.objects.filter(spec__image=f"art_{row.pk.hex}").count()
        assert there == (gone == Gone()) == (named > 0)
        # Two orders of one input do not stand in each other's way; one that came after the deletion is refused.
        assert (first, second) == ((202, 202) if there else (400, 400))
        assert named == (2 if there else 0)
    assert find_mistakes() == []


def delete_now_unused(row: Artifact) -> Gone:
    """Delete one upload as the rule does: nothing when an order holds it or has named it."""
    with transaction.atomic():
        unused = Artifact.objects.filter(pk=row.pk, used_at=None)
        rows = list(unused.select_for_update(skip_locked=True))
        return forget_uploads(rows) if rows else Gone()
