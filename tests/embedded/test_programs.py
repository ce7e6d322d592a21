"""What the launcher knows of the hub's own programs."""

import math
from typing import Any

import pytest

from genhub.embedded import programs
from genhub.embedded.watch import list_complaints


@pytest.mark.parametrize(("stall", "loading"), [(120, 1200), (300, 3000), (0, math.inf)])
def test_model_may_take_as_long_to_load_as_its_watchdog_lets_it(
    settings: Any, stall: int, loading: float
) -> None:
    settings.LOCAL_STALL_SECONDS = stall
    others = programs.other_worker().ready_seconds
    assert others < 600
    assert programs.local_worker().ready_seconds == others + loading


@pytest.mark.parametrize("said", [None, [], {"code": "internal_error", "status": 500}])
def test_error_in_place_of_health_is_no_health(monkeypatch: pytest.MonkeyPatch, said: Any) -> None:
    monkeypatch.setattr(programs, "read_json", lambda *_: said)
    assert programs.read_health() is None


def test_what_health_complains_of_is_said_when_the_hub_has_started() -> None:
    checks = {"database": "ok", "worker local": "the model cannot be loaded", "broker": "ok"}
    complaints = [("worker local", "the model cannot be loaded")]
    assert list_complaints({"status": "unhealthy", "checks": checks}) == complaints
    assert list_complaints({"status": "healthy", "checks": {"database": "ok"}}) == []
    assert list_complaints(None) == [("web server", "it does not answer")]
