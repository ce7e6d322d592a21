"""Loops watch the hub, and somebody watches them: each has a beat of its own, which health reads."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from generation import loops
from generation.loops import Loop
from generation.models import LoopBeat
from tests.patience import patience

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


def test_loop_outlives_a_database_that_is_away(watched: list[Loop]) -> None:
    def fail(*args: Any) -> None:
        raise OperationalError("the server closed the connection")

    with connection.execute_wrapper(fail):
        watched[0].take_turn()
    watched[0].take_turn()
    assert loops.examine()["turn_well"].state == "ok"
