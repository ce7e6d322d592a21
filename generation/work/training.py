"""Training in a worker that has nothing to draw: orders come first, and wait for no more than the step under way.

A training that gives way stays in this process's hands, with its lease; nothing of it is in the model meanwhile.
"""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from django.conf import settings

from generation.accounts.adapters import device_of
from generation.life import dues, trainings
from generation.life.claims import LeaseLost
from generation.life.trainings import TrainingClaim
from generation.models.account import LOCAL
from generation.providers.base import DrawsBatches
from generation.providers.errors import ProviderError
from generation.providers.tuning import Tuner
from generation.work import lessons, sheets
from generation.work.batch import worker_name
from generation.work.heart import heart
from generation.work.process import draining, readiness
from genhub.lib.connections import release_connection
from storage import checkpoints

logger = logging.getLogger(__name__)

# How often staff's word is asked for; that of orders is after each step.
ASK_SECONDS: Final = 1.0
savers = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")


class Training:
    """A training in this process's hands."""

    def __init__(self, claim: TrainingClaim, device: DrawsBatches, tuner: Tuner) -> None:
        self.claim, self.device, self.tuner = claim, device, tuner
        self.saved_at = time.monotonic()
        self.saved_step = tuner.step
        self.saving: Future[None] | None = None
        # Of the steps since the last point of the chart.
        self.losses: list[float] = []

    def write(self, _previews: object, /) -> None:
        """Renew the lease: the process's heart calls it, during long steps and while orders are drawn."""
        try:
            trainings.write(self.claim)
        except LeaseLost:
            # The next word of the thread that trains is refused alike, and that ends it.
            heart.remove(self)
        except Exception as error:  # noqa: BLE001 (a lease outlives a short absence)
            logger.warning("heartbeat of training %s not written: %s", self.claim.job_id, error)
        finally:
            release_connection()

    def go_on(self, must_leave: "Way") -> None:
        """Take steps until something else comes first, and end it once all is done; raise LeaseLost when the training
        is no longer ours, or what went wrong."""
        if self.is_learning():
            self.learn(must_leave)
        if self.is_learning():
            return
        # Another machine may have it, and not this one.
        if not self.claim.file or not Path(self.claim.file).is_file():
            self.write_file()
        if sheets.draw(self.claim, self.device, must_leave):
            trainings.finish(self.claim)
            hands.let_go()
            lessons.clear(self.claim)

    def is_learning(self) -> bool:
        """Return whether there are steps to take."""
        return self.tuner.step < self.claim.lesson.steps

    def learn(self, must_leave: "Way") -> None:
        """Look at the pictures and take steps, until the last one or something else comes first."""
        while not self.tuner.is_prepared:
            self.tuner.prepare_one()
            trainings.write(self.claim, prepared=self.tuner.prepared)
            if must_leave():
                return
        self.take_steps(must_leave)

    def take_steps(self, must_leave: "Way") -> None:
        """Take steps until the last one, or something else comes first."""
        claim, tuner = self.claim, self.tuner
        with tuner.stretch():
            while self.is_learning():
                loss = tuner.learn()
                self.losses.append(loss)
                is_point = tuner.step % trainings.steps_a_point(claim.lesson) == 0
                mean = sum(self.losses) / len(self.losses) if is_point else None
                trainings.note_step(claim, tuner.step, loss, mean)
                if is_point:
                    self.losses.clear()
                if time.monotonic() - self.saved_at >= settings.TRAINING_CHECKPOINT_SECONDS:
                    self.begin_saving()
                if must_leave():
                    break

    def begin_saving(self) -> None:
        """Store a checkpoint beside the training, unless the one before is still on its way."""
        if self.saving and not self.saving.done():
            return
        self.saved_at = time.monotonic()
        self.saving = savers.submit(self.save, self.tuner.dump(), self.tuner.step)

    def save(self, data: bytes, step: int) -> None:
        """Store a checkpoint, note it and delete those before it; what goes wrong costs steps after a death alone."""
        claim = self.claim
        try:
            key = checkpoints.keep(claim.job_id, f"{step}-{claim.token}", data)
            trainings.note_checkpoint(claim, key, step)
            self.saved_step = step
            checkpoints.clear(claim.job_id, but=key)
        except LeaseLost:
            # Whoever has it now deletes what it does not know, with its own next one.
            logger.info("training %s is no longer ours", claim.job_id)
        except Exception:
            logger.exception("no checkpoint of training %s at step %s", claim.job_id, step)
        finally:
            release_connection()

    def save_now(self) -> None:
        """Store what was learned since the last checkpoint, and wait for that."""
        if self.saving:
            self.saving.result()
        if self.tuner.step > self.saved_step:
            savers.submit(self.save, self.tuner.dump(), self.tuner.step).result()

    def write_file(self) -> None:
        """Write the LoRA on this worker's disk; a checkpoint first, so that no death costs a step any more."""
        self.save_now()
        path = lessons.path_of(self.claim)
        facts = {"trigger": self.claim.trigger, "base_model": self.claim.card.alias}
        try:
            self.tuner.write(path, facts)
        except OSError as error:
            raise ProviderError(f"{path}: {error}", code="not_written") from error
        trainings.write(self.claim, file=str(path))
        self.claim.file = str(path)


class Way:
    """Whether something else comes first: an order, this worker's end, the end of the job that a bell began, or staff
    who pause the queue."""

    def __init__(self, claim: TrainingClaim, ends_at: float) -> None:
        self.claim, self.ends_at = claim, ends_at
        self.asked_at = time.monotonic()

    def __call__(self) -> bool:
        """Return whether to leave off."""
        now = time.monotonic()
        if draining.is_set() or now >= self.ends_at or dues.is_due(self.claim.queue):
            return True
        if now - self.asked_at < ASK_SECONDS:
            return False
        self.asked_at = now
        return not trainings.may_go_on(self.claim)


class Hands:
    """The one training that this process has in hand: a device trains one at a time."""

    def __init__(self) -> None:
        self.held: Training | None = None

    def take(self, queue: str) -> Training | None:
        """Return what is in hand and may go on, else what waits, else None."""
        if self.held and not trainings.may_go_on(self.held.claim):
            self.put_down()
        if self.held is None and (claim := trainings.claim_next(queue, worker=worker_name())):
            try:
                self.held = begin(claim)
                heart.add(self.held)
            except Exception as error:  # noqa: BLE001 (its end is decided by its kind)
                fail(claim, error)
        return self.held

    def let_go(self) -> None:
        """Have nothing in hand any more."""
        if self.held:
            heart.remove(self.held)
        self.held = None

    def put_down(self) -> None:
        """Leave what is in hand to whoever comes next, with all that it has learned."""
        held = self.held
        if held:
            held.save_now()
            self.let_go()
            trainings.put_down(held.claim)


hands = Hands()


def go_on(queue: str, ends_at: float) -> bool:
    """Train until an order of the queue is due or, by this process's clock, time is up; False when nothing is to be
    trained, or not now."""
    if queue != LOCAL:
        return False
    if draining.is_set() or readiness.unready:
        hands.put_down()
        return False
    training = hands.take(queue)
    if training is None:
        return False
    try:
        training.go_on(Way(training.claim, ends_at))
    except LeaseLost:
        logger.info("training %s is stopped here", training.claim.job_id)
        hands.let_go()
    except Exception as error:  # noqa: BLE001 (its end is decided by its kind)
        hands.let_go()
        fail(training.claim, error)
    return True


def begin(claim: TrainingClaim) -> Training:
    """Return a claimed training, as far as its last checkpoint tells; raise what makes it impossible."""
    device = device_of(claim.account)
    if device is None:
        raise ProviderError("only the local engine trains", code="provider_unsupported")
    tuner = device.tune(claim.card, claim.lesson, lessons.list_taught(claim))
    if claim.checkpoint:
        try:
            tuner.load(checkpoints.read(claim.checkpoint))
        except FileNotFoundError:
            logger.warning("the checkpoint of training %s is gone: it begins anew", claim.job_id)
    return Training(claim, device, tuner)


def fail(claim: TrainingClaim, error: Exception) -> None:
    """End a training by what went wrong with it."""
    logger.error("training %s", claim.job_id, exc_info=error)
    if isinstance(error, ProviderError):
        meant = error
    else:
        device = device_of(claim.account)
        meant = device.explain(error) if device else ProviderError(repr(error))
    trainings.fail(claim, meant.code, str(meant))
