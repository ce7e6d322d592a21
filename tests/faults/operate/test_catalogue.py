"""The catalogue of faults names tests that there are, and the set runs them."""

import ast
import re
from pathlib import Path

import pytest

from tests.faults.operate.catalogue import CATALOGUE

ROOT = Path(__file__).resolve().parents[3]
NAMED = sorted({test for row in CATALOGUE.values() for test in row.tests})


def list_files_of_set() -> set[Path]:
    """Return the files whose tests `make faults SET=operate` runs, as the Makefile has them."""
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    found = re.search(r"^FAULTS_OF_operate := (.+)$", text, re.M)
    assert found
    files: set[Path] = set()
    for place in [*found[1].split(), "tests/faults/operate"]:
        for path in ROOT.glob(place):
            files |= {*path.rglob("test_*.py")} if path.is_dir() else {path}
    return files


def test_every_fault_has_a_row() -> None:
    assert list(CATALOGUE) == [f"J{number}" for number in range(1, 20)]
    assert all(row.tests for row in CATALOGUE.values())


@pytest.mark.parametrize("test", NAMED)
def test_named_test_is_there_and_run(test: str) -> None:
    place, _, name = test.partition("::")
    path = ROOT / place
    tree = ast.parse(path.read_text())
    there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert not name or name in there
    assert path in list_files_of_set()
