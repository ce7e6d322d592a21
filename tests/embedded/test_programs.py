"""What the launcher knows of the hub's own programs."""

import math
from typing import Any

import pytest

from genhub.embedded import programs


@pytest.mark.parametrize(("stall", "loading"), [(120, 1200), (300, 3000), (0, math.inf)])
def test_model_may_take_as_long_to_load_as_its_watchdog_lets_it(
    settings: Any, stall: int, loading: float
) -> None:
    settings.LOCAL_STALL_SECONDS = stall
    others = programs.other_worker().ready_seconds
    assert others < 600
    assert programs.local_worker().ready_seconds == others + loading
