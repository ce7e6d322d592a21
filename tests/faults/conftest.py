"""What `make test` leaves to `make whole`, and what that leaves to `make faults`."""

from pathlib import Path

import pytest

from tests.faults.processes import COUNT

HERE = Path(__file__).parent
# Each death of a whole hub's parts, one by one: in the suite, tests/embedded lets two of them meet in one order.
# What an older release kept changes with no release after it.
collect_ignore = (
    [] if COUNT else ["test_deaths.py", "upgrades", "operate", "video/test_hub_deaths.py"]
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them all: most start processes to kill them, and what vendors do wrong is also tried beside each adapter."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.whole)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests report besides having passed."""
    for outcome in ("passed", "failed"):
        for test in terminalreporter.getreports(outcome):
            for name, told in test.user_properties:
                if name == "report":
                    terminalreporter.write_sep("-", test.nodeid)
                    terminalreporter.write_line(str(told))
