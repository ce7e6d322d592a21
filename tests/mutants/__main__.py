"""Break a copy of the tree, run the tests that must notice, and print who lived: exit 1 when a mutant survives.

`python -m tests.mutants [WORD]` takes only the mutants whose name holds the word.
"""

import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.mutants import seeded
from tests.mutants.seeded import Edit, Mutant
from tests.mutants.vendors import VENDOR_MUTANTS

MUTANTS = (*seeded.MUTANTS, *VENDOR_MUTANTS)
ROOT = Path(__file__).resolve().parents[2]
PASSED, FAILED = 0, 1
SECONDS = 1800
NAME_WIDTH = max(len(mutant.name) for mutant in MUTANTS)
PRINTING = threading.Lock()


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: the test that killed it, or nothing."""

    mutant: Mutant
    killer: str
    seconds: float


def say(line: str) -> None:
    """Print a line of the table."""
    with PRINTING:
        print(line, flush=True)  # noqa: T201 (its answer)


def copy_tree(target: Path) -> Path:
    """Copy what Git tracks or would, as it stands in the working tree."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    return target


def run_tests(tree: Path, tests: list[str]) -> tuple[int, str]:
    """Run tests in a tree and return pytest's exit status and what it said."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        "-x",
        "--tb=no",
        *tests,
    ]
    # Compiled files would be taken for those of another mutant that has the same size and second.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"}
    environment.pop("FAULT_COUNT", None)
    done = subprocess.run(
        command,
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    return done.returncode, done.stdout + done.stderr


def apply(edits: tuple[Edit, ...], tree: Path) -> dict[Path, str]:
    """Make a mutant of a tree and return what its files held before; raise unless each text stands exactly once."""
    before: dict[Path, str] = {}
    for edit in edits:
        path = tree / edit.file
        text = path.read_text()
        if text.count(edit.old) != 1:
            raise ValueError(
                f"{edit.file} holds {text.count(edit.old)} times, not once: {edit.old!r}"
            )
        before.setdefault(path, text)
        path.write_text(text.replace(edit.old, edit.new))
    return before


def try_mutant(mutant: Mutant, trees: "queue.Queue[Path]") -> Outcome:
    """Run a mutant's tests on it in a tree that nobody uses. A killer is a test that fails, not one that cannot run."""
    tree = trees.get()
    began = time.monotonic()
    before = apply(mutant.edits, tree)
    try:
        status, said = run_tests(tree, list(mutant.tests))
    finally:
        for path, text in before.items():
            path.write_text(text)
        trees.put(tree)
    if status not in {PASSED, FAILED}:
        raise ValueError(f"{mutant.name}: pytest ended with {status}:\n{said[-3000:]}")
    found = re.search(r"^(?:FAILED|ERROR) \S*::(\S+)", said, re.MULTILINE)
    killer = "" if status == PASSED else found[1] if found else "?"
    outcome = Outcome(mutant, killer, time.monotonic() - began)
    word = f"killed by {killer}" if killer else "SURVIVED"
    say(f"{mutant.name:<{NAME_WIDTH}}  {word}  ({outcome.seconds:.0f} s)")
    return outcome


def main(word: str) -> int:
    """Try the mutants on as many copies as there are cores; first of all their tests must pass without any."""
    chosen = [mutant for mutant in MUTANTS if word in mutant.name]
    hands = min(len(os.sched_getaffinity(0)), 4)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="genhub-mutants-") as folder:
        trees: queue.Queue[Path] = queue.Queue()
        for number in range(hands):
            trees.put(copy_tree(Path(folder) / str(number)))
        original = copy_tree(Path(folder) / "original")
        for mutant in chosen:
            # All texts are looked for before the first test runs.
            for path, text in apply(mutant.edits, original).items():
                path.write_text(text)
        status, said = run_tests(
            original, sorted({test for mutant in chosen for test in mutant.tests})
        )
        if status != PASSED:
            say(f"the tests fail without any mutant:\n{said[-3000:]}")
            return 1
        say(f"{'no mutant':<{NAME_WIDTH}}  all tests pass  ({time.monotonic() - began:.0f} s)")
        with ThreadPoolExecutor(hands) as pool:
            outcomes = list(pool.map(lambda mutant: try_mutant(mutant, trees), chosen))
    survivors = [outcome.mutant.name for outcome in outcomes if not outcome.killer]
    killed = len(outcomes) - len(survivors)
    say(f"{killed} of {len(outcomes)} mutants killed in {time.monotonic() - began:.0f} s")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
