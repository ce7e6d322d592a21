"""Whole hubs for tests: started as people start them, in a home and on ports of their own."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2

from tests.embedded.dummies import wait_for
from tests.patience import patience
from tests.ports import free_port
from tests.servers import FOREIGN

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 240.0


class HubProcess:
    """`manage.py up` (or another command) in one home."""

    def __init__(
        self, home: Path, port: int | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self.home, self.settings = home, settings or {}
        self.port = port or free_port()
        self.process: subprocess.Popen[str] | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the environment of a newcomer's shell, but for home and port."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in FOREIGN and name != "CELERY_BROKER_URL"
        }
        return kept | {
            "GENHUB_HOME": str(self.home),
            "GENHUB_PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "genhub.settings.embedded",
            # Tests kill workers on purpose.
            "BREAKER_DEATHS": "0",
            **self.settings,
        }

    def run(self, *arguments: str, seconds: float = 180) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=patience(seconds),
            check=False,
        )

    def run_json(self, *arguments: str) -> dict[str, Any]:
        """Run a command with --json and return its last line."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer

    def shell(self, script: str) -> str:
        """Run a script in the hub's own shell, and return what it printed."""
        done = self.run("shell", "--no-imports", "-c", script)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        """Start `manage.py up` and wait until it says that it is ready."""
        self.begin()
        wait_for(self._is_ready, START_SECONDS)

    def begin(self) -> None:
        """Start `manage.py up` and wait for nothing."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.home / "up.out").open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def said(self) -> str:
        """Return what `up` has said so far."""
        return (self.home / "up.out").read_text()

    def processes(self) -> list[int]:
        """Return every process that was started in this home, found by its environment."""
        mark = f"GENHUB_HOME={self.home}\0".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in path.read_bytes() + b"\0":
                    found.append(int(path.parent.name))
            except OSError:
                continue
        return found

    def child(self, words: str) -> int | None:
        """Return the process whose command line holds these words, or None."""
        for pid in self.processes():
            with contextlib.suppress(OSError):
                if words in Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "):
                    return pid
        return None

    def kill(self) -> None:
        """End whatever is left, for a test that failed half way."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=patience(60))

    def _is_ready(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.said()
        return "Ctrl-C stops it" in self.said()


class Customer:
    """An app with credits for exactly what it orders."""

    def __init__(self, hub: HubProcess, user: str, pictures: int) -> None:
        granted = str(10 * pictures)
        self.key = hub.run_json("issue_key", "demo", "--user", user, "--grant", granted)["key"]
        self.client = httpx2.Client(
            base_url=f"http://127.0.0.1:{hub.port}/api/v1",
            headers={"Authorization": f"Bearer {self.key}"},
            trust_env=False,
            timeout=patience(30),
        )

    def submit(self, seed: int, pictures: int = 1) -> str:
        """Submit an order that takes long enough to be killed in, and return its task's id."""
        prompt = "a red circle on a white background"
        order = {"prompt": prompt, "seed": seed, "steps": 50, "num_images": pictures}
        task_id: str = self.client.post("/generate", json=order).raise_for_status().json()["id"]
        return task_id

    def read(self, task_id: str) -> dict[str, Any]:
        """Return a task."""
        answer: dict[str, Any] = self.client.get(f"/tasks/{task_id}").raise_for_status().json()
        return answer

    def is_in_mid_step(self, task_id: str) -> bool:
        """Return whether a task is being denoised; one that is done already was too fast for the test."""
        task = self.read(task_id)
        assert task["status"] != "completed", "the task was too fast to be killed in mid-step"
        return bool(task["status"] == "processing" and 0 < task["progress"] < 0.8)

    def has_ended(self, task_id: str) -> bool:
        """Return whether a task is completed; a hub that is just coming back may refuse the question."""
        try:
            return bool(self.read(task_id)["status"] == "completed")
        except httpx2.HTTPError:
            return False

    def check_paid_once(self, task_ids: list[str]) -> None:
        """Each task was completed and captured once, and nothing is left of the credits."""
        for task_id in task_ids:
            task = self.read(task_id)
            assert task["status"] == "completed"
            paid = (task["credits"]["captured"], task["credits"]["held"])
            assert paid == (10 * task["num_images"], 0)
        balance = self.client.get("/credits").json()
        assert (balance["available"], balance["held"]) == (0, 0)


def database_pid(hub: HubProcess) -> int:
    """Return PostgreSQL's first process, as its own file names it."""
    return int((hub.home / "pg" / "postmaster.pid").read_text().splitlines()[0])
