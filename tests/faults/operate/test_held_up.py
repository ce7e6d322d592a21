"""A purse that somebody keeps locked while more orders of it come than the web has threads: health answers, nobody's
order is half there, and once the lock is gone each is taken once. The pool is never empty: the web has no more threads
than connections."""

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
from tests.strikes import recovering

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
ORDERS, THREADS = 6, 2


def order(web: Web, bearer: dict[str, str], number: int) -> Answer:
    headers = bearer | {"Content-Type": "application/json", "Idempotency-Key": f"held-{number}"}
    body = json.dumps({"prompt": f"a star {number}", "width": 64, "height": 64}).encode()
    return web.ask("POST", "/api/v1/generate", body, headers=headers)


def count_locked() -> int:
    """Return how many sessions wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")  # fmt: skip
        return int(cursor.fetchone()[0])


def test_purse_locked_while_every_thread_waits_for_it(
    client_of: Callable[..., APIClient], rich: Callable[..., Purse], stub: Account, tmp_path: Path
) -> None:
    rich("carol", 10 * ORDERS)
    bearer = {"Authorization": header_of(client_of("carol"))["HTTP_AUTHORIZATION"]}
    url = database_url(str(connection.settings_dict["NAME"]))
    with (
        serving(tmp_path / "web.log", WEB_THREADS=str(THREADS)) as web,
        psycopg.connect(url) as other,
        ThreadPoolExecutor(ORDERS) as hands,
    ):
        other.execute("SELECT 1 FROM credits_purse FOR UPDATE")
        asked = [hands.submit(order, web, bearer, number) for number in range(ORDERS)]
        try:
            wait_until(lambda: count_locked() == THREADS, 60, "a wait of each thread")
            web.health_seconds()
            assert Task.objects.count() == 0
            assert not any(one.done() for one in asked)
        finally:
            other.rollback()
        with recovering("J10", ORDERS):
            answers = [one.result(patience()) for one in asked]
        again = [order(web, bearer, number) for number in range(ORDERS)]
    assert {answer.status for answer in answers + again} == {202}
    assert {answer.json()["id"] for answer in answers} == {answer.json()["id"] for answer in again}
    assert len({answer.json()["id"] for answer in again}) == ORDERS
    assert (Task.objects.count(), Attempt.objects.count(), Hold.objects.count()) == (ORDERS,) * 3
    assert find_mistakes() == []
