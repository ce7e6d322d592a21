"""Whole hubs for tests: started as people start them, in a home and on ports of their own."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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
