"""Torch takes seconds and half a gigabyte: only the worker that draws may import it."""

import subprocess
import sys

import pytest

from tests.embedded.hubs import ROOT

HEAVY = ("torch", "diffusers", "transformers", "peft", "accelerate")
COMMANDS = "genhub.management.commands"
ENTRIES = {
    "web": "import genhub.wsgi; from django.urls import get_resolver; get_resolver().url_patterns",
    "worker": "import genhub.celery; genhub.celery.app.loader.import_default_modules()",
    "loops": "import genhub.management.commands.loops",
    "flower": "import genhub.celery, flower.command",
    "prepare": f"import {COMMANDS}.prepare, {COMMANDS}.seed, {COMMANDS}.audit, {COMMANDS}.issue_key",
    "launcher": f"import {COMMANDS}.up, {COMMANDS}.demo",
    "commands": "import generation.management.commands.engine, generation.management.commands.check_weights",
}


@pytest.mark.parametrize("entry", ENTRIES)
def test_entry_comes_without_torch(entry: str) -> None:
    lines = (
        f"import django, sys; django.setup(); {ENTRIES[entry]};"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", lines], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_program_that_starts_ahead_imports_at_once_and_begins_when_its_stdin_ends() -> None:
    command = [sys.executable, "-m", "genhub.embedded.ahead"]
    with subprocess.Popen(
        [*command, "not_there,json", "calendar", "2026", "2"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        out, _ = process.communicate()
        assert process.returncode == 0
        assert "February 2026" in out
