"""What the mutants break still stands where they look for it: one that cannot be made proves nothing of its promise."""

import pytest

from tests.mutants.__main__ import MUTANTS, ROOT
from tests.mutants.seeded import Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_can_be_made_and_its_tests_are_there(mutant: Mutant) -> None:
    for edit in mutant.edits:
        assert (ROOT / edit.file).read_text().count(edit.old) == 1, edit.old
    for test in mutant.tests:
        assert (ROOT / test.partition("::")[0]).exists(), test
