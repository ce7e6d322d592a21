"""Small programs for the supervisor to run, and ways to look at them."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from genhub.embedded.child import Program
from tests.patience import patience


def dummy(name: str, code: str, **facts: object) -> Program:
    """Return a program that runs a few lines of Python."""
    command = [sys.executable, "-I", "-S", "-u", "-c", f"import os, signal, sys, time\n{code}"]
    return Program(name=name, command=command, **facts)  # type: ignore[arg-type]


def sleeper(name: str, **facts: object) -> Program:
    """Return a program that only waits."""
    return dummy(name, "time.sleep(600)", **facts)


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that is dead but not yet buried does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def wait_for(question: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait until the answer is true, or fail; `seconds` are those of a usual machine."""
    give_up_at = time.monotonic() + patience(seconds)
    while not question():
        assert time.monotonic() < give_up_at, "it did not happen in time"
        time.sleep(0.02)
