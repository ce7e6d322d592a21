"""A backup: the database, the files that lie on this machine, and the keys without which neither can be read.

The database first: a file is stored before its row is, so that each row of the dump has its file in what is copied
afterwards, but for those that were deleted in between.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from generation.models import Task
from genhub.backups import client_programs
from genhub.embedded.secrets import FILES
from storage.files import local_storage
from storage.purposes import list_buckets

DUMP: Final = "database.dump"
STORED: Final = "files"
HOME_FILES: Final = "home"
MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
# Secrets of the home, and the pair that signs labels.
KEPT_OF_HOME: Final = (*FILES, "credentials")


class NoBackup(Exception):
    """There is no backup to be made, or none to be read; the message says why."""


def take(folder: Path, *, say: Callable[[str], None]) -> dict[str, Any]:
    """Write a backup into an empty or new folder that only its owner enters, and return its manifest.

    Raises NoBackup or ToolFailed. The manifest is written last: a folder without one is no backup.
    """
    make_empty(folder)
    facts = describe()
    say("· the database")
    client_programs.dump(folder / DUMP)
    copied = {"files": 0, "bytes": 0}
    store = local_storage()
    if store:
        say("· the files")
        copied = copy_files(Path(store.location), folder / STORED)
    for name in KEPT_OF_HOME:
        copy_secret(settings.HOME / name, folder / HOME_FILES / name)
    manifest = {
        **facts,
        **copied,
        "buckets": [bucket.bucket_name for bucket in list_buckets()],
        "sha256": digest(folder / DUMP),
    }
    draft = folder / f".{MANIFEST}"
    draft.write_text(json.dumps(manifest, indent=2))
    draft.rename(folder / MANIFEST)
    return manifest


def make_empty(folder: Path) -> None:
    """Make a folder that only its owner enters; raise NoBackup where something lies in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise NoBackup(f"{folder} is not empty: name a new folder for each backup")
        folder.chmod(0o700)
    except OSError as error:
        raise NoBackup(f"{folder}: {error.strerror}") from error


def describe() -> dict[str, Any]:
    """Return what is backed up, counted a moment before it is."""
    applied = MigrationRecorder(connection).migration_qs.order_by("app", "name")
    newest = dict(applied.values_list("app", "name"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT now(), current_setting('server_version')")
        made_at, version = cursor.fetchone()
    return {
        "format": FORMAT,
        "made_at": made_at.isoformat(),
        "postgres": version,
        "migrations": newest,
        "tasks": Task.objects.count(),
    }


def copy_files(source: Path, target: Path) -> dict[str, int]:
    """Copy a tree of files; what is deleted meanwhile is passed over. Return how many there were, and their bytes."""
    number = size = 0
    for path in list_files(source):
        place = target / path.relative_to(source)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, place)
        except FileNotFoundError:
            place.unlink(missing_ok=True)
            continue
        number, size = number + 1, size + place.stat().st_size
    return {"files": number, "bytes": size}


def list_files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder."""
    for place, _, names in os.walk(folder):
        yield from (Path(place) / name for name in names)


def copy_secret(source: Path, target: Path) -> None:
    """Copy a secret file, or a folder of them, readable for its owner alone; nothing where there is none."""
    for path in [source] if source.is_file() else list_files(source):
        place = target / path.relative_to(source)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.touch(mode=0o600)
        place.chmod(0o600)
        shutil.copyfile(path, place)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def half_done() -> Path:
    """Return what stands in the home while a backup is brought back, and stays where that did not end."""
    return Path(settings.HOME) / "restoring"


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return what a backup says of itself, its database proved to be the one that was written; raise NoBackup."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        found = digest(folder / DUMP)
    except (OSError, ValueError) as error:
        raise NoBackup(f"{folder} holds no whole backup: {error}") from error
    if manifest.get("format") != FORMAT:
        raise NoBackup(f"{folder} was made by another release: bring it back with that one")
    if found != manifest.get("sha256"):
        raise NoBackup(f"{folder / DUMP} is damaged: its SHA-256 is not the manifest's")
    return manifest
