"""Files that no row names, and rows whose files are missing: looked for both ways, a day's folder at a time.

Sweeps of attempts and uploads find what a dead process left; this finds what they cannot: files of a database that was
restored to an earlier moment, objects that somebody put there or deleted by hand.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from django.core.files.storage import default_storage
from django.db.models import Q
from django.db.models.functions import Substr

from genhub.retention.models import LegalHold
from storage.content import Entry
from storage.files import local_storage
from storage.keys import EDITS, INCOMING, OUTPUTS, UPLOADS
from storage.models import Artifact, OrphanReport, UploadFolder
from storage.purposes import list_buckets
from storage.services import KEYS, folder_of

# Longer than any attempt, upload or edit takes: what is younger may be about to have its row.
USUAL_DAYS: Final = 7
MOST_EXAMPLES: Final = 100


@dataclass
class Found:
    """What a look found: counts, and the first of each as examples."""

    files: int = 0
    size_bytes: int = 0
    rows: int = 0
    unnamed_files: int = 0
    unnamed_bytes: int = 0
    held_files: int = 0
    deleted_files: int = 0
    missing_rows: int = 0
    examples: dict[str, list[str]] = field(default_factory=lambda: {"files": [], "rows": []})

    def show(self, what: str, name: str) -> None:
        """Keep one as an example, unless there are enough."""
        if len(self.examples[what]) < MOST_EXAMPLES:
            self.examples[what].append(name)


def look(*, days: int = USUAL_DAYS, deletes: bool = False) -> OrphanReport:
    """Look at everything older than so many days, delete the files that no row names if asked to, and return the
    report, which is kept. Raises what the store raises."""
    until = datetime.now(UTC) - timedelta(days=days)
    started_at, found = datetime.now(UTC), Found()
    for folder in list_day_folders(until.date()):
        compare_day(folder, until, found, deletes=deletes)
    compare_incoming(until, found, deletes=deletes)
    return OrphanReport.objects.create(
        days=days, deletes=deletes, seconds=(datetime.now(UTC) - started_at).total_seconds(), **vars(found)
    )  # fmt: skip


def list_day_folders(until: date) -> Iterator[str]:
    """Yield the folders of each day before this one that the store or a row has, such as `outputs/2026/11/29/`."""
    for place in (OUTPUTS, EDITS, UPLOADS):
        found = set(list_stored_days(place)) | set(list_named_days(place))
        yield from sorted(day for day in found if read_day(place, day) < until)


def list_stored_days(place: str) -> Iterator[str]:
    """Yield the day folders that the store has."""
    folders = [place]
    for _level in ("years", "months", "days"):
        folders = [f"{folder}{name}/" for folder in folders for name in list_folders(folder)]
    yield from folders


def list_named_days(place: str) -> Iterator[str]:
    """Yield the day folders that rows name, in no order: it would be the database's own."""
    rows = Artifact.objects.filter(key__startswith=place, gone_at=None).order_by()
    day = Substr("key", 1, len(place) + len("2026/11/29/"))
    yield from rows.annotate(day=day).values_list("day", flat=True).distinct()


def list_folders(folder: str) -> list[str]:
    """Return the names of the folders in a folder of the store, of those that are numbers."""
    try:
        return [name for name in default_storage.listdir(folder)[0] if name.isdecimal()]
    except FileNotFoundError:
        return []


def read_day(place: str, folder: str) -> date:
    """Return the day of a folder; of one that is no day the last there is, so that nobody touches it."""
    try:
        return datetime.strptime(folder.removeprefix(place), "%Y/%m/%d/").replace(tzinfo=UTC).date()
    except ValueError:
        return date.max


def list_files(folder: str) -> Iterator[Entry]:
    """Yield every file below a folder."""
    if store := local_storage():
        root = Path(store.location)
        for path in (root / folder).rglob("*"):
            if path.is_file():
                facts = path.stat()
                changed_at = datetime.fromtimestamp(facts.st_mtime, UTC)
                yield Entry(str(path.relative_to(root)), facts.st_size, changed_at)
        return
    for bucket in list_buckets():
        yield from bucket.list_files(folder)


def compare_day(folder: str, until: datetime, found: Found, *, deletes: bool) -> None:
    """Compare the files of a day's folder with the rows that name them."""
    files = {file.key: file for file in list_files(folder)}
    # After the files: what was stored meanwhile has no file here, and is too young to count.
    rows = list(
        Artifact.objects.filter(key__startswith=folder, gone_at=None, created_at__lt=until)
        .values_list("pk", "has_thumbnail", "thumbnail_key", *KEYS)
        .order_by("pk")
    )
    named = {key for row in rows for key in row[2:]}
    for pk, has_thumbnail, thumbnail_key, *keys in rows:
        found.rows += 1
        drawn = {key for key in keys if key and (has_thumbnail or key != thumbnail_key)}
        if not drawn <= files.keys():
            found.missing_rows += 1
            found.show("rows", f"art_{pk.hex}")
    for file in files.values():
        found.files += 1
        found.size_bytes += file.size_bytes
        if file.key not in named and file.changed_at < until:
            note_unnamed(file, found, deletes=deletes)


def compare_incoming(until: datetime, found: Found, *, deletes: bool) -> None:
    """Compare the files that owners sent to the store themselves with the folders that are swept after their time."""
    folders = UploadFolder.objects.filter(folder__startswith=INCOMING)
    announced = set(folders.values_list("folder", flat=True))
    for file in list_files(INCOMING):
        found.files += 1
        found.size_bytes += file.size_bytes
        if folder_of(file.key) not in announced and file.changed_at < until:
            note_unnamed(file, found, deletes=deletes)


def note_unnamed(file: Entry, found: Found, *, deletes: bool) -> None:
    """Count a file without a row, and delete it if asked to; what may lie under a legal hold stays."""
    found.unnamed_files += 1
    found.unnamed_bytes += file.size_bytes
    found.show("files", file.key)
    if is_held(file.key):
        found.held_files += 1
    elif deletes and not is_named(file.key):
        default_storage.delete(file.key)
        found.deleted_files += 1


def is_held(key: str) -> bool:
    """Return whether a hold lies on the platform that a file's folder names, or on any of its users: nobody knows
    whose the file is. Of a file that names no platform, whether there is any hold at all."""
    lying = LegalHold.objects.filter(lifted_at=None)
    try:
        platform_id = uuid.UUID(hex=key.split("/")[4])
    except (IndexError, ValueError):
        return lying.exists()
    return lying.filter(platform_id=platform_id).exists()


def is_named(key: str) -> bool:
    """Return whether a row names a file at this moment."""
    names_it = Q(*((name, key) for name in KEYS), _connector=Q.OR)
    rows = Artifact.objects.filter(names_it, key__startswith=folder_of(key), gone_at=None)
    return rows.exists()
