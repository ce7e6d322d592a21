"""One program run as a child: its session, its log file, its end."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from genhub.embedded.guard import Guard

ROOT = Path(__file__).resolve().parents[2]
LEASH = Path(__file__).with_name("leash.py")
LOG_BYTES = 10 * 1024 * 1024
TAIL_LINES = 12


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run, how to see that it works, and how to stop it."""

    name: str
    command: Sequence[str]
    is_ready: Callable[[], bool] = lambda: True
    ready_seconds: float = 60.0
    environment: Mapping[str, str] = field(default_factory=dict)
    # Put before the command, for a program that must run as somebody else.
    prefix: Sequence[str] = ()
    # A prefix that changes the user makes the kernel forget the leash; it must then bring its own.
    is_leashed: bool = True
    stop_signal: signal.Signals = signal.SIGTERM
    # What the kernel sends when the launcher itself was killed. Who is asked may finish work of minutes first, and the
    # next launcher would wait; so only servers that keep files open are.
    orphan_signal: signal.Signals = signal.SIGKILL
    grace_seconds: float = 10.0


class Child:
    """A program that runs in a session of its own and writes to its own log."""

    def __init__(
        self,
        program: Program,
        *,
        log_folder: Path,
        kept_fds: Sequence[int] = (),
        guard: Guard | None = None,
    ) -> None:
        self.program = program
        # Kills the whole group where the launcher's death means the child's.
        self._guard = guard if program.orphan_signal == signal.SIGKILL else None
        self.log = log_folder / f"{program.name}.log"
        self.kept_fds = tuple(kept_fds)
        self.started_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, is_held: bool = False) -> None:
        """Start the program in a session of its own, which Ctrl-C does not reach; held, it waits for `release`."""
        program = self.program
        leash = (
            sys.executable,
            "-I",
            "-S",
            str(LEASH),
            str(int(program.orphan_signal)),
            str(os.getpid()),
        )
        command = [*program.prefix, *(leash if program.is_leashed else ()), *program.command]
        self.bound_log()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                command,
                cwd=ROOT,
                env={**os.environ, **program.environment},
                stdin=subprocess.PIPE if is_held else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self.kept_fds,
            )
        self.started_at = time.monotonic()
        if self._guard:
            self._guard.watch(self._process.pid)

    def release(self) -> None:
        """Let a program that was held begin; its time to get ready counts from now."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
        self.started_at = time.monotonic()

    @property
    def pid(self) -> int | None:
        """Return the process id, or None before the first start."""
        return self._process.pid if self._process else None

    def status(self) -> int | None:
        """Return the exit status (negative: the signal that killed it), or None while it runs."""
        return self._process.poll() if self._process else 0

    def ask_to_stop(self) -> None:
        """Ask the program to stop by itself."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(self.program.stop_signal)

    def end(self, *, grace_seconds: float) -> None:
        """Wait for the program to stop, then kill whatever is left of its process group."""
        if not self._process:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=max(grace_seconds, 0.0))
        self.kill_group()
        self._process.wait()

    def kill_group(self) -> None:
        """Kill the program and every process that it left in its group."""
        if self._process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            if self._guard:
                self._guard.forget(self._process.pid)

    def bound_log(self) -> None:
        """Keep the log and one older one near 10 MB each; an appending writer starts afresh."""
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > LOG_BYTES:
                shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
                os.truncate(self.log, 0)

    def tail(self) -> str:
        """Return the last lines of the log, indented."""
        with contextlib.suppress(OSError), self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 8192))
            lines = log.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
            return "\n".join(f"    {line}" for line in lines)
        return ""


def describe_end(status: int) -> str:
    """Return in words how a process ended."""
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"
