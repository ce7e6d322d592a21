"""One hub per home: two locks, and what the running hub tells others about itself."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from genhub.embedded.errors import HomeInUse

# Until PostgreSQL has written what it holds; everything else of a killed launcher is gone at once.
ORPHAN_SECONDS = 60.0
# Who is gone by then needs no mention.
QUIET_SECONDS = 1.0
LONGEST_COMMAND = 60
POLL_SECONDS = 0.05


def _rest() -> None:
    time.sleep(POLL_SECONDS)


class HomeLock:
    """Held while a hub runs in this home.

    The first lock belongs to the launcher alone. The second is inherited by its children, so after
    a launcher was killed the next one waits until the last child is gone, rather than opening the
    same data twice.
    """

    def __init__(self, home: Path) -> None:
        self._path = home / "lock"
        self._children_path = home / "lock.children"
        self._fds: list[int] = []

    @property
    def kept_fds(self) -> tuple[int, ...]:
        """Return what the children must inherit."""
        return tuple(self._fds[1:])

    def take(
        self, *, say: Callable[[str], None] = lambda line: None, pause: Callable[[], None] = _rest
    ) -> None:
        """Take both locks, or raise; what an earlier run left behind is waited for, by name."""
        if not self._lock(self._path):
            raise HomeInUse(_describe_holder(self._path))
        try:
            self._await_orphans(say, pause)
        except BaseException:
            self.release()
            raise

    def announce(self, **facts: str | int | bool) -> None:
        """Write what others may know about the hub that holds this lock."""
        text = json.dumps({"pid": os.getpid(), **facts}).encode()
        os.ftruncate(self._fds[0], 0)
        os.pwrite(self._fds[0], text, 0)

    def release(self) -> None:
        """Let the next hub in."""
        while self._fds:
            os.close(self._fds.pop())

    def __enter__(self) -> "HomeLock":
        self.take()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _await_orphans(self, say: Callable[[str], None], pause: Callable[[], None]) -> None:
        home, began, is_said = self._path.parent, time.monotonic(), False
        while not self._lock(self._children_path):
            waited = time.monotonic() - began
            if waited > ORPHAN_SECONDS:
                left = list_holders(self._children_path)
                pids = " ".join(str(pid) for pid, _ in left)
                how = f"end them (kill -9 {pids})" if left else "wait until they end"
                raise HomeInUse(
                    f"processes of an earlier run still use {home}{_word_holders(left)}: "
                    f"{how}, or set GENHUB_HOME to another folder"
                )
            if waited > QUIET_SECONDS and not is_said:
                is_said = True
                left = list_holders(self._children_path)
                say(f"· waiting until the earlier run in {home} has ended{_word_holders(left)}")
            pause()

    def _lock(self, path: Path) -> bool:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        self._fds.append(fd)
        return True


def list_holders(path: Path) -> list[tuple[int, str]]:
    """Return the processes that have a file open, with their commands; none where the system does not tell."""
    found, real = [], path.resolve()
    for folder in sorted(Path("/proc").glob("[0-9]*"), key=lambda folder: int(folder.name)):
        # Processes come and go, and those of others are not ours to look at.
        with contextlib.suppress(OSError):
            if any(_is_open(fd, real) for fd in (folder / "fd").iterdir()):
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                command = " ".join([Path(words[0]).name, *words[1:]]).strip()
                found.append((int(folder.name), command[:LONGEST_COMMAND]))
    return [(pid, command) for pid, command in found if pid != os.getpid()]


def _is_open(fd: Path, path: Path) -> bool:
    with contextlib.suppress(OSError):
        return fd.readlink() == path
    return False


def _word_holders(holders: list[tuple[int, str]]) -> str:
    named = "; ".join(f"{pid}: {command}" for pid, command in holders)
    return f" (process {named})" if named else ""


def read_facts(home: Path) -> dict[str, object]:
    """Return what the hub in this home last said about itself; empty without a word of it."""
    try:
        facts: dict[str, object] = json.loads((home / "lock").read_text())
    except (OSError, ValueError):
        return {}
    return facts


def _describe_holder(path: Path) -> str:
    facts = read_facts(path.parent)
    who = f" (process {facts['pid']}, {facts['url']})" if {"pid", "url"} <= facts.keys() else ""
    return (
        f"another hub already runs in {path.parent}{who}: "
        "stop it, or set GENHUB_HOME to another folder and GENHUB_PORT to another port"
    )
