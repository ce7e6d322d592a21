"""Pictures that orders start from, kept while these are written: in one order, whoever else writes orders of them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, transaction
from rest_framework.test import APIClient

from generation.models import Account
from genhub.lib.ids import from_wire
from storage.models import Artifact
from tests.api.album import give
from tests.races import told_after

__all__ = ["give"]
pytestmark = pytest.mark.django_db(transaction=True)


def lock(wire_id: str, *, nowait: bool = False) -> Artifact:
    rows = Artifact.objects.select_for_update(no_key=True, nowait=nowait)
    return rows.get(pk=from_wire("art", wire_id))


def is_free(wire_id: str) -> bool:
    try:
        with transaction.atomic():
            lock(wire_id, nowait=True)
    except OperationalError:
        return False
    return True


def test_batch_that_waits_for_a_picture_holds_none_that_comes_after_it(
    alice: APIClient, stub: Account, give: Callable[..., str]
) -> None:
    """Two batches that each held what the other waits for were told that the database is away."""
    stub.offers.update(most_references=2)
    first, second, third = sorted(give() for _ in range(3))
    body = {"orders": [{"prompt": "a star", "references": said} for said in ([first, third], [second])]}  # fmt: skip
    free: dict[str, bool] = {}
    answer: Any = told_after(
        lambda: lock(second),
        lambda: alice.post("/api/v1/batches", body, format="json"),
        meanwhile=lambda: free.update({one: is_free(one) for one in (first, third)}),
    )
    assert answer.status_code == 202, answer.json()
    assert free == {first: False, third: True}
