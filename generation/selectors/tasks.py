"""Reads of tasks; each starts from its owner, except those of staff at the end."""

import re
import uuid
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import (
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Func,
    Prefetch,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
)
from django.db.models.functions import Now
from django.utils.text import smart_split, unescape_string_literal

from generation.errors import (
    InDoubt,
    ModelBroken,
    ModelOff,
    ProviderOff,
    ProviderPaused,
    ProviderRests,
    QueuePaused,
)
from generation.models import (
    Account,
    Attempt,
    Event,
    Offer,
    Output,
    Queue,
    Rest,
    Task,
    TaskCount,
    TaskText,
)
from generation.models.account import UNSTEADY
from generation.states import TASK_LIVE, AttemptState, TaskState
from genhub.lib import remembered
from genhub.lib.errors import Problem
from genhub.lib.ids import from_wire, oldest_id, read_id
from genhub.lib.remembered import Remembered, Table

PREFIX = "task"
# A search of more words than this is cut: each is a look into the index.
MOST_WORDS = 10
TRIGRAM = 3
# Delivered, and to be seen by its owner.
SEEN = Q(artifact__withheld_at=None, artifact__gone_at=None)
WITH_PICTURES = Prefetch("outputs", Output.objects.select_related("artifact"))
PART_OF_ID = re.compile(r"[0-9A-Fa-f]+(-[0-9A-Fa-f]*)+")


def find_own(platform_id: uuid.UUID, user: str | None) -> QuerySet[Task]:
    """Return the tasks of a platform (and user, unless None), newest first."""
    tasks = Task.objects.filter(platform_id=platform_id)
    return tasks if user is None else tasks.filter(user=user)


def find_tasks(platform_id: uuid.UUID, user: str | None) -> QuerySet[Task]:
    """Return the tasks of a platform (and user, unless None), newest first, with all that an answer needs."""
    return read_whole(find_own(platform_id, user))


def read_whole(tasks: QuerySet[Task], *, with_previews: bool = False) -> QuerySet[Task]:
    """Return tasks with all that an answer needs; previews are read with them, or each when it is asked for."""
    attempts = Attempt.objects.select_related("account").order_by("number")
    attempts = attempts if with_previews else attempts.defer("preview")
    return tasks.select_related("template_version__template").prefetch_related(
        WITH_PICTURES, Prefetch("attempts", attempts)
    )


def find_task(platform_id: uuid.UUID, user: str | None, wire_id: str) -> Task | None:
    """Return one task, or None when there is none of this id among theirs."""
    return find_tasks(platform_id, user).filter(pk=from_wire(PREFIX, wire_id)).first()


def find_live_tasks(platform_id: uuid.UUID, user: str, word: str) -> QuerySet[Task]:
    """Return a user's tasks that have not ended and have a word in their metadata, newest first, with all that an
    answer needs, and for how long each has been worked on (`elapsed`)."""
    # No index holds that word: none is looked at that is too old to be alive, first waiting and then at work.
    age = timedelta(seconds=2 * settings.TASK_DEADLINE_SECONDS)
    live = Q(pk__gte=oldest_id(age), state__in=TASK_LIVE, metadata__has_key=word)
    elapsed = ExpressionWrapper(Now() - F("started_at"), output_field=DurationField())
    return find_tasks(platform_id, user).filter(live).annotate(elapsed=elapsed).order_by("-pk")


def find_makers_task(artifact_id: uuid.UUID) -> uuid.UUID | None:
    """Return the id of the task that delivered a picture, None where none did."""
    outputs = Output.objects.filter(artifact_id=artifact_id)
    return outputs.values_list("task_id", flat=True).first()


def count_tasks(platform_id: uuid.UUID, user: str | None) -> int:
    """Return how many tasks a platform (and user, unless None) has, from the counters."""
    counts = TaskCount.objects.filter(platform_id=platform_id)
    if user is not None:
        counts = counts.filter(user=user)
    return counts.aggregate(total=Sum("total"))["total"] or 0


def search_tasks(tasks: QuerySet[Task], term: str) -> QuerySet[Task]:
    """Return those of the tasks with every word of a term in their user, id, prompts or metadata, letter case aside.

    “Quoted words” stand together; a whole id finds its task and that of a picture, and one of a request what it
    ordered.
    """
    if not term.strip():
        return tasks
    # Signs alone are in no trigram, and to look for them would read every text.
    words = [word for word in smart_split(term) if any(sign.isalnum() for sign in word)]
    if not words:
        return tasks.none()
    match = Q()
    for word in words[:MOST_WORDS]:
        match &= match_word(word)
    match |= Q(request_id=term.strip())
    found: list[QuerySet[Any, Any]] = [TaskText.objects.filter(match).values("task_id")]
    if row_id := read_id(term):
        found.append(TaskText.objects.filter(task_id=row_id).values("task_id"))
        found.append(Output.objects.order_by().filter(artifact_id=row_id).values("task_id"))
    return tasks.filter(pk__in=found[0].union(*found[1:]) if found[1:] else found[0])


def match_word(word: str) -> Q:
    """Return the test whether a task's text has a word or a quoted phrase in it."""
    if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'":
        word = unescape_string_literal(word)
    # Fewer letters than a trigram has are looked for as a word of their own: as a part they stand everywhere.
    if word.isascii() and len(word) < TRIGRAM:
        word = f" {word} "
    match = Q(text__contains=searchable(word))
    if PART_OF_ID.fullmatch(word):
        match |= Q(text__contains=searchable(word.replace("-", "")))
    return match


def searchable(text: str) -> Func:
    """Return a text as the index has it: small letters, and those outside of ASCII as numbers."""
    return Func(Value(text), function="generation_searchable", output_field=TextField())


def count_recent_tasks(age: timedelta) -> dict[str, int]:
    """Return how many tasks of the last hours stand in each state; reads only those hours' rows."""
    tasks = Task.objects.filter(pk__gte=oldest_id(age)).order_by("state")
    counts = dict(tasks.values("state").annotate(count=Count("pk")).values_list("state", "count"))
    return {state: counts.get(state, 0) for state in TaskState}


def list_newest_outputs(number: int) -> QuerySet[Output]:
    """Return the newest delivered pictures of all users, with task and artifact."""
    delivered = Output.objects.filter(SEEN, artifact__isnull=False)
    return delivered.select_related("task", "artifact").order_by("-artifact_id")[:number]


def find_pauses(tasks: Iterable[Task]) -> dict[uuid.UUID, Problem]:
    """Return why tasks wait that nobody works on now, by their ids: their queue or provider is held up, it rests, it or
    the model is switched off, or it may have the order and nobody knows.

    Their attempts were read, newest last; one query for all of them, and none when nothing waits.
    """
    found = [(task, attempt) for task in tasks if (attempt := newest(task))]
    doubts: dict[uuid.UUID, Problem] = {
        task.pk: InDoubt() for task, attempt in found if attempt.state == AttemptState.UNKNOWN
    }
    waiting = [(task, attempt) for task, attempt in found if attempt.state == AttemptState.QUEUED]
    if not waiting:
        return doubts
    with remembered.together():
        models, closed, moment = STANDS.get(), CLOSED.get(), remembered.now()
    return doubts | {
        task.pk: word_pause(row, closed)
        for task, attempt in waiting
        if (row := models.get((attempt.account_id, task.model))) and not is_on(row, closed, moment)
    }


def is_on(model: Offer, closed: Collection[str], moment: datetime) -> bool:
    """Return whether somebody takes up what waits for a model, of these closed queues none."""
    account = model.account
    is_open = account.is_enabled and account.queue not in closed
    return is_open and model.is_enabled and not account.is_resting(moment)


def read_offers() -> dict[tuple[int, str], Offer]:
    """Return every model of every account, offered or not, with its account."""
    return {(row.account_id, row.alias): row for row in Offer.objects.select_related("account")}


def read_closed() -> frozenset[str]:
    """Return the queues that staff hold up."""
    closed = Queue.objects.exclude(state=Queue.State.OPEN)
    return frozenset(closed.values_list("name", flat=True))


STANDS = Remembered(read_offers, [Table(Offer), Table(Account, without=UNSTEADY)])
CLOSED = Remembered(read_closed, [Table(Queue)])


def word_pause(model: Offer, closed: Collection[str]) -> Problem:
    """Return what a task waits for whose model, its provider or their queue takes none."""
    account = model.account
    if not account.is_enabled:
        return ProviderOff(provider=account.alias)
    if not model.is_enabled:
        return (ModelBroken if model.broken_at else ModelOff)(model=model.alias)
    if account.queue in closed:
        return QueuePaused(queue=account.queue)
    if account.resting_why == Rest.PAUSED:
        return ProviderPaused(provider=account.alias)
    return ProviderRests(provider=account.alias)


def find_doubt(task_id: uuid.UUID | str) -> Attempt | None:
    """Return a task's attempt that may be at its vendor or not, or None."""
    unknown = Attempt.objects.filter(task_id=task_id, state=AttemptState.UNKNOWN)
    return unknown.select_related("account", "task").first()


def newest(task: Task) -> Attempt | None:
    """Return a task's newest attempt."""
    return max(task.attempts.all(), key=lambda attempt: attempt.number, default=None)


def last_spec(task: Task) -> dict[str, Any]:
    """Return the spec of what a task makes in the end: of a chain its last step's."""
    spec: dict[str, Any] = task.chain[-1]["spec"] if task.chain else task.spec
    return spec


def type_of(task: Task) -> str:
    """Return what a task makes in the end, an image or a video."""
    return str(last_spec(task)["media_type"])


def makes(media_type: str) -> Q:
    """Return the condition that a task makes images, or videos, in the end: as `type_of` tells it."""
    alone = Q(chain=[], spec__media_type=media_type)
    return alone | Q(**{"chain__-1__spec__media_type": media_type})


def when_ended(task: Task) -> datetime | None:
    """Return when a task ended, whatever the end; None while it has not."""
    return task.completed_at or task.failed_at or task.canceled_at


def progress_of(task: Task) -> float:
    """Return how much of a task that is worked on is done, from 0 to 1; each step of a chain counts alike."""
    attempt = newest(task)
    if attempt is None or task.state != TaskState.PROCESSING:
        return 0.0
    return done_of_chain(task.step, len(task.chain), attempt.progress)


def done_of_chain(step: int, steps: int, progress: float) -> float:
    """Return how much is done of all steps while one is under way; of a task without steps, its own progress."""
    return (max(step - 1, 0) + progress) / max(steps, 1)


def list_events(task: Task) -> QuerySet[Event]:
    """Return a task's history, oldest first."""
    return Event.objects.filter(task=task).order_by("id")


def describe_template(task: Task) -> dict[str, Any] | None:
    """Return the template version that a task runs, or None for a direct order."""
    version = task.template_version
    if version is None:
        return None
    return {
        "code": version.template.code,
        "name": version.name,
        "version": version.number,
        "category": version.category,
    }


def list_outputs_of(task_ids: QuerySet[Any, Any], number: int) -> QuerySet[Output]:
    """Return the newest delivered pictures of some tasks, with their artifacts."""
    delivered = Output.objects.filter(SEEN, task__in=task_ids, artifact__isnull=False)
    return delivered.select_related("artifact").order_by("-artifact_id")[:number]
