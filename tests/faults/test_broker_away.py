"""The broker is gone and nobody starts it again: orders are taken, leases taken back; when it is back, work goes on."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from credits.models import Purse
from generation.life import claims, doorbell, rescue
from generation.models import Account, Attempt, Task
from generation.states import TASK_ENDS
from genhub.celery import app
from genhub.embedded.valkey import find_server
from tests.brokers import away
from tests.faults.processes import LOOPS, running, wait_until, worker
from tests.patience import quick_enough
from tests.steps import claim, submit
from tests.strikes import struck

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
# Before, each bell took 6 s: sixteen of them kept the loops' only thread for more than this.
SWEEP_BEFORE_SECONDS = 60.0
ACCEPT_SECONDS = 0.3


@pytest.fixture
def customer(client_of: Callable[..., APIClient], rich: Callable[..., Purse]) -> APIClient:
    rich("carol", 1000)
    return client_of("carol")


@pytest.mark.parametrize("kind", ["refused", "silent"])
def test_leases_are_taken_back_while_the_broker_is_away(
    kind: str, customer: APIClient, stub: Account, tmp_path: Path
) -> None:
    for _ in range(rescue.MOST_BELLS + 1):
        submit(customer)
    lost = Attempt.objects.filter(pk=claim().attempt_id)
    lost.update(lease_expires_at=Now() + timedelta(hours=1))
    with away(kind, tmp_path) as url:
        environment = {"CELERY_BROKER_URL": url, "SWEEP_SECONDS": "1", "REAP_SECONDS": "1",
                       "BROKER_PATIENCE_MS": "100"}  # fmt: skip
        log = tmp_path / "loops.log"
        with running(log, *LOOPS, **environment):
            wait_until(lambda: "not delivered" in log.read_text(), 60, "the first bell")
            lost.update(lease_expires_at=Now() - claims.lease())
            is_taken_back = lost.filter(state="abandoned").exists
            took = wait_until(is_taken_back, SWEEP_BEFORE_SECONDS, "the end of the lease")
    print(f"{kind}: a lease was taken back after {took:.1f} s")  # noqa: T201


@contextmanager
def valkey_on(path: Path) -> Iterator[None]:
    """Run a broker of the test's own."""
    server = subprocess.Popen(
        [find_server(), "--port", "0", "--unixsocket", str(path), "--save", ""],
        cwd=path.parent,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(path.exists, 60, "the broker's start")
        yield
    finally:
        server.kill()
        server.wait()


def accept(customer: APIClient) -> float:
    """Return the seconds of the slowest of two orders, of which the first finds out that nobody hears the bell."""
    doorbell.silence.end()
    took = []
    for _ in range(2):
        began = time.monotonic()
        submit(customer, width=32, height=32)
        took.append(time.monotonic() - began)
    return max(took)


def test_worker_comes_back_to_a_broker_that_was_away(
    customer: APIClient,
    stub: Account,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    tmp_path: Path,
) -> None:
    path = tmp_path / "v"
    url = f"redis+socket://{path}"
    monkeypatch.setitem(app.conf, "broker_write_url", url)
    monkeypatch.setattr(doorbell, "SILENCE_SECONDS", 0.5)

    def all_ended() -> bool:
        return not Task.objects.exclude(state__in=TASK_ENDS).exists()

    with contextlib.ExitStack() as running_ones:
        with valkey_on(path):
            log = tmp_path / "worker.log"
            child = running_ones.enter_context(
                running(log, *worker("local"), CELERY_BROKER_URL=url)
            )
            submit(customer, width=32, height=32)
            wait_until(all_ended, 120, "the first picture")
        path.unlink(missing_ok=True)
        settings.BROKER_PATIENCE_MS = 100
        quick_enough(ACCEPT_SECONDS, lambda: accept(customer), "an accept without a broker")
        assert not all_ended()
        loops = running(tmp_path / "loops.log", *LOOPS, CELERY_BROKER_URL=url)
        with valkey_on(path), loops:
            took = wait_until(all_ended, 120, "the pictures that were ordered meanwhile")
            struck("J5", seconds=took)
            assert child.poll() is None
    doorbell.silence.end()
