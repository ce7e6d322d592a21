"""The release before this one: the commit that was it, its newest migrations, and its code to run.

No migration after it may break it (`test_migrations`), and it works beside this one (`test_side_by_side`). At a
release, both move on.
"""

import io
import subprocess
import tarfile
from pathlib import Path
from typing import Final

import pytest

from tests.programs import need_program

ROOT: Final = Path(__file__).resolve().parents[2]
COMMIT: Final = "bdb3fd1cd26353a8205a3832bc59b84fda65b9a0"
# The newest migration of each app that it had; those up to it stand as they are.
BASELINE: Final = {
    "alerts": "0001_initial",
    "credits": "0008_stops_and_default_budgets",
    "generation": "0039_task_of_version",
    "platforms": "0016_house",
    "retention": "0002_keeping",
    "storage": "0016_taken_down",
    "templates": "0009_note",
    "users": "0001_initial",
    "webhooks": "0005_picture_taken_down",
}
# What runs; its tests and papers do not.
CODE: Final = (
    "manage.py",
    "pyproject.toml",
    "credits",
    "generation",
    "genhub",
    "storage",
    "templates",
)


def ask_git(*words: str) -> subprocess.CompletedProcess[bytes]:
    """Run git on this tree, and return what came of it."""
    git = need_program("git", "git", variable="GIT")
    return subprocess.run([git, *words], cwd=ROOT, capture_output=True, check=False)


def unpack(folder: Path) -> Path:
    """Write the code of the release before into a folder and return it.

    Only a tree without its history, which came as an archive or as a shallow clone, is excused.
    """
    if not (ROOT / ".git").exists():
        pytest.skip("this tree is no clone: it has no release before")
    if ask_git("cat-file", "-e", f"{COMMIT}^{{commit}}").returncode:
        if ask_git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
            pytest.skip("a shallow clone: `git fetch --unshallow` brings the release before")
        pytest.fail(f"{COMMIT} is not here: move COMMIT and BASELINE on")
    packed = ask_git("archive", COMMIT, *CODE)
    assert packed.returncode == 0, packed.stderr.decode()
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def list_newest(root: Path) -> dict[str, str]:
    """Return each app's newest migration in a tree, by its file's name."""
    newest: dict[str, str] = {}
    for path in sorted(root.glob("**/migrations/0*.py"), key=lambda path: path.name):
        if ".venv" not in path.parts:
            newest[path.parts[-3]] = path.stem
    return newest
