"""One hub per home: two locks, and what the running hub tells others about itself."""

import fcntl
import json
import os
import time
from pathlib import Path
from types import TracebackType

from genhub.embedded.errors import HomeInUse

ORPHAN_SECONDS = 20.0


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

    def take(self) -> None:
        """Take both locks, or raise."""
        if not self._lock(self._path):
            raise HomeInUse(_describe_holder(self._path))
        give_up_at = time.monotonic() + ORPHAN_SECONDS
        while not self._lock(self._children_path):
            if time.monotonic() > give_up_at:
                self.release()
                raise HomeInUse(
                    f"processes of an earlier run still use {self._path.parent}: "
                    "wait until they end, or set GENHUB_HOME to another folder"
                )
            time.sleep(0.1)

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

    def _lock(self, path: Path) -> bool:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        self._fds.append(fd)
        return True


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
