"""What owners say against what was withheld of their tasks, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from generation.errors import AppealMade, NothingWithheld
from generation.models import Appeal, Finding, Task

State = Finding.State


@dataclass(frozen=True)
class Standing:
    """An appeal and the findings that it is about; `state`: `waiting`, `granted`, `partly_granted` or `refused`."""

    appeal: Appeal
    findings: Sequence[Finding]

    @property
    def state(self) -> str:
        """Return where it stands, by what staff decided about each picture."""
        states = {row.state for row in self.findings}
        if State.OPEN in states:
            return "waiting"
        if states == {State.RELEASED}:
            return "granted"
        return "partly_granted" if State.RELEASED in states else "refused"

    @property
    def decided_at(self) -> datetime | None:
        """Return when the last decision was taken, None while any is open."""
        times = [row.decided_at for row in self.findings if row.decided_at]
        return max(times) if times and self.state != "waiting" else None


def list_withheld(task: Task) -> list[Finding]:
    """Return the findings for which pictures of a task are, or were, kept from its owner."""
    rows = Finding.objects.filter(task=task).select_related("artifact").order_by("position", "pk")
    return [row for row in rows if row.outcome == Finding.Outcome.BLOCKED or row.decided_at]


@transaction.atomic
def appeal(task: Task, text: str) -> Standing:
    """Take what a task's owner says, once; what staff had withheld for good waits for them again.

    Raises NothingWithheld, or AppealMade where other words were said before.
    """
    Task.objects.select_for_update(no_key=True).get(pk=task.pk)
    earlier = Appeal.objects.filter(task=task).first()
    if earlier and earlier.text != text:
        raise AppealMade
    withheld = [row for row in list_withheld(task) if row.state != State.RELEASED]
    if not earlier and not withheld:
        raise NothingWithheld
    row = earlier or Appeal.objects.create(task=task, text=text)
    if not earlier:
        Finding.objects.filter(pk__in=[one.pk for one in withheld], state=State.KEPT).update(
            state=State.OPEN
        )
    return standing_of(row, task)


def standing_of(row: Appeal, task: Task) -> Standing:
    """Return where an appeal stands; what its owner had back before it was made is no part of it."""
    findings = [
        one
        for one in list_withheld(task)
        if not (one.state == State.RELEASED and one.decided_at and one.decided_at < row.created_at)
    ]
    return Standing(row, findings)


def find(task: Task) -> Standing | None:
    """Return a task's appeal, None where its owner made none."""
    row = Appeal.objects.filter(task=task).first()
    return standing_of(row, task) if row else None
