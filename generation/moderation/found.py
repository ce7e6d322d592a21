"""What moderation found, as a value, and its rows."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generation.models import Finding, Task
from generation.models.finding import LONGEST_JUDGED


@dataclass(frozen=True)
class Found:
    """One thing that was found: by whom, what it is (a category, or labels of who judged), and of a prompt where it
    stands."""

    source: Finding.Source
    labels: tuple[str, ...]
    field: str = ""
    text: str = ""
    service: str = ""
    term_id: int | None = None


def keep_refused(platform_id: uuid.UUID, user: str, found: Iterable[Found]) -> None:
    """Keep why an order is refused, for staff who look after the terms."""
    rows = [row_of(one, platform_id, user, Finding.Outcome.REFUSED) for one in found]
    Finding.objects.bulk_create(rows)


def keep_flagged(task: Task, found: Sequence[Found]) -> None:
    """Put an order that is taken all the same before staff, in the transaction that writes it."""
    if not found:
        return
    rows = [row_of(one, task.platform_id, task.user, Finding.Outcome.FLAGGED) for one in found]
    for row in rows:
        row.task = task
    Finding.objects.bulk_create(rows)


def row_of(found: Found, platform_id: uuid.UUID, user: str, outcome: Finding.Outcome) -> Finding:
    """Return a row, not yet written, of what was found."""
    return Finding(
        platform_id=platform_id,
        user=user,
        field=found.field[:200],
        # No column takes a NUL.
        text=found.text[:LONGEST_JUDGED].replace("\0", ""),
        source=found.source,
        service=found.service,
        term_id=found.term_id,
        labels=list(found.labels),
        outcome=outcome,
    )
