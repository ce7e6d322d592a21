"""What of orders goes when: words, and the files of pictures. Tasks, batches, attempts and outputs stay: the audit
proves the money against them.

Shares stay, too: each attempt names its share for ever, so to delete one would mean to rewrite all attempts of a user,
and a share that has nothing waiting costs a claim nothing.
"""

from datetime import timedelta
from functools import partial
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from generation import loops
from generation.models import (
    Batch,
    Event,
    Finding,
    LoopBeat,
    Subject,
    Task,
    TrainingPicture,
    Worker,
    WorkerDeath,
)
from generation.orders.style_pictures import STYLIST
from generation.retention.pictures import find_decided, let_go_unawaited
from generation.retention.texts import find_texts, forget_texts
from generation.states import TASK_LIVE
from generation.work import leftovers
from genhub.lib.ids import from_wire
from genhub.platforms.idempotency import Scope
from genhub.platforms.models import IdempotencyKey, Platform
from genhub.retention.rules import Rule
from storage.erasing import find_shown, weigh_pictures
from storage.selectors import PREFIX
from templates.selectors import list_references

# A client may repeat an order for so long after its task has ended, however young or old its key is.
KEYS_OUTLIVE_TASKS = timedelta(days=1)
OWNER, OF_TASK = ("platform", "user"), ("task__platform", "task__user")
OF_STYLES = Q(platform__in=Platform.objects.filter(is_house=True), user=STYLIST)
PICTURES = {
    "outputs": _("Generated pictures and clips"),
    "edits": _("Edited pictures"),
    "uploads": _("Uploaded pictures that orders named"),
}


def find_keys() -> QuerySet[IdempotencyKey]:
    """Return the keys of orders whose tasks, and of batches of which all, have ended a while ago."""
    recently = Now() - KEYS_OUTLIVE_TASKS
    still_asked_for = (
        Q(state__in=TASK_LIVE)
        | Q(completed_at__gt=recently)
        | Q(failed_at__gt=recently)
        | Q(canceled_at__gt=recently)
    )
    tasks = Task.objects.filter(still_asked_for, pk=OuterRef("made_id"))
    batches = Batch.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=recently), pk=OuterRef("made_id")
    )
    return IdempotencyKey.objects.filter(~Exists(tasks), ~Exists(batches), scope=Scope.ORDER)


def find_events() -> QuerySet[Event]:
    """Return the steps of tasks that have ended."""
    live = Task.objects.filter(pk=OuterRef("task_id"), state__in=TASK_LIVE)
    return Event.objects.filter(~Exists(live))


def find_gone_loops() -> QuerySet[LoopBeat]:
    """Return the beats of loops that this release has no more."""
    return LoopBeat.objects.exclude(name__in=[loop.name for loop in loops.list_loops()])


def find_pictures(kind: str) -> QuerySet[Any]:
    """Return the pictures of a kind that go with time: those of training sets stay until staff take them out, and those
    of styles have a rule of their own."""
    taught = TrainingPicture.objects.filter(artifact=OuterRef("pk"))
    return find_shown(kind).filter(~Exists(taught)).exclude(OF_STYLES)


def find_unworn() -> QuerySet[Any]:
    """Return the reference pictures that no style has any more."""
    worn = [from_wire(PREFIX, wire_id) for wire_id in list_references()]
    return find_shown("uploads").filter(OF_STYLES).exclude(pk__in=worn)


RULES = (
    Rule("order_keys", _("Idempotency keys of orders"), find_keys, days="keys"),
    Rule("events", _("Steps of tasks that have ended"), find_events, days="events", owner=OF_TASK),
    Rule(
        "refused_prompts",
        _("Prompts that were refused"),
        lambda: Finding.objects.filter(task=None),
        days="refused_prompts",
        owner=OWNER,
    ),
    Rule(
        "prompts",
        _("Prompts and parameters of tasks that have ended"),
        find_texts,
        days="prompts",
        delete=forget_texts,
        owner=OWNER,
    ),
    *(
        Rule(
            kind,
            meaning,
            partial(find_pictures, kind),
            days=kind,
            delete=let_go_unawaited,
            weigh=weigh_pictures,
            owner=OWNER,
        )
        for kind, meaning in PICTURES.items()
    ),
    Rule(
        "style_pictures",
        _("Reference pictures that no style has any more"),
        find_unworn,
        # One that is being put into its style is there by then.
        margin=timedelta(hours=1),
        since="used_at",
        delete=let_go_unawaited,
        weigh=weigh_pictures,
    ),
    Rule(
        "withheld",
        _("Withheld pictures about which staff have decided"),
        find_decided,
        days="withheld",
        since="withheld_at",
        delete=let_go_unawaited,
        weigh=weigh_pictures,
        owner=OWNER,
    ),
    Rule(
        "subjects",
        _("Subjects that no order named"),
        Subject.objects.all,
        days="subjects",
        since="used_at",
        owner=OWNER,
    ),
    Rule(
        "workers",
        _("Workers that gave no sign of life"),
        Worker.objects.all,
        days="workers",
        since="beat_at",
    ),
    Rule(
        "worker_deaths",
        _("Deaths of workers, of which the breaker counts the last ones"),
        WorkerDeath.objects.all,
        days="workers",
        since="died_at",
    ),
    Rule(
        "gone_loops",
        _("Loops that there are no more"),
        find_gone_loops,
        days="workers",
        since="beat_at",
    ),
    Rule(
        "attempt_files",
        _("Files of attempts that have no artifact"),
        leftovers.find_attempts,
        # A worker that lost its attempt may still be storing; a stage that lasts longer than minutes ends its process.
        margin=timedelta(hours=1),
        since="ended_at",
        delete=leftovers.sweep_attempts,
        weigh=leftovers.weigh_attempts,
        is_apart=True,
        owner=("share__platform", "share__user"),
    ),
)
