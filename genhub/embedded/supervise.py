"""Keeps child processes running: starts them in order, restarts the dead, stops them in reverse."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from genhub.embedded.child import Child, Program, describe_end
from genhub.embedded.errors import HubError, StopAsked
from genhub.embedded.guard import Guard

POLL_SECONDS = 0.05
QUICK_DEATH_SECONDS = 10.0
LONGEST_BACKOFF_SECONDS = 30.0
LOG_CHECK_SECONDS = 60.0
NAME_WIDTH = 13


class Keeper:
    """Restarts one child: at once, and with growing pauses only while it keeps dying young."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self._backoff_seconds = 0.0
        self._restart_at: float | None = None

    def tend(self, say: Callable[[str], None]) -> None:
        """Look at the child once, and restart it when it is dead and its pause is over."""
        now = time.monotonic()
        if self._restart_at is None:
            status = self.child.status()
            if status is None:
                return
            self.child.kill_group()
            lived = now - self.child.started_at
            say(self._note_death(status, lived, now))
        if self._restart_at is not None and now >= self._restart_at:
            try:
                self.child.start()
                self._restart_at = None
            except OSError as error:
                # A full disk or process table: the others go on, this one is tried again later.
                self._restart_at = now + LONGEST_BACKOFF_SECONDS
                say(f"! {self.child.program.name:<{NAME_WIDTH}} cannot start: {error}")

    def _note_death(self, status: int, lived: float, now: float) -> str:
        pause = self._backoff_seconds if lived < QUICK_DEATH_SECONDS else 0.0
        self._backoff_seconds = min(max(pause * 2, 1.0), LONGEST_BACKOFF_SECONDS)
        self._restart_at = now + pause
        again = f"again in {pause:.0f} s" if pause else "again at once"
        fate = f"{describe_end(status)} after {lived:.0f} s"
        return f"! {self.child.program.name:<{NAME_WIDTH}} {fate}; {again} (log: {self.child.log})"


class Supervisor:
    """Owns the children; lives in one thread, since the kernel ties them to their parent's."""

    def __init__(
        self,
        *,
        log_folder: Path,
        say: Callable[[str], None],
        is_stopping: Callable[[], bool] = lambda: False,
        is_hurried: Callable[[], bool] = lambda: False,
        kept_fds: Sequence[int] = (),
    ) -> None:
        self.log_folder = log_folder
        self.say = say
        self.is_stopping = is_stopping
        self.is_hurried = is_hurried
        self.kept_fds = kept_fds
        self._stages: list[list[Keeper]] = []
        self._ahead: dict[str, Child] = {}
        self._guard = Guard()
        self._logs_checked_at = time.monotonic()

    @property
    def children(self) -> list[Child]:
        """Return the children in the order of their start."""
        return [keeper.child for stage in self._stages for keeper in stage]

    def start_ahead(self, *programs: Program) -> None:
        """Start programs that prepare themselves beside whatever comes before their turn, which `start` gives them."""
        for program in programs:
            child = self._child(program)
            self._ahead[program.name] = child
            child.start(is_held=True)

    def start(self, *programs: Program) -> None:
        """Start these programs side by side, then wait until each is ready."""
        began = time.monotonic()
        stage = self.begin(*programs)
        waiting = list(stage)
        while waiting:
            for child in stage:
                _check_alive(child)
            for child in list(waiting):
                if child.program.is_ready():
                    waiting.remove(child)
                    self._say(child.program.name, "ready in", began)
                else:
                    _check_patience(child)
            self.pause()

    def begin(self, *programs: Program) -> list[Child]:
        """Start programs that nothing waits for; from here on they are kept running as all others."""
        stage: list[Keeper] = []
        self._stages.append(stage)
        for program in programs:
            ahead = self._ahead.pop(program.name, None)
            child = ahead or self._child(program)
            stage.append(Keeper(child))
            if ahead:
                child.release()
            else:
                child.start()
        return [keeper.child for keeper in stage]

    def run_once(self, program: Program) -> None:
        """Run a program to its end, and raise when it fails."""
        child = self._child(program)
        began = time.monotonic()
        child.start()
        try:
            while (status := child.status()) is None:
                self.pause()
        finally:
            child.ask_to_stop()
            child.end(grace_seconds=program.grace_seconds)
        if status:
            raise HubError(_word_failure(child, describe_end(status)))
        self._say(program.name, "done in", began)

    def tend(self) -> None:
        """Restart what died; call it every second or so. Raises when a stop was asked for."""
        if self.is_stopping():
            raise StopAsked
        for stage in self._stages:
            for keeper in stage:
                keeper.tend(self.say)
        if time.monotonic() - self._logs_checked_at > LOG_CHECK_SECONDS:
            self._logs_checked_at = time.monotonic()
            for child in self.children:
                child.bound_log()

    def stop(self) -> None:
        """Stop all children in reverse order; a second request to stop cuts the grace short."""
        while self._ahead:
            # It has not begun: there is nothing to end well.
            self._ahead.popitem()[1].end(grace_seconds=0)
        while self._stages:
            stage = [keeper.child for keeper in reversed(self._stages[-1])]
            for child in stage:
                child.ask_to_stop()
            asked_at = time.monotonic()
            for child in stage:
                self._await_end(child, asked_at)
                child.end(grace_seconds=0)
            self._stages.pop()
        self._guard.stop()

    def _await_end(self, child: Child, asked_at: float) -> None:
        grace_seconds = child.program.grace_seconds
        while child.status() is None and not self.is_hurried():
            if time.monotonic() - asked_at > grace_seconds:
                name = child.program.name
                self.say(f"! {name:<{NAME_WIDTH}} did not stop in {grace_seconds:.0f} s: killed")
                return
            time.sleep(POLL_SECONDS)

    def _child(self, program: Program) -> Child:
        return Child(program, log_folder=self.log_folder, kept_fds=self.kept_fds, guard=self._guard)

    def pause(self) -> None:
        """Let a moment pass; raises when a stop was asked for."""
        if self.is_stopping():
            raise StopAsked
        time.sleep(POLL_SECONDS)

    def _say(self, name: str, what: str, began: float) -> None:
        self.say(f"· {name:<{NAME_WIDTH}} {what} {time.monotonic() - began:.1f} s")


def _check_alive(child: Child) -> None:
    status = child.status()
    if status is not None:
        raise HubError(_word_failure(child, f"{describe_end(status)} while starting"))


def _check_patience(child: Child) -> None:
    patience = child.program.ready_seconds
    if time.monotonic() - child.started_at > patience:
        raise HubError(_word_failure(child, f"was not ready within {patience:.0f} s"))


def _word_failure(child: Child, fate: str) -> str:
    return f"{child.program.name} {fate}; the end of {child.log}:\n{child.tail()}"
