"""A disk that is really full: a file system of its own where the system lets us mount one, else a limit on how long
any file of this process may be, which no right is needed for."""

import errno
import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SIZE_BYTES: Final = 4 * 1024 * 1024
BLOCK: Final = bytes(4096)


@dataclass
class Disk:
    """A folder whose disk can be filled and freed."""

    folder: Path
    is_mounted: bool

    @contextmanager
    def full(self) -> Iterator[None]:
        """Let nothing more go onto it while the body runs, then make room again."""
        ballast = self.folder / "ballast"
        if not self.is_mounted:
            with short_files():
                yield
            return
        # Block by block, so that no last piece is left.
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(BLOCK)
        assert os.statvfs(self.folder).f_bavail == 0
        try:
            yield
        finally:
            ballast.unlink()

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Let nothing more go onto it, whichever process writes: full, or closed where it could not be mounted."""
        if self.is_mounted:
            with self.full():
                yield
            return
        self.folder.chmod(0o500)
        try:
            yield
        finally:
            self.folder.chmod(0o700)


@contextmanager
def short_files() -> Iterator[None]:
    """Let no file of this process grow at all, nor any of a process that it starts meanwhile."""
    keep = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, keep)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Give a folder, which is made, a disk of its own of 4 MiB where that may be mounted."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "genhub-test", str(folder)]
    is_mounted = os.geteuid() == 0 and subprocess.run(command, check=False).returncode == 0
    try:
        yield Disk(folder, is_mounted)
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def is_full(error: BaseException) -> bool:
    """Return whether an error, or what it came of, says that a disk is full."""
    found: BaseException | None = error
    while found:
        if isinstance(found, OSError) and found.errno in {errno.ENOSPC, errno.EFBIG}:
            return True
        found = found.__cause__ or found.__context__
    return False
