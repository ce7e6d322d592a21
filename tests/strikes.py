"""A pytest plugin (`-p tests.strikes`): which of the faults J1 to J19 struck, how often, what was lost or came double,
and how long the hub took to be well again.

A test tells of its strikes as it strikes. They travel with its report, so that they come together also from the
workers of xdist; the end of `make faults` prints the table, and a full run of the set in which a test of the catalogue
did not strike is no success.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from tests.faults.operate.catalogue import CATALOGUE

PROPERTY: Final = "strike"
FULL_SET: Final = "tests/faults/operate"
RUNNING: list[pytest.Item] = []


@dataclass
class Tally:
    """What is known of one fault. `missed` are the tests that were to strike and did not."""

    times: int = 0
    lost: int = 0
    double: int = 0
    worst_seconds: float = 0.0
    missed: list[str] = field(default_factory=list)
    failed: int = 0


def struck(
    fault: str, times: int = 1, *, seconds: float = 0.0, lost: int = 0, double: int = 0
) -> None:
    """Note that the running test struck: so often, so long until all was well, and what the books then lacked."""
    assert fault in CATALOGUE, fault
    [item] = RUNNING
    item.user_properties.append((PROPERTY, [fault, times, seconds, lost, double]))


@contextmanager
def recovering(fault: str, times: int = 1) -> Iterator[None]:
    """Note a strike at the beginning of the body, after which all is well again."""
    began = time.monotonic()
    yield
    struck(fault, times, seconds=time.monotonic() - began)


def sum_up(reports: Mapping[str, tuple[str, list[Any]]]) -> dict[str, Tally]:
    """Return what each fault came to: of each test, its outcome and strikes."""
    found = {fault: Tally() for fault in CATALOGUE}
    for _, strikes in reports.values():
        for fault, times, seconds, lost, double in strikes:
            one = found[fault]
            one.times += times
            one.lost += lost
            one.double += double
            one.worst_seconds = max(one.worst_seconds, seconds)
    for fault, row in CATALOGUE.items():
        for test in row.tests:
            ran = {name: said for name, said in reports.items() if is_of(name, test)}
            found[fault].failed += sum(outcome != "passed" for outcome, _ in ran.values())
            if not any(strike[0] == fault for _, strikes in ran.values() for strike in strikes):
                found[fault].missed.append(test)
    return found


def is_of(nodeid: str, test: str) -> bool:
    """Return whether a test is the one that the catalogue names, with any of its parameters, or in the file."""
    # Groups of xdist are told behind an @.
    return nodeid.partition("@")[0].partition("[")[0] == test or nodeid.startswith(f"{test}::")


def to_text(found: Mapping[str, Tally]) -> list[str]:
    """Return the table that people read; of what never struck, and was not asked to, no row."""
    head = f"{'fault':6}{'':60}{'struck':>8}{'lost':>6}{'double':>8}{'worst recovery s':>18}"
    return [head, *(
        f"{fault:6}{CATALOGUE[fault].fault:60}{one.times:>8}{one.lost:>6}{one.double:>8}"
        + (f"{one.worst_seconds:>18.1f}" if one.worst_seconds else f"{'–':>18}")
        + (f"  {one.failed} FAILED" if one.failed else "")
        for fault, one in found.items()
        if one.times or one.failed
    )]  # fmt: skip


class Gathered:
    """The strikes of a run, in the process that all reports come to."""

    def __init__(self, config: pytest.Config) -> None:
        self.reports: dict[str, tuple[str, list[Any]]] = {}
        # With words of its own a run is a part.
        self.is_full = FULL_SET in config.args and not config.getoption("keyword")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst outcome of a test's three parts, and the strikes that its last one tells of."""
        earlier, _ = self.reports.get(report.nodeid, ("passed", []))
        outcome = report.outcome if earlier == "passed" else earlier
        strikes = [said for name, said in report.user_properties if name == PROPERTY]
        self.reports[report.nodeid] = (outcome, strikes)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Let a full run fail in which a test of the catalogue did not strike."""
        if self.is_full and session.exitstatus == pytest.ExitCode.OK and self.list_missed():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the table of a run that struck, and what a full one missed."""
        lines = to_text(sum_up(self.reports))
        if len(lines) > 1:
            terminalreporter.write_sep("-", "faults of jobs")
            for line in lines:
                terminalreporter.write_line(line)
        for missed in self.list_missed() if self.is_full else ():
            terminalreporter.write_line(f"NEVER STRUCK: {missed}")

    def list_missed(self) -> list[str]:
        """Return each fault and test that did not let it strike."""
        found = sum_up(self.reports)
        return [f"{fault} by {test}" for fault, one in found.items() for test in one.missed]


def pytest_configure(config: pytest.Config) -> None:
    """Gather where the reports come together: not in the workers of xdist."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Gathered(config), "strikes-gathered")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    """Know which test runs."""
    RUNNING.append(item)
    try:
        return (yield)
    finally:
        RUNNING.remove(item)
