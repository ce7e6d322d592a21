"""Which fault tests `make test` leaves to `make whole`, and which both leave to `make faults`."""

from pathlib import Path

import pytest

from tests.faults.processes import COUNT

HERE = Path(__file__).parent
# Of vendors that misbehave; only their own deaths test kills.
IN_PROCESS = {HERE / "providers", HERE / "video"}
KILLS = {folder / name for folder in IN_PROCESS for name in ("test_kills.py", "test_hub_deaths.py")}
# Each death of a whole hub's parts, one by one: in the suite, tests/embedded lets two of them meet in one order.
# What an older release kept changes with no release after it.
collect_ignore = [] if COUNT else ["test_deaths.py", "upgrades", "video/test_hub_deaths.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts processes to kill them."""
    for item in items:
        if HERE in item.path.parents and (
            not IN_PROCESS & {*item.path.parents} or item.path in KILLS
        ):
            item.add_marker(pytest.mark.whole)
