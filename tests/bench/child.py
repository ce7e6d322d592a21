"""A process of a benchmark that answers each line of JSON with another."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Child:
    """The process, seen from the benchmark; `facts` is what it said of itself when it was ready."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid
        self.facts = self._read()

    def ask(self, question: Any) -> Any:
        """Return the answer to a question; raise when the process ended instead."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(f"{self._process.args!r} ended: {self._process.wait()}")
        return json.loads(line)


@contextmanager
def running(module: str, *arguments: str) -> Iterator[Child]:
    """Start a module, wait until it is ready, and end it after the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    try:
        yield Child(process)
    finally:
        process.kill()
        process.wait()


def answer(act: Callable[[Any], Any], facts: Any) -> None:
    """Be the process: tell the facts, then answer until nobody asks any more."""
    print(json.dumps(facts), flush=True)  # noqa: T201 (its answer)
    for line in sys.stdin:
        print(json.dumps(act(json.loads(line))), flush=True)  # noqa: T201 (its answer)
