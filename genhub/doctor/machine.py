"""The machine under the hub: versions, room, open files, secrets, cards."""

import os
import platform
import resource
import shutil
import stat
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from django.conf import settings

from generation.engine.card import read_card
from generation.selectors.queue import list_live_workers
from generation.work.presence import GONE_AFTER
from genhub.doctor.findings import Finding, fault, good, warning
from genhub.lib.sealing import keys

GIB = 1 << 30
# A full disk loses what is being drawn; a few pictures more and it is full.
LEAST_BYTES, SCARCE_BYTES = GIB // 4, 5 * GIB
# A web server holds one for each client and stream.
FEW_FILES = 4096
# As Django judges them.
WEAK_SECRET_LENGTH, FEW_CHARACTERS = 50, 5
PARTS = ("django", "celery", "psycopg", "diffusers", "torch")


def look_at_versions() -> Iterator[Finding]:
    """Say what runs here."""
    said = [f"Python {platform.python_version()}"]
    for name in PARTS:
        try:
            said.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            said.append(f"no {name}")
    yield good("versions", ", ".join(said))


def look_at_disk() -> Iterator[Finding]:
    """Say how much room is left where the hub writes; each disk once."""
    seen: set[int] = set()
    places: dict[str, str | Path] = {
        "home": settings.HOME,
        "temporary files": tempfile.gettempdir(),
        "log": os.environ.get("LOG_FOLDER", ""),
    }
    for what, place in places.items():
        folder = Path(place) if place else None
        if folder is None or not folder.is_dir() or folder.stat().st_dev in seen:
            continue
        seen.add(folder.stat().st_dev)
        free = shutil.disk_usage(folder).free
        name, said = f"disk ({what})", f"{free / GIB:.1f} GiB are free in {folder}"
        mend = "make room, or move that folder to a larger disk"
        if free < LEAST_BYTES:
            yield fault(name, said, mend)
        elif free < SCARCE_BYTES:
            yield warning(name, said, mend)
        else:
            yield good(name, said)


def look_at_files() -> Iterator[Finding]:
    """Say how many files and connections a process may have open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    said = f"a process may open {most if most >= 0 else 'any number of'} files and connections"
    if 0 <= most < FEW_FILES:
        yield warning("open files", said, "raise LimitNOFILE of the services, or `ulimit -Hn`")
    else:
        yield good("open files", said)


def look_at_secrets() -> Iterator[Finding]:
    """Judge the secrets that the settings bring; what they seal is looked at with the rows."""
    if (
        len(settings.SECRET_KEY) < WEAK_SECRET_LENGTH
        or len(set(settings.SECRET_KEY)) < FEW_CHARACTERS
    ):
        yield fault(
            "SECRET_KEY",
            f"it has {len(settings.SECRET_KEY)} characters: sessions and links could be forged",
            "make one: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
        )
    else:
        yield good("SECRET_KEY", "long enough")
    if not settings.ENCRYPTION_KEYS:
        yield warning(
            "ENCRYPTION_KEYS",
            "it is not set, so no key of a vendor and no secret of a webhook can be kept",
            "set it: python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'",
        )
    else:
        keys()
        yield good("ENCRYPTION_KEYS", f"{len(settings.ENCRYPTION_KEYS)} usable")
    if settings.DEBUG:
        yield fault("DEBUG", "it is on: errors show code and settings", "never set it on a server")
    mode = stat.S_IMODE(settings.HOME.stat().st_mode)
    if mode & 0o007:
        yield warning(
            "home", f"everybody on this machine may enter {settings.HOME}", f"chmod 750 {settings.HOME}"
        )  # fmt: skip


def look_at_cards() -> Iterator[Finding]:
    """Say what the local engine computes on, by the word of its workers."""
    workers = [one for one in list_live_workers(GONE_AFTER) if "local" in one.queues]
    devices = sorted({str(one.facts["device"]) for one in workers if one.facts.get("device")})
    card = read_card().get("gpu")
    said = f"workers compute on {', '.join(devices)}" if devices else "no worker draws here"
    said = f"{said}; the card of this machine: {card or 'none'}"
    if card and devices == ["cpu"]:
        yield warning(
            "engine", said, "install a torch with CUDA that its driver supports; see the handbook, The engine"
        )  # fmt: skip
    else:
        yield good("engine", said)
