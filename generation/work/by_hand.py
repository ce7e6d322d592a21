"""Storing what a person brings for an order in doubt: through the same door as what a vendor sends."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from generation.life import by_hand
from generation.life.claims import Claim
from generation.life.outputs import Stored, StoredOutput
from generation.models import Task
from generation.providers.base import Made, NotMade, VendorFile
from generation.work.finish import finish_spec, first_position
from storage import content
from storage.content import IMAGE, OutputRefused
from storage.outputs import save_output
from storage.thumbnails import publishing
from storage.vendor_clips import can_look


@dataclass(frozen=True)
class Brought:
    """A file as somebody brings it, and what they call its type."""

    name: str
    media_type: str
    file: BinaryIO


class FileRefused(Exception):
    """A file is not taken, for the reason of this code."""

    def __init__(self, name: str, code: str) -> None:
        super().__init__(name, code)
        self.name = name
        self.code = code


def can_store(task: Task) -> bool:
    """Return whether this process can look at what is brought for an order: at clips the web server of an image cannot.
    What they call its type tells nothing: what was ordered decides who looks."""
    return can_look() or task.spec["media_type"] == IMAGE


@contextmanager
def storing(
    attempt_id: uuid.UUID, files: Sequence[Brought], *, by: str
) -> Iterator[tuple[Claim, Stored]]:
    """Store files for an order in doubt, which the body delivers; whatever it raises leaves the order in doubt.

    Raises NotInDoubt, or FileRefused for a file that is no picture that is taken.
    """
    claim = by_hand.take_over(attempt_id, by=by)
    try:
        stored = store(claim, files)
        with publishing([output.file for output in stored.outputs]):
            yield claim, stored
    except BaseException:
        by_hand.put_down(claim)
        raise


def store(claim: Claim, files: Sequence[Brought]) -> Stored:
    """Store files as the first pictures of an order; the others were not made."""
    outputs = []
    first = first_position(claim)
    for position, brought in enumerate(files, first):
        open_file = partial(open_brought, brought)
        file = save(claim, position, brought, open_file)
        outputs.append(
            StoredOutput(Made(position, VendorFile(brought.media_type, open_file)), file)
        )
    missing = range(first + len(files), first + claim.spec.number)
    return Stored(outputs, [NotMade(position, "generation_failed") for position in missing])


@contextmanager
def open_brought(brought: Brought) -> Iterator[BinaryIO]:
    """Open a file that is open: whoever brought it closes it."""
    yield brought.file


def save(
    claim: Claim,
    position: int,
    brought: Brought,
    open_file: Callable[[], AbstractContextManager[BinaryIO]],
) -> content.StoredFile:
    """Store one file; raise FileRefused when it is not taken."""
    try:
        return save_output(
            content.VendorFile(brought.media_type, open_file),
            day=claim.day,
            owner=claim.owner_id,
            attempt=claim.attempt_id,
            position=position,
            finish=finish_spec(claim.spec, None),
        )
    except OutputRefused as refused:
        raise FileRefused(brought.name, refused.code) from refused
