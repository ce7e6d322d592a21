"""Pictures that wait for their words: rows that are written with the delivery, claimed by whoever asks, and deleted.

A claim counts `tries` up and sets when it is taken for lost; who claimed before the last one writes nothing.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Now

from generation.describing import accounts
from generation.models import Output, Task, Undescribed
from generation.models.describer import LONGEST_ANSWER_SECONDS
from generation.selectors.descriptions import language_of
from generation.selectors.tasks import SEEN
from storage import descriptions

MOST_TRIES: Final = 5
# Longer than any question takes: connecting, and an answer.
LEASE: Final = timedelta(seconds=LONGEST_ANSWER_SECONDS + 120)
# After a day nobody waits for better words; what comes back later than that keeps those of the rules.
LONGEST_WAIT: Final = timedelta(days=1)
FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS = 10.0, 3600.0


@dataclass(frozen=True)
class Claimed:
    """A picture that this process asks about, and the fence by which it may write."""

    artifact_id: uuid.UUID
    tries: int
    language: str
    local_only: bool


def ask_for(task: Task) -> None:
    """Let a task's pictures be described once they are delivered, in the transaction that ends it; without anybody to
    ask, this costs nothing."""
    if not accounts.list_all():
        return
    language = language_of(task, task.platform.language)
    pictures = Output.objects.filter(task=task, artifact__content_type__startswith="image/")
    Undescribed.objects.bulk_create(
        [
            Undescribed(artifact_id=artifact_id, language=language)
            for artifact_id in pictures.values_list("artifact_id", flat=True)
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def claim(most: int, *, is_in_house: bool) -> list[Claimed]:
    """Claim so many pictures that are due, longest due first: none that is withheld or deleted; those that must stay in
    the house only for somebody who `is_in_house`."""
    rows = Undescribed.objects.filter(SEEN, due_at__lte=Now())
    stays = Q(artifact__output__task__local_only=True) | Q(artifact__platform__local_only=True)
    if not is_in_house:
        rows = rows.exclude(stays)
    found = rows.annotate(stays=Case(When(stays, then=True), default=False)).order_by("due_at")
    claimed = [
        Claimed(row.artifact_id, row.tries + 1, row.language, bool(row.stays))
        for row in found.select_for_update(of=("self",), skip_locked=True)[:most]
    ]
    ids = [one.artifact_id for one in claimed]
    Undescribed.objects.filter(pk__in=ids).update(tries=F("tries") + 1, due_at=Now() + LEASE)
    return claimed


def held(claimed: Claimed) -> QuerySet[Undescribed]:
    """Return the row of a picture while it is this process's to write."""
    return Undescribed.objects.filter(pk=claimed.artifact_id, tries=claimed.tries)


@transaction.atomic
def keep(claimed: Claimed, alt: str) -> bool:
    """Keep what a picture shows; False, and nothing is kept, where somebody else asks by now, or its owner has it no
    more."""
    return bool(held(claimed).delete()[0]) and descriptions.describe(claimed.artifact_id, alt)


def give_up(claimed: Claimed) -> None:
    """Leave a picture to the words of the rules."""
    held(claimed).delete()


def put_off(claimed: Claimed, retry_after_seconds: float | None) -> None:
    """Let a picture be tried again, later each time, or leave it to the rules after MOST_TRIES."""
    if claimed.tries >= MOST_TRIES:
        give_up(claimed)
        return
    seconds = max(FIRST_DELAY_SECONDS * 2.0**claimed.tries, retry_after_seconds or 0.0)
    held(claimed).update(due_at=Now() + timedelta(seconds=min(seconds, LONGEST_DELAY_SECONDS)))


def forget_old() -> None:
    """Leave to the rules what was tried to the end, by processes that died, and what waits for longer than a day."""
    is_tried = Q(tries__gte=MOST_TRIES, due_at__lte=Now())
    Undescribed.objects.filter(is_tried | Q(created_at__lt=Now() - LONGEST_WAIT)).delete()
