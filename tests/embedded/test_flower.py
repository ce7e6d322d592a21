"""Flower means what it says, asked by its own API: a bell with a failed order failed, and bells are called bells."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from rest_framework.test import APIClient

from generation.life import doorbell
from generation.models import Account, Task
from genhub.lib.ids import to_wire
from tests.faults.processes import flower_on, running, wait_until, worker
from tests.patience import patience
from tests.ports import free_port
from tests.steps import submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.whole]


@pytest.fixture
def flower(tmp_path: Path) -> Iterator[str]:
    """Run Flower beside a worker, both real; return Flower's address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    log = tmp_path / "log"
    with running(log, *flower_on(port), FLOWER_UNAUTHENTICATED_API="1"):
        wait_until(lambda: answers(address), 20, "Flower's start")
        with running(log, *worker("local")):
            yield address


def answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/healthcheck", trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False


def rows(address: str) -> list[dict[str, Any]]:
    answer = httpx2.get(f"{address}/api/tasks", trust_env=False, timeout=patience(5))
    return list(answer.json().values())


def said(row: dict[str, Any]) -> str:
    return f"{row['state']} {row['result'] or ''} {row['exception'] or ''}"


def test_flower_tells_how_orders_ended(alice: APIClient, stub: Account, flower: str) -> None:
    def has(state: str, words: str) -> bool:
        return any(row["state"] == state and words in said(row) for row in rows(flower))

    submit(alice, "a star")
    wait_until(lambda: Task.objects.filter(state="completed").exists(), 30, "the picture")
    wait_until(lambda: has("SUCCESS", "bell of queue local: 1 completed"), 20, "a good bell")
    bad = submit(alice, "a star stub:fail")
    wait_until(lambda: Task.objects.filter(state="failed").exists(), 30, "the failure")
    wait_until(lambda: has("FAILURE", f"1 failed: {to_wire('task', bad.pk)}"), 20, "a failed bell")
    found = rows(flower)
    assert {row["name"] for row in found} == {"generation.work"}
    assert {row["kwargs"] for row in found} == {"a doorbell of queue local, no order"}
    # Nothing is tried again by Celery, and nobody's words are shown.
    assert not any(row["retries"] for row in found)
    assert "a star" not in str(found)
    # A bell for nobody says so.
    doorbell.ring("local")
    wait_until(lambda: has("SUCCESS", "no order waited"), 20, "an idle bell")
