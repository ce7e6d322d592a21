"""Kills itself between the store and the commit: of a worker's attempt, of an upload, of an edit, of a deletion, or in
the middle of a user's or of an export, as its first word says."""

import io
import math
import os
import signal
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import django
from PIL import Image


def die(*_: Any, **words: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def work() -> None:
    """Work on the local queue until the first pictures are stored."""
    from generation.life import attempt_ends  # noqa: PLC0415 (once Django is set up)
    from generation.work import run  # noqa: PLC0415 (once Django is set up)

    attempt_ends.complete = die
    run.run_queue("local")


def upload(platform: str) -> None:
    """Take a picture in until it is stored."""
    from storage import uploads  # noqa: PLC0415 (once Django is set up)

    uploads.record_upload = die  # type: ignore[assignment]
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "PNG")
    uploads.take_picture(buffer.getvalue(), "image/png", platform_id=UUID(platform), user="carol")


def edit(artifact: str, place: str) -> None:
    """Edit a picture until it is drawn, half stored, or stored."""
    from generation.orders import edit as edits  # noqa: PLC0415 (once Django is set up)
    from generation.orders.customer import Customer  # noqa: PLC0415 (once Django is set up)
    from storage import services  # noqa: PLC0415 (once Django is set up)
    from storage.edits import editing  # noqa: PLC0415 (once Django is set up)
    from storage.models import Artifact  # noqa: PLC0415 (once Django is set up)

    match place:
        case "drawn":
            editing.store_edit = die  # type: ignore[assignment]
        case "half stored":
            services.put_thumbnail = die
        case _:
            edits.pay_and_record = die  # type: ignore[assignment]
    row = Artifact.objects.get(pk=artifact)
    flip = editing.Wanted([{"action": "flip", "direction": "horizontal"}])
    edits.edit_picture(Customer(row.platform_id, "", row.user), row, flip)


def delete(place: str) -> None:
    """Delete what is old until a bite is about to be committed, or has been, or some of its files have gone."""
    from django.core.files.storage import default_storage  # noqa: PLC0415 (once Django is set up)
    from django.db.models.signals import post_delete  # noqa: PLC0415 (once Django is set up)

    from genhub.retention import turns  # noqa: PLC0415 (once Django is set up)
    from storage import services  # noqa: PLC0415 (once Django is set up)
    from storage.models import Artifact  # noqa: PLC0415 (once Django is set up)

    match place:
        case "before commit":
            post_delete.connect(die, sender=Artifact)
        case "before files":
            services.find_unnamed = die  # type: ignore[assignment]
        case "between files":
            remove = default_storage.delete

            def remove_and_die(name: str) -> None:
                remove(name)
                die()

            default_storage.delete = remove_and_die  # type: ignore[method-assign]
        case _:
            services.local_storage = die  # type: ignore[attr-defined]
    turns.RULE_SECONDS = math.inf
    turns.delete_old()


def erase(place: str) -> None:
    """Delete a user's data until this step has taken something that is not noted yet, or all is about to end."""
    from django.conf import settings  # noqa: PLC0415 (once Django is set up)

    from genhub.retention import erasing  # noqa: PLC0415 (once Django is set up)

    note = erasing.note

    def note_or_die(row: Any, step: Any, gone: Any) -> None:
        if step.name == place and gone:
            die()
        note(row, step, gone)

    erasing.note = note_or_die
    # However long that takes: a turn that is over in time would die of nothing.
    erasing.TURN_SECONDS = math.inf  # type: ignore[misc]
    if place == "end":
        settings.ERASURE_RENAMES = ("tests.faults.stopping.die",)
    erasing.erase_asked()


class Half(io.BytesIO):
    """A file that is read to its half, and no further."""

    def read(self, size: int | None = -1) -> bytes:
        if not (data := super().read(size)):
            die()
        return data


def export(folder: str, place: str) -> None:
    """Export the shop until this table is due, half of the second file is copied, or all is about to be whole."""
    from genhub.backups import exporting  # noqa: PLC0415 (once Django is set up)
    from storage import takeout  # noqa: PLC0415 (once Django is set up)

    open_file, copied = takeout.open_file, list[str]()

    def open_half(key: str) -> Any:
        copied.append(key)
        file = open_file(key)
        return Half(file.read(100)) if len(copied) == 2 else file

    def say(said: str) -> None:
        if said == f"· {place}":
            die()

    if place == "half a file":
        takeout.open_file = open_half
    elif place == "end":
        exporting.forget_earlier = die  # type: ignore[attr-defined]
    exporting.export("shop", Path(folder), with_files=True, say=say)


if __name__ == "__main__":
    django.setup()
    match sys.argv[1:]:
        case ["work"]:
            work()
        case ["upload", platform]:
            upload(platform)
        case ["edit", artifact, place]:
            edit(artifact, place)
        case ["erase", place]:
            erase(place)
        case ["export", folder, place]:
            export(folder, place)
        case [_, place]:
            delete(place)
        case words:
            raise SystemExit(f"unknown: {words}")
