"""A platform's data, to be read elsewhere: a folder of JSON lines with what each file of it must be.

The rows are those of one moment, whatever goes on meanwhile. No key, password or secret is among them, nor what looks
like one.
"""

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from credits import takeout as of_credits
from generation.selectors import takeout as of_generation
from genhub.backups.resuming import FILES, alone_in, forget_earlier, keep, note, take_up
from genhub.backups.taking import MANIFEST, NoBackup, make_empty
from genhub.lib.hiding import hide_secrets
from genhub.lib.takeout import Table
from genhub.platforms import takeout as of_platforms
from genhub.platforms.models import Platform
from storage import takeout as of_storage
from templates import takeout as of_templates

FORMAT: Final = "genhub-platform-1"
APPS = (of_platforms, of_credits, of_templates, of_generation, of_storage)
TABLES: Final[tuple[Table, ...]] = tuple(table for app in APPS for table in app.TABLES)
PIECE_BYTES: Final = 1 << 20


class Digested:
    """A file that is written, and what it was: its bytes counted and digested on their way."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.size, self.lines = file, 0, 0
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Write bytes."""
        self.file.write(data)
        self.sha256.update(data)
        self.size += len(data)

    def write_line(self, row: dict[str, Any]) -> None:
        """Write a row as a line of JSON."""
        line = json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))
        self.write(f"{hide_secrets(line)}\n".encode("utf-8", "surrogatepass"))
        self.lines += 1

    def facts(self) -> dict[str, Any]:
        """Return what the manifest says of it."""
        return {"rows": self.lines, "bytes": self.size, "sha256": self.sha256.hexdigest()}


@contextmanager
def writing(path: Path) -> Iterator[Digested]:
    """Write a file that only its owner reads."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield Digested(file)


def export(
    code: str, folder: Path, *, with_files: bool, say: Callable[[str], None], resumes: bool = False
) -> dict[str, Any]:
    """Write a platform's data into a new or empty folder that only its owner enters, and return its manifest; one that
    `resumes` goes on with a folder whose export broke off.

    Raises NoBackup. The manifest is written last: a folder without one is no export.
    """
    platform = Platform.objects.filter(code=code).first()
    if platform is None:
        raise NoBackup(f"there is no platform {code}")
    facts = {"format": FORMAT, "platform": code}
    if not resumes:
        make_empty(folder)
    elif not folder.is_dir():
        raise NoBackup(f"{folder} is no export of {code} that broke off")
    with alone_in(folder):
        if resumes:
            take_up(folder, facts)
        return write(platform, folder, facts, with_files=with_files, say=say)


def write(
    platform: Platform,
    folder: Path,
    facts: dict[str, Any],
    *,
    with_files: bool,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Write all of it; from the first moment on the folder says whose it is, and in the end that it is whole."""
    note(folder, facts)
    made_at, written = write_tables(platform.pk, folder, say)
    manifest = {**facts, "made_at": made_at, "tables": written}
    if with_files:
        manifest |= {FILES: copy_files(platform.pk, folder, say)}
    forget_earlier(folder)
    note(folder, manifest).rename(folder / MANIFEST)
    return manifest


@transaction.atomic(durable=True)
def write_tables(
    platform_id: uuid.UUID, folder: Path, say: Callable[[str], None]
) -> tuple[str, dict[str, Any]]:
    """Write each table as it is at one moment; return that moment, and what was written."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT now()")
        [made_at] = cursor.fetchone()
    written = {}
    for table in TABLES:
        say(f"· {table.name}")
        name = f"{table.name}.jsonl"
        with writing(folder / name) as file:
            for row in table.read(platform_id):
                file.write_line(row)
        written[name] = file.facts()
    return made_at.isoformat(), written


def copy_files(platform_id: uuid.UUID, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Copy the files that a platform's users may see, each once, with a list of what they are; return how many there
    were, and which are missing or are not what their rows say."""
    say("· the files")
    (folder / FILES).mkdir(mode=0o700)
    number = size = 0
    missing, damaged = list[str](), list[str]()
    with writing(folder / f"{FILES}.jsonl") as listed:
        for key, sha256 in of_storage.list_files(platform_id):
            place = place_of(folder / FILES, key)
            if place.exists():
                continue
            try:
                found = keep(folder, place, sha256) or copy_file(key, place)
            except FileNotFoundError:
                missing.append(key)
                continue
            if found["sha256"] != sha256:
                damaged.append(key)
            listed.write_line({"key": key, "bytes": found["bytes"], "sha256": found["sha256"]})
            number, size = number + 1, size + found["bytes"]
    return {
        "number": number, "bytes": size, "missing": missing, "damaged": damaged, f"{FILES}.jsonl": listed.facts(),
    }  # fmt: skip


def place_of(folder: Path, key: str) -> Path:
    """Return where a file goes, by its key; raise NoBackup for a key that leads elsewhere."""
    parts = PurePosixPath(key)
    if parts.is_absolute() or ".." in parts.parts:
        raise NoBackup(f"the key {key!r} leads out of the folder")
    return folder / parts


def copy_file(key: str, place: Path) -> dict[str, Any]:
    """Copy a stored file in pieces, and return what it is; raise FileNotFoundError, and write nothing, for none."""
    with of_storage.open_file(key) as stored:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with writing(place) as file:
            while piece := stored.read(PIECE_BYTES):
                file.write(piece)
    return file.facts()
