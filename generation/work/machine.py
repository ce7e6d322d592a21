"""What a worker process says of itself, whatever it works at."""

import os
import secrets
import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

from django.conf import settings

STARTED_AT_SECONDS = time.monotonic()
# A container starts anew under the name and number of the one that died.
LIFE = secrets.token_hex(3)
STATM = Path("/proc/self/statm")


def own_process() -> str:
    """Return the process, as what it claims names it: host, process id and which life of it this is."""
    return f"{socket.gethostname()}:{os.getpid()}-{LIFE}"


def describe_process() -> dict[str, Any]:
    """Return which process this is, its age in seconds, the bytes that are free where it writes, and its resident
    memory in bytes if known."""
    said: dict[str, Any] = {
        "process": own_process(),
        "age_seconds": round(time.monotonic() - STARTED_AT_SECONDS),
        "disk_free": free_bytes(),
    }
    memory = resident_bytes()
    return said if memory is None else said | {"process_memory": memory}


def free_bytes() -> int:
    """Return the room on the fullest of the disks on which files for a while and trained LoRAs lie."""
    places = (Path(tempfile.gettempdir()), Path(settings.LORA_FOLDER))
    return min(shutil.disk_usage(place).free for place in places if place.is_dir())


def resident_bytes() -> int | None:
    """Return this process's resident memory; None where the system does not say."""
    try:
        pages = int(STATM.read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
