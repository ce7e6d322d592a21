"""What takes long to import is imported by those who need it: torch by the worker that draws, the admin by the web."""

import fcntl
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from genhub.embedded.programs import other_worker
from tests.embedded.hubs import ROOT

pytestmark = pytest.mark.whole

# Seconds and half a gigabyte.
TORCH = ("torch", "diffusers", "transformers", "peft", "accelerate")
# A third of what Django's own start takes.
PAGES = ("genhub.urls", "generation.admin.tasks.page", "generation.api.views")
COMMANDS = "genhub.management.commands"
WEB = (
    "import genhub.wsgi; from django.urls import get_resolver; get_resolver().url_patterns; "
    "from generation.providers.registry import ADAPTERS, find_class; [find_class(name) for name in ADAPTERS]"
)
OTHERS = {
    "worker": "import genhub.celery; genhub.celery.app.loader.import_default_modules()",
    "loops": "import genhub.management.commands.loops",
    "flower": "import genhub.celery, flower.command",
    "prepare": f"import {COMMANDS}.prepare, {COMMANDS}.seed, {COMMANDS}.audit, {COMMANDS}.issue_key",
    "launcher": f"import {COMMANDS}.up, {COMMANDS}.demo",
    "commands": "import generation.management.commands.engine, generation.management.commands.check_weights",
}


@pytest.mark.parametrize(("entries", "heavy"), [([WEB], TORCH), (OTHERS.values(), TORCH + PAGES)])
def test_entries_come_without_what_is_heavy(entries: list[str], heavy: tuple[str, ...]) -> None:
    each = "".join(
        f"\n{entry}\nprint([name for name in {heavy} if name in sys.modules])" for entry in entries
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import django, sys; django.setup(){each}"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, **other_worker().environment},
    )  # fmt: skip
    assert done.stdout.splitlines() == ["[]"] * len(entries), done.stderr


def test_program_that_starts_ahead_imports_at_once_and_begins_when_its_stdin_ends(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "genhub.embedded.ahead"]
    with subprocess.Popen(
        [*command, str(tmp_path), "not_there,json", "calendar", "2026", "2"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        out, _ = process.communicate()
        assert process.returncode == 0
        assert "February 2026" in out


def test_programs_import_ahead_one_after_the_other_until_they_are_to_begin(tmp_path: Path) -> None:
    beside = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(beside, fcntl.LOCK_EX)
    with subprocess.Popen(
        [sys.executable, "-m", "genhub.embedded.ahead", str(tmp_path), "this", "calendar", "2026", "2"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout
        waited, _, _ = select.select([process.stdout], [], [], 1)
        assert not waited, "it imported beside another"
        out, _ = process.communicate()
    os.close(beside)
    assert process.returncode == 0
    # It says so when it is imported.
    assert "Beautiful is better than ugly" in out
    assert "February 2026" in out
