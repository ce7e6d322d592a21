"""Loops watch the hub, and somebody watches them: each has a beat of its own, which health reads."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.test import Client
from rest_framework.test import APIClient

from generation import loops
from generation.life import rescue
from generation.life.claims import lease
from generation.loops import Loop
from generation.models import Account, Attempt, LoopBeat
from genhub.embedded.watch import HealthWatch
from genhub.retention.turns import delete_old
from tests.patience import patience
from tests.steps import claim, die, submit

pytestmark = pytest.mark.django_db(transaction=True)


def turn_well() -> None:
    """Do nothing wrong."""


def turn_badly() -> None:
    if not getattr(connection, "is_mended", False):
        raise OperationalError("the secret table is away")


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[Loop]:
    """Two loops that are all that this hub has."""
    found = [Loop(turn_well, 1.0), Loop(turn_badly, 60.0)]
    monkeypatch.setattr(loops, "list_loops", lambda: found)
    return found


def test_loop_that_never_ran_is_unknown(watched: list[Loop]) -> None:
    assert {loop.state for loop in loops.examine().values()} == {"unknown"}
    watched[0].beat()
    assert loops.examine()["turn_well"].state != "unknown"
    assert loops.examine()["turn_badly"].said == "has never run"


@pytest.mark.parametrize(("period", "patience"), [(1, 15), (5, 15), (10, 30), (60, 180)])
def test_loop_is_late_after_three_of_its_periods_or_fifteen_seconds(
    period: float, patience: int
) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    beat = LoopBeat(name="reap", period_seconds=period, beat_at=began)
    assert loops.judge(beat, began + timedelta(seconds=patience)).state == "ok"
    found = loops.judge(beat, began + timedelta(seconds=patience + 1))
    assert (found.state, found.said) == (
        "late", f"is late: no turn has ended for {patience + 1} s"
    )  # fmt: skip
    # A loop that hangs is late, whatever its last turn was like.
    beat.failing_since = began
    assert loops.judge(beat, began + timedelta(seconds=patience)).state == "failing"
    assert loops.judge(beat, began + timedelta(seconds=patience + 1)).state == "late"


def test_loop_that_fails_is_told_until_it_does_its_work_again(
    watched: list[Loop], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = watched[1]
    bad.take_turn()
    since = LoopBeat.objects.get().failing_since
    assert since
    bad.beat()
    # Since when it fails, not since the last beat.
    assert LoopBeat.objects.get().failing_since == since
    found = loops.examine()["turn_badly"]
    assert found.state == "failing"
    assert "secret" not in found.said
    monkeypatch.setattr(connection, "is_mended", True, raising=False)
    bad.take_turn()
    assert loops.examine()["turn_badly"].state == "ok"


def test_quick_loop_does_not_write_down_each_turn(watched: list[Loop]) -> None:
    quick = watched[0]
    quick.beat()
    before = LoopBeat.objects.get().beat_at
    quick.take_turn()
    assert LoopBeat.objects.get().beat_at == before
    quick.beat_at -= loops.BEAT_SECONDS
    quick.take_turn()
    assert LoopBeat.objects.get().beat_at > before


def test_loop_that_hangs_does_not_silence_another() -> None:
    hangs, goes_on = threading.Event(), threading.Event()
    turns: list[int] = []

    def hang() -> None:
        hangs.set()
        assert goes_on.wait(patience())

    def count() -> None:
        turns.append(1)

    def look() -> None:
        assert hangs.wait(patience())
        before = len(turns)
        while len(turns) < before + 3:
            assert not goes_on.wait(0.01)
        goes_on.set()

    loops.run([Loop(hang, 0.01), Loop(count, 0.01)], look)
    assert set(LoopBeat.objects.values_list("name", flat=True)) == {"hang", "count"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_loop_whose_thread_dies_is_told_at_once_and_late_for_health_and_up(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    died = threading.Event()

    def end() -> None:
        # No Exception: nothing that a turn may raise ends its loop.
        raise SystemExit

    found = [Loop(end, 0.01), Loop(turn_well, 0.01)]
    monkeypatch.setattr(loops, "list_loops", lambda: found)
    loops.run(found, wait=lambda: died.wait(patience()), on_death=died.set)
    assert died.is_set()
    assert "the thread of end has died" in caplog.text
    # It gave a sign of life when it began; from then on nothing comes.
    LoopBeat.objects.filter(name="end").update(beat_at=Now() - timedelta(minutes=1))
    health = client.get("/api/v1/health").json()
    assert (health["loops"]["end"], health["loops"]["turn_well"]) == ("late", "ok")
    watch = HealthWatch(lambda: health)
    watch.look(is_patient=False)
    assert "! loops: end is late: no turn has ended for 6" in "\n".join(watch.news())


def test_store_that_hangs_delays_neither_reaping_nor_sweeping(
    alice: APIClient, stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, goes_on = threading.Event(), threading.Event()

    def hang(folder: str) -> Any:
        hangs.set()
        assert goes_on.wait(patience())
        return [], []

    monkeypatch.setattr(default_storage, "listdir", hang)
    submit(alice)
    claim()
    die()
    # What the dead worker left is old enough to be looked for in the store.
    Attempt.objects.filter(state="abandoned").update(ended_at=Now() - timedelta(hours=2))
    lost = claim()

    def look() -> None:
        assert hangs.wait(patience())
        Attempt.objects.filter(pk=lost.attempt_id).update(lease_expires_at=Now() - lease())
        ends_at = time.monotonic() + patience()
        while Attempt.objects.get(pk=lost.attempt_id).state == "running":
            assert time.monotonic() < ends_at, "nobody takes lost attempts back"
        swept = LoopBeat.objects.get(name="sweep").beat_at
        found[2].beat_at = float("-inf")
        while LoopBeat.objects.get(name="sweep").beat_at == swept:
            assert time.monotonic() < ends_at, "nobody rings for what waits"
        assert not goes_on.is_set()
        goes_on.set()

    found = [Loop(delete_old, 0.01), Loop(rescue.reap, 0.01), Loop(rescue.sweep, 0.01)]
    loops.run(found, look)
    assert hangs.is_set()


def test_loop_outlives_a_database_that_is_away(watched: list[Loop]) -> None:
    def fail(*args: Any) -> None:
        raise OperationalError("the server closed the connection")

    with connection.execute_wrapper(fail):
        watched[0].take_turn()
    watched[0].take_turn()
    assert loops.examine()["turn_well"].state == "ok"
