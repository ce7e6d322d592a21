"""Strikes come together from wherever tests run, and a full run without one of them is no success."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.faults.operate.catalogue import CATALOGUE
from tests.strikes import Gathered, sum_up, to_text

ROOT = Path(__file__).resolve().parents[3]
STRIKING = """
import pytest
from tests.strikes import recovering, struck
@pytest.mark.parametrize("number", range(4))
def test_strike(number):
    struck("J6", 3, seconds=number, lost=number == 2)
def test_recovery():
    with recovering("J9"):
        pass
def test_none():
    pass
"""


def strike_everything() -> dict[str, tuple[str, list[Any]]]:
    """Return reports of a run in which each test of the catalogue struck each fault that it is named for."""
    reports: dict[str, tuple[str, list[Any]]] = {}
    for fault, row in CATALOGUE.items():
        for test in row.tests:
            # As xdist names a test with parameters and a group.
            name = f"{test}[one]@processes" if "::" in test else f"{test}::test_any"
            reports.setdefault(name, ("passed", []))[1].append([fault, 2, 1.5, 0, 0])
    return reports


def gather(reports: dict[str, tuple[str, list[Any]]], **words: Any) -> int:
    """Return the exit status of a run with these reports, all of which passed."""
    args, keyword = words.get("args", ["tests/faults/operate"]), words.get("keyword", "")
    config: Any = SimpleNamespace(args=args, getoption=lambda name: keyword)
    gathered, session = Gathered(config), SimpleNamespace(exitstatus=0)
    gathered.reports = reports
    gathered.pytest_sessionfinish(session)  # type: ignore[arg-type]
    return int(session.exitstatus)


def test_full_run_in_which_everything_struck_is_a_success() -> None:
    reports = strike_everything()
    assert gather(reports) == 0
    found = sum_up(reports)
    assert [one.times for one in found.values()] == [2 * len(row.tests) for row in CATALOGUE.values()]  # fmt: skip
    assert len(to_text(found)) == 1 + len(CATALOGUE)


@pytest.mark.parametrize("test", [name for name, _ in strike_everything().items()])
def test_full_run_without_one_of_its_strikes_is_none(test: str) -> None:
    silent = strike_everything() | {test: ("passed", [])}
    assert gather(silent) == 1
    assert gather({name: said for name, said in silent.items() if name != test}) == 1
    # Who runs a part of the set knows it.
    assert gather(silent, keyword="ledger") == 0
    assert gather(silent, args=["tests/faults/ledger"]) == 0


def test_strikes_come_together_from_workers(tmp_path: Path) -> None:
    (tmp_path / "test_striking.py").write_text(STRIKING)
    words = ("-p", "tests.strikes", "-p", "no:cacheprovider", "-n", "2", "-q", "-c", os.devnull, "--rootdir", str(tmp_path))  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {line.split()[0]: line.split()[-4:] for line in done.stdout.splitlines() if line.startswith("J")}  # fmt: skip
    assert rows["J6"] == ["12", "1", "0", "3.0"]
    assert rows["J9"] == ["1", "0", "0", "0.0"]
    assert set(rows) == {"J6", "J9"}
