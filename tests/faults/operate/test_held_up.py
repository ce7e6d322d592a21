"""A purse that somebody keeps locked until the pool is empty: whoever finds no connection is told so and when to come
again, nobody's order is half there, and once the lock is gone all goes on."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from rest_framework.test import APIClient

from credits.models import Hold, Purse
from generation.models import Account, Attempt, Task
from tests.api.refusals import header_of
from tests.books import find_mistakes
from tests.faults.processes import wait_until
from tests.front.web import Answer, Web, serving
from tests.patience import patience
from tests.servers import database_url

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
ORDERS = 6
POOL = 2


def order(web: Web, bearer: dict[str, str], number: int) -> Answer:
    headers = bearer | {"Content-Type": "application/json", "Idempotency-Key": f"held-{number}"}
    body = json.dumps({"prompt": f"a star {number}", "width": 64, "height": 64}).encode()
    return web.ask("POST", "/api/v1/generate", body, headers=headers)


def count_locked() -> int:
    """Return how many sessions wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")  # fmt: skip
        return int(cursor.fetchone()[0])


def test_purse_locked_until_the_pool_is_empty(
    client_of: Callable[..., APIClient], rich: Callable[..., Purse], stub: Account, tmp_path: Path
) -> None:
    rich("carol", 10 * ORDERS)
    bearer = {"Authorization": header_of(client_of("carol"))["HTTP_AUTHORIZATION"]}
    url = database_url(str(connection.settings_dict["NAME"]))
    settings = {"DJANGO_SETTINGS_MODULE": "tests.faults.operate.pooled_settings"}
    with (
        serving(tmp_path / "web.log", **settings) as web,
        psycopg.connect(url) as other,
        ThreadPoolExecutor(ORDERS) as hands,
    ):
        other.execute("SELECT 1 FROM credits_purse FOR UPDATE")
        first = [hands.submit(order, web, bearer, number) for number in range(POOL)]
        wait_until(lambda: count_locked() == POOL, 60, "orders that wait for the purse")
        late = [hands.submit(order, web, bearer, number) for number in range(POOL, ORDERS)]
        refused = [one.result(patience()) for one in late]
        for answer in refused:
            assert (answer.status, answer.json()["code"]) == (503, "try_later")
            assert int(answer.headers["retry-after"]) > 0
        assert Task.objects.count() == 0
        other.rollback()
        taken = [one.result(patience()) for one in first]
        again = [order(web, bearer, number) for number in range(ORDERS)]
    assert {answer.status for answer in taken + again} == {202}
    assert len({answer.json()["id"] for answer in again}) == ORDERS
    assert (Task.objects.count(), Attempt.objects.count(), Hold.objects.count()) == (ORDERS,) * 3
    assert find_mistakes() == []
