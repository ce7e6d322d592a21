"""Trainings as staff ask for them, and the LoRAs that came of them as orders may name them."""

import math
import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction

from generation.fine_tuning.sets import snapshot
from generation.lesson import FEWEST_PICTURES
from generation.life import trainings
from generation.models import LocalWeights, TrainingJob, TrainingSet
from generation.models.account import LOCAL
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop

FEW: Final = gettext_noop("A training needs %(least)s pictures at least; the set has %(number)s.")
OFF: Final = gettext_noop(
    "The model is switched off, or the local engine is: nobody would train it."
)
ELSEWHERE: Final = gettext_noop("Only a model of the local engine has weights here that can learn.")
TAKEN: Final = gettext_noop("The model has a LoRA of this name.")
OFFERED: Final = gettext_noop("Orders may name it already, as %(name)s.")
NOT_DONE: Final = gettext_noop("The training is not done.")


@transaction.atomic
def ask(set_id: int, lesson: Mapping[str, Any], *, by: str, once: uuid.UUID) -> TrainingJob:
    """Ask for a training of a set as it is now, and ring its worker; the same `once` asks once.

    Raises InvalidRequest where nothing could come of it.
    """
    training_set = (
        TrainingSet.objects.select_for_update(of=("self",))
        .select_related("offer__account")
        .get(pk=set_id)
    )
    if found := TrainingJob.objects.filter(pk=once).first():
        return found
    check(training_set)
    job = TrainingJob.objects.create(
        id=once, set=training_set, pictures=snapshot(training_set), asked_by=by, **lesson
    )
    trainings.ring_for(job)
    return job


def check(training_set: TrainingSet) -> None:
    """Raise InvalidRequest for a set that cannot be trained now."""
    offer, number = training_set.offer, training_set.pictures.count()
    if offer.account.queue != LOCAL or getattr(offer, "local", None) is None:
        raise refuse("offer", "not_local", ELSEWHERE)
    if not offer.is_enabled or not offer.account.is_enabled:
        raise refuse("offer", "switched_off", OFF)
    if number < FEWEST_PICTURES:
        raise refuse("pictures", "too_few", FEW, least=FEWEST_PICTURES, number=number)


@transaction.atomic
def offer_lora(job_id: uuid.UUID, name: str, scale: float) -> TrainingJob:
    """Let orders of the model name a training's LoRA; no order wears it that does not. Raise InvalidRequest."""
    job = TrainingJob.objects.select_for_update(of=("self",)).select_related("set").get(pk=job_id)
    if job.state != TrainingJob.State.DONE or not math.isfinite(scale):
        raise refuse("name", "not_done", NOT_DONE)
    if job.offered_as:
        raise refuse("name", "offered", OFFERED, name=job.offered_as)
    place = LocalWeights.objects.select_for_update().get(pk=job.set.offer_id)
    if name in {lora["name"] for lora in place.loras}:
        raise refuse("name", "taken", TAKEN)
    place.loras = [
        *place.loras,
        {"name": name, "file": job.file, "scale": scale, "is_usual": False},
    ]
    place.save(update_fields=["loras"])
    job.offered_as = name
    job.save(update_fields=["offered_as"])
    return job


def refuse(field: str, code: str, message: str, **params: object) -> InvalidRequest:
    """Return the refusal of a field."""
    return InvalidRequest(errors=[FieldError(field, code, message, params)])
