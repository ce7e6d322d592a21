"""Kills what a launcher leaves behind: `python guard.py` reads `+GROUP` and `-GROUP` lines until its launcher is gone.

The kernel's leash ends a launcher's own children, not theirs (the web server's workers), and nobody else knows their
process groups. A script of its own, so that it starts in a blink and needs nothing of what may be broken.
"""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

GONE_SECONDS = 10


def main() -> None:
    """Remember groups until the pipe from the launcher ends, then kill those that are left."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        groups.add(group) if line[0] == "+" else groups.discard(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


class Guard:
    """The launcher's end of the pipe; it closes with the launcher, however that ends."""

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._process: subprocess.Popen[str] | None = None

    def watch(self, group: int) -> None:
        """Have a group killed once this process is gone."""
        self._groups.add(group)
        self._say(f"+{group}")

    def forget(self, group: int) -> None:
        """Leave a group alone: it has ended, and its number may be given to others."""
        if group in self._groups:
            self._groups.discard(group)
            self._say(f"-{group}")

    def stop(self) -> None:
        """End the guard with nothing left to kill."""
        if self._process and self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            try:
                self._process.wait(timeout=GONE_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def _say(self, line: str) -> None:
        if self._process is None or self._process.poll() is not None:
            self._start()
            # The new one is told of all groups at once.
            line = "\n".join(f"+{group}" for group in self._groups)
        if self._process and self._process.stdin and line:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(f"{line}\n")
                self._process.stdin.flush()

    def _start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(Path(__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )


if __name__ == "__main__":
    main()
