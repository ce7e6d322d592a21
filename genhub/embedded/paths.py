"""Where the embedded parts keep their sockets and data."""

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from genhub.embedded.errors import HubError

# A unix socket's path may have 107 bytes; PostgreSQL appends "/.s.PGSQL.5432.lock" (19).
LONGEST_FOLDER_BYTES = 107 - len("/.s.PGSQL.5432.lock")
# A new database, its log and the static files take about 100 MB.
ROOM_BYTES = 128 << 20


def run_folder(home: Path) -> Path:
    """Return the folder for sockets: in the home, or a short one named by the home's hash."""
    inside = home / "run"
    if len(os.fsencode(inside)) <= LONGEST_FOLDER_BYTES:
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"genhub-{os.geteuid()}-{digest}"


def valkey_socket(run: Path) -> Path:
    """Return Valkey's socket inside the run folder."""
    return run / "valkey.sock"


def events_socket(run: Path) -> Path:
    """Return the events process's socket inside the run folder."""
    return run / "events.sock"


def check_room(home: Path) -> None:
    """Raise when the disk has too little room to begin: a full one speaks in other programs' words."""
    free = shutil.disk_usage(home).free
    if free < ROOM_BYTES:
        raise HubError(
            f"the disk of {home} is full ({free >> 20} MB free, {ROOM_BYTES >> 20} MB needed): "
            "make room, or set GENHUB_HOME to a folder on another disk"
        )


def make_private(folder: Path) -> None:
    """Make a folder that only its owner reaches; one that somebody else put there is refused."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
        raise HubError(
            f"{folder} belongs to somebody else: remove it, or set GENHUB_HOME to a shorter path"
        )
    if facts.st_mode & 0o077:
        folder.chmod(0o700)
