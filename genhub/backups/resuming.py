"""An export that was killed goes on: its rows are read anew, as of one later moment, and the files that it had copied
stay where they are what their rows say. What the platform has no more is not among them.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from genhub.backups.taking import MANIFEST, NoBackup

# What is not whole yet says here whose it is.
DRAFT: Final = f".{MANIFEST}"
# Where the files of the earlier run wait until it is known whether they are still wanted.
EARLIER: Final = "earlier"
FILES: Final = "files"


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep every other export out of a folder; raise NoBackup where one is at work."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise NoBackup(f"another export writes into {folder}") from error
    finally:
        os.close(handle)


def note(folder: Path, facts: dict[str, Any]) -> Path:
    """Write the draft of a folder's manifest, whole or not at all, and return it."""
    draft = folder / DRAFT
    written = folder / f"{DRAFT}.new"
    written.write_text(json.dumps(facts, indent=2))
    return written.replace(draft)


def take_up(folder: Path, facts: dict[str, Any]) -> None:
    """Make what an export left ready to be gone on with; raise NoBackup for a folder of which these are not the facts.

    A whole export has no draft any more.
    """
    draft = folder / DRAFT
    noted = json.loads(draft.read_text()) if draft.exists() else {}
    if not facts.items() <= noted.items():
        raise NoBackup(f"{folder} is no export of {facts['platform']} that broke off")
    for path in folder.glob("*.jsonl"):
        path.unlink()
    put_by(folder / FILES, folder / EARLIER)


def put_by(files: Path, earlier: Path) -> None:
    """Move all files of a folder into another, where some may be of a run before."""
    for path in [*files.rglob("*")]:
        if path.is_file():
            place = earlier / path.relative_to(files)
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.replace(place)
    shutil.rmtree(files, ignore_errors=True)


def keep(folder: Path, place: Path, sha256: str) -> dict[str, Any] | None:
    """Put a file that the earlier run copied in its place, and return what it is; None where there is none, or another
    one."""
    earlier = folder / EARLIER / place.relative_to(folder / FILES)
    with suppress(FileNotFoundError), earlier.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() == sha256:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            earlier.rename(place)
            return {"bytes": place.stat().st_size, "sha256": sha256}
    return None


def forget_earlier(folder: Path) -> None:
    """Delete what the earlier run had copied and nobody wants any more."""
    shutil.rmtree(folder / EARLIER, ignore_errors=True)
