"""What an order costs in statements that is found, and that it is told as it is read, whatever its purse holds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from credits import ledger
from credits.models import Purse
from generation.work.run import run_queue
from tests.api.refusals import GENERATE
from tests.conftest import WHY
from tests.easel import Easel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]
MOST_STATEMENTS = 9


def order(client: APIClient, key: str, **words: Any) -> Any:
    said = {"prompt": "a star", "seed": 7, "width": 64, "height": 64, **words}
    headers = {"Idempotency-Key": key}
    answer = client.post(GENERATE, said, format="json", headers=headers)
    assert answer.status_code == 202, answer.json()
    return answer.json()


def read(client: APIClient, wire_id: str) -> Any:
    found = client.get(f"/api/v1/tasks/{wire_id}").json()
    del found["preview"], found["queue"]
    return found


def test_found_order_takes_nine_statements_and_one_commit(alice: APIClient, easel: Easel) -> None:
    order(alice, "drawn")
    run_queue("local")
    assert order(alice, "found")["cached"]
    with CaptureQueriesContext(connection) as sent:
        again = order(alice, "found again")
    texts = [one["sql"] for one in sent]
    assert texts.count("BEGIN") == texts.count("COMMIT") == 1
    assert len([text for text in texts if text not in {"BEGIN", "COMMIT"}]) <= MOST_STATEMENTS
    assert again == read(alice, again["id"])


def test_orders_paid_from_lots_are_told_as_they_are_read(
    alice: APIClient, rich: Callable[..., Purse], easel: Easel
) -> None:
    purse = rich("alice", 0)
    soon = datetime.now(UTC) + timedelta(days=1)
    ledger.grant(purse.pk, 1000, key="lot", why=WHY, expires_at=soon)
    first = order(alice, "drawn")
    assert first == read(alice, first["id"])
    run_queue("local")
    again = order(alice, "found")
    assert again["cached"]
    assert again == read(alice, again["id"])
    assert [line["kind"] for line in again["credits"]["lines"]] == ["hold", "capture"]
