"""Pictures that moderation objects to: kept from their owner and for staff, and never charged."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generation.failures import ContentBlocked, ContentUnjudged
from generation.models import Finding, Output, Task
from generation.moderation.found import Found, row_of
from generation.moderation.pictures import UNJUDGED
from generation.providers.base import Made
from generation.providers.errors import ProviderError, Sent
from storage.content import StoredFile
from storage.services import record_artifact


@dataclass(frozen=True)
class Withheld:
    """A picture that lies in the store and is not to be seen, and why."""

    made: Made
    file: StoredFile
    found: Found

    @property
    def code(self) -> str:
        """Return the code that its owner is told."""
        is_judged = UNJUDGED not in self.found.labels
        return ContentBlocked.code if is_judged else ContentUnjudged.code


class AllWithheld(ProviderError):
    """Of all that was made nothing may be seen: made again it would be no other, and the vendor has done its part."""

    def __init__(self, pictures: Sequence[Withheld]) -> None:
        labels = ", ".join(sorted({label for one in pictures for label in one.found.labels}))
        super().__init__(f"withheld: {labels}", code=pictures[0].code, sent=Sent.YES)
        self.pictures = tuple(pictures)


def keep(task: Task, pictures: Iterable[Withheld], *, are_outputs: bool) -> None:
    """Keep pictures for staff alone, in the transaction that ends their task; of a task that delivers others they are
    outputs that were refused."""
    for one in pictures:
        artifact_id = record_artifact(
            one.file, platform_id=task.platform_id, user=task.user, is_withheld=True
        )
        if are_outputs:
            Output.objects.create(
                task=task,
                step=task.step,
                position=one.made.position,
                seed=one.made.seed,
                error_code=one.code,
            )
        note(one.found, Finding.Outcome.BLOCKED, task, one.made.position, artifact_id)


def flag(output: Output, found: Found) -> None:
    """Put a delivered picture before staff, in the transaction that delivers it."""
    note(found, Finding.Outcome.FLAGGED, output.task, output.position, output.artifact_id)


def note(
    found: Found,
    outcome: Finding.Outcome,
    task: Task,
    position: int,
    artifact_id: uuid.UUID | None,
) -> None:
    """Write what was found of a picture."""
    row = row_of(found, task.platform_id, task.user, outcome)
    row.task, row.position, row.artifact_id = task, position, artifact_id
    row.save(force_insert=True)
