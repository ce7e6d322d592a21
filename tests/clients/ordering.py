"""Clients that others' generators make of the document order, wait, read and cancel against a hub that runs.

The generators are tools of their own: `make clients` fetches them, and runs these tests, which no other run collects.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from generation.life.attempt_ends import complete
from generation.models import Account, Task
from genhub.lib.ids import to_wire
from tests.api.refusals import header_of
from tests.faults.processes import wait_until
from tests.front.web import HOST, serving
from tests.patience import patience
from tests.steps import claim, collect

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.usefixtures("stub"),
]
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PYTHON = ROOT / ".venv-clients" / "bin" / "python"
MODULES = HERE / "node_modules"
MISSING = "the generators are missing: make clients"
# Pictures as they are, sent and answered: the generated client speaks JSON and forms.
KNOWN_LACK = re.compile(r"Unsupported content.type image/")
Order = Callable[[list[str], Path], None]


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "api.json"
    call_command("spectacular", "--format", "openapi-json", "--file", str(path))
    return path


def run(command: list[Any], **words: Any) -> str:
    """Run a tool and return what it says; what it complains of is the test's failure."""
    done: subprocess.CompletedProcess[str] = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        check=False,
        timeout=patience(300),
        **words,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def order(alice: APIClient, stub: Account, tmp_path: Path) -> Order:
    """Have a program order by its generated client, and do a worker's part."""

    def drive(command: list[str], folder: Path) -> None:
        key = header_of(alice)["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
        with serving(tmp_path / "web.log") as web:
            program = subprocess.Popen(
                [*command, f"http://{HOST}:{web.port}", key], cwd=folder, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(folder)},
            )  # fmt: skip
            try:
                wait_until(
                    lambda: Task.objects.exists() or program.poll() is not None, 120, "an order"
                )
                if program.poll() is None:
                    found = claim()
                    complete(found, collect(found))
                said, complaint = program.communicate(timeout=patience())
            finally:
                program.kill()
        assert program.returncode == 0, complaint
        states = {to_wire("task", task.pk): task.state for task in Task.objects.all()}
        ids = json.loads(said)
        assert states == {ids["made"]: "completed", ids["canceled"]: "canceled"}

    return drive


def test_python_client_works(document: Path, order: Order, tmp_path: Path) -> None:
    assert PYTHON.exists(), MISSING
    settings = tmp_path / "settings.yml"
    settings.write_text("post_hooks: []\n")
    said = run(
        [PYTHON, "-m", "openapi_python_client", "generate", "--config", settings, "--path", document,
         "--output-path", tmp_path / "hub_client", "--meta", "none"]
    )  # fmt: skip
    lacks = [line for line in said.splitlines() if "nsupported" in line or "nable to" in line]
    assert [line for line in lacks if not KNOWN_LACK.search(line)] == []
    order([str(PYTHON), str(HERE / "order.py")], tmp_path)


def test_typescript_client_works(document: Path, order: Order, tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node, "Node.js 20 is missing"
    assert MODULES.exists(), MISSING
    for name in ("order.ts", "package.json", "tsconfig.json"):
        shutil.copy(HERE / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    run([node, MODULES / "openapi-typescript" / "bin" / "cli.js", document, "-o", "schema.d.ts"], cwd=tmp_path)  # fmt: skip
    run([node, MODULES / "typescript" / "bin" / "tsc", "-p", "."], cwd=tmp_path)
    order([str(node), "order.js"], tmp_path)
