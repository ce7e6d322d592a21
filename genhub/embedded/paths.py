"""Where the embedded parts keep their sockets and data."""

import hashlib
import os
import tempfile
from pathlib import Path

# A unix socket's path may have 107 bytes; PostgreSQL appends ".s.PGSQL.5432.lock" (18) to the folder's.
LONGEST_FOLDER_BYTES = 85


def run_folder(home: Path) -> Path:
    """Return the folder for sockets: inside the home, or a short one named by the home's hash when that is too long."""
    inside = home / "run"
    if len(os.fsencode(inside)) <= LONGEST_FOLDER_BYTES:
        return inside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"genhub-{os.geteuid()}-{digest}"


def valkey_socket(run: Path) -> Path:
    """Return Valkey's socket inside the run folder."""
    return run / "valkey.sock"
