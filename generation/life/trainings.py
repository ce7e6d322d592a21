"""The only writer of what becomes of a training: claimed with a lease and a fence, as attempts are."""

import datetime
import logging
import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import BooleanField, Exists, F, Func, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from generation.errors import TrainingEnded, TrainingNotHeldUp
from generation.lesson import Lesson
from generation.life import doorbell
from generation.life.claims import LeaseLost, lease
from generation.models import Account, Queue, TrainingJob
from generation.models.training import LIVE
from generation.spec import ModelCard

logger = logging.getLogger(__name__)

State = TrainingJob.State
# Of its workers since the last checkpoint; one more, and it is the training that ends them.
MOST_DEATHS: Final = 3
# On the chart of its loss.
MOST_POINTS: Final = 200
# So long a training that nobody moves is left to whoever was rung last.
SILENCE: Final = timedelta(minutes=2)
QUARANTINED: Final = "quarantined"
ENDED: Final = {"ended_at": Now(), "lease_expires_at": None, "worker": ""}


@dataclass
class TrainingClaim:
    """A training that this worker holds while its token is the newest, and what its row says of how far it is."""

    job_id: uuid.UUID
    token: int
    queue: str
    account: Account
    card: ModelCard
    lesson: Lesson
    trigger: str
    name: str
    day: datetime.date
    pictures: Sequence[Mapping[str, str]]
    checkpoint: str
    file: str
    samples: list[dict[str, Any]]
    losses: list[list[float]]


def find_allowed(queue: str) -> QuerySet[TrainingJob]:
    """Return the trainings of a queue that staff let work: not those of a paused queue, a closed provider or model."""
    takes = Func(
        "set__offer__account_id", "set__offer__alias",
        function="generation_takes_orders", output_field=BooleanField(),
    )  # fmt: skip
    is_open = ~Exists(Queue.objects.filter(name=queue).exclude(state=Queue.State.OPEN))
    return TrainingJob.objects.filter(is_open, takes, set__offer__account__queue=queue)


def find_due(queue: str) -> QuerySet[TrainingJob]:
    """Return the trainings of a queue that could be claimed now."""
    free = Q(state=State.WAITING) | Q(state=State.RUNNING, lease_expires_at__lt=Now())
    return find_allowed(queue).filter(free)


def may_go_on(claim: TrainingClaim) -> bool:
    """Return whether staff let a claimed training go on."""
    return find_allowed(claim.queue).filter(pk=claim.job_id).exists()


@transaction.atomic
def claim_next(queue: str, *, worker: str) -> TrainingClaim | None:
    """Take the oldest training of a queue; None when there is none. One that ended too many workers is failed."""
    due = find_due(queue).select_related("set__offer__account", "set__offer__local")
    job = due.select_for_update(of=("self",), skip_locked=True).order_by("created_at", "pk").first()
    if job is None:
        return None
    job.deaths += job.state == State.RUNNING
    if job.deaths > MOST_DEATHS:
        end(
            TrainingJob.objects.filter(pk=job.pk),
            State.FAILED,
            error_code=QUARANTINED,
            deaths=job.deaths,
        )
        return None
    job.lease_token += 1
    TrainingJob.objects.filter(pk=job.pk).update(
        state=State.RUNNING,
        deaths=job.deaths,
        lease_token=job.lease_token,
        lease_expires_at=Now() + lease(),
        worker=worker,
        started_at=Coalesce(F("started_at"), Now()),
        moved_at=Now(),
        # What was done beyond it is lost with whoever did it.
        step=job.checkpoint_step,
        prepared=0,
    )
    return claim_of(job)


def claim_of(job: TrainingJob) -> TrainingClaim:
    """Return the claim on a training as its row stands now."""
    offer = job.set.offer
    return TrainingClaim(
        job_id=job.pk,
        token=job.lease_token,
        queue=offer.account.queue,
        account=offer.account,
        card=offer.card(),
        lesson=Lesson.of(job),
        trigger=job.set.trigger,
        name=job.set.name,
        day=job.created_at.date(),
        pictures=job.pictures,
        checkpoint=job.checkpoint,
        file=job.file,
        samples=list(job.samples),
        losses=[point for point in job.losses if point[0] <= job.checkpoint_step],
    )


def fenced(claim: TrainingClaim) -> QuerySet[TrainingJob]:
    """Return the training's row if it is still this claim's, else no row."""
    return TrainingJob.objects.filter(pk=claim.job_id, lease_token=claim.token, state=State.RUNNING)


def write(claim: TrainingClaim, **values: Any) -> None:
    """Renew the lease and write something; raise LeaseLost when the training is no longer ours."""
    if not fenced(claim).update(lease_expires_at=Now() + lease(), moved_at=Now(), **values):
        raise LeaseLost


def note_step(claim: TrainingClaim, step: int, loss: float, mean: float | None) -> None:
    """Note a step and its loss and, where one is given, the mean of those since the last point of the chart."""
    values: dict[str, Any] = {"step": step, "loss": loss}
    if mean is not None:
        claim.losses.append([step, round(mean, 6)])
        values["losses"] = claim.losses
    write(claim, **values)


def steps_a_point(lesson: Lesson) -> int:
    """Return how many steps make one point of the chart."""
    return math.ceil(lesson.steps / MOST_POINTS)


def note_checkpoint(claim: TrainingClaim, key: str, step: int) -> None:
    """Note where a checkpoint lies, from which another worker may go on; raise LeaseLost."""
    write(claim, checkpoint=key, checkpoint_step=step, deaths=0)
    claim.checkpoint = key


def note_sample(claim: TrainingClaim, sample: dict[str, Any]) -> None:
    """Note a picture of the sample sheet; raise LeaseLost."""
    write(claim, samples=[*claim.samples, sample])
    claim.samples.append(sample)


def finish(claim: TrainingClaim) -> None:
    """End a training that is done; raise LeaseLost."""
    if not end(fenced(claim), State.DONE, error_code="", error_detail=""):
        raise LeaseLost


def fail(claim: TrainingClaim, code: str, detail: str) -> None:
    """End a training that cannot be done, and why, for staff; nothing when it is no longer ours."""
    logger.warning("training %s failed: %s: %s", claim.job_id, code, detail)
    end(fenced(claim), State.FAILED, error_code=code, error_detail=detail[:2000])


def put_down(claim: TrainingClaim) -> None:
    """Let another worker, or this one later, go on from the last checkpoint; nothing when it is no longer ours."""
    fenced(claim).update(
        state=State.WAITING,
        lease_expires_at=None,
        worker="",
        moved_at=Now(),
        step=F("checkpoint_step"),
    )


def end(rows: QuerySet[TrainingJob], state: State, **values: Any) -> int:
    """End a training; its token goes up, so that whoever held it writes nothing more."""
    return rows.update(
        state=state, lease_token=F("lease_token") + 1, moved_at=Now(), **ENDED, **values
    )


def stop(job_id: uuid.UUID) -> None:
    """Stop a training for staff, at its next step; raise TrainingEnded."""
    if not end(TrainingJob.objects.filter(pk=job_id, state__in=LIVE), State.STOPPED):
        raise TrainingEnded


@transaction.atomic
def start_again(job_id: uuid.UUID) -> None:
    """Let a stopped or failed training go on from its last checkpoint; raise TrainingNotHeldUp for any other."""
    ended = TrainingJob.objects.filter(pk=job_id, state__in=(State.STOPPED, State.FAILED))
    words = {"error_code": "", "error_detail": "", "ended_at": None, "deaths": 0}
    if not ended.update(state=State.WAITING, moved_at=Now(), **words):
        raise TrainingNotHeldUp
    ring_for(TrainingJob.objects.select_related("set__offer__account").get(pk=job_id))


def ring_for(job: TrainingJob) -> None:
    """Ring the queue of a training that waits, once that is durable."""
    doorbell.ring_after_commit(job.set.offer.account.queue)


def ring_waiting() -> int:
    """Ring the queue of each training that nobody has moved for a while, and return how many there were: a bell may be
    lost, and a worker may die."""
    still = TrainingJob.objects.filter(state__in=LIVE, moved_at__lt=Now() - SILENCE)
    found = list(still.values_list("pk", "set__offer__account__queue"))
    rung = [pk for pk, queue in found if doorbell.ring(queue)]
    still.filter(pk__in=rung).update(moved_at=Now())
    return len(rung)
