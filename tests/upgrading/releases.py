"""A release that runs from a tree of its own, on a database, a broker and a home that it shares with another one."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.faults.processes import wait_until
from tests.patience import patience
from tests.ports import free_port
from tests.servers import FOREIGN

# As a rule the vendor's worker has eight; two of them leave the other release its share.
THREADS = "2"
HEALTH = "/api/v1/health"
WRONG = re.compile(r"\b(?:ERROR|CRITICAL)\b|Traceback")


@dataclass
class Release:
    """One release's processes. `shared` are the settings that the releases have in common."""

    name: str
    root: Path
    logs: Path
    shared: Mapping[str, str]
    port: int = field(default_factory=free_port)
    # Of everything that it ever ran: by these its workers sign what they claim.
    pids: set[int] = field(default_factory=set)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of one of its processes."""
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        own = {
            "DJANGO_SETTINGS_MODULE": "genhub.settings.embedded",
            "GENHUB_PORT": str(self.port),
            "LOG_FOLDER": str(self.logs),
        }
        return kept | own | dict(self.shared)

    def run(self, *words: str) -> str:
        """Run `manage.py` to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=patience(180),
            check=False,
        )
        assert done.returncode == 0, f"{self.name}: {done.stdout}{done.stderr}"
        return done.stdout

    def run_json(self, *words: str) -> dict[str, Any]:
        """Run a command with --json and return its last line."""
        answer: dict[str, Any] = json.loads(self.run(*words, "--json").splitlines()[-1])
        return answer

    def shell(self, script: str) -> str:
        """Run a script in the release's own shell, and return what it printed."""
        return self.run("shell", "--no-imports", "-c", script)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Run web, worker and loops until the body ends; each has to leave by itself when it is told to."""
        worker = (
            "-m", "celery", "-A", "genhub", "worker", "--queues=remote,delivery,upkeep", "--pool=threads",
            f"--concurrency={THREADS}", f"--hostname={self.name}@{self.logs.name}", "--without-gossip",
            "--without-mingle", "--loglevel=INFO",
        )  # fmt: skip
        with ExitStack() as stack:
            for words in (
                ("-m", "genhub.front", f"--port={self.port}"),
                worker,
                ("manage.py", "loops"),
            ):
                stack.enter_context(self._running(*words))
            wait_until(self._is_ready, 120, f"that {self.name} is ready")
            yield

    def list_wrong(self) -> list[str]:
        """Return the lines of its processes that tell of an error."""
        lines = [
            line for path in sorted(self.logs.glob(f"{self.name}-*.log")) for line in path.open()
        ]
        # It is asked until all are there: each time before, it says so.
        return [line for line in lines if WRONG.search(line) and HEALTH not in line]

    @contextmanager
    def _running(self, *words: str) -> Iterator[None]:
        number = len(list(self.logs.glob(f"{self.name}-*.log")))
        with (self.logs / f"{self.name}-{number}.log").open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *words],
                cwd=self.root,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            self.pids.add(process.pid)
            yield
            assert process.poll() is None, f"{self.name}: {words} ended before it was told to"
            process.terminate()
            assert process.wait(timeout=patience(60)) == 0, f"{self.name}: {words}"
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def _is_ready(self) -> bool:
        try:
            answer = httpx2.get(f"http://127.0.0.1:{self.port}{HEALTH}", trust_env=False)
        except httpx2.HTTPError:
            return False
        return answer.status_code == 200
