"""Pictures of training sets: they come through the gate of all uploads, and lie in the house's private folder."""

import uuid
from collections.abc import Mapping
from typing import Final

from django.db import transaction

from generation.errors import TrainingUnderWay
from generation.fine_tuning.archives import FIELD, refuse
from generation.lesson import LONGEST_CAPTION, MOST_PICTURES, word_caption
from generation.models import TrainingJob, TrainingPicture, TrainingSet
from generation.models.training import LIVE, TRAINER
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop
from genhub.platforms.house import find_house
from storage import checkpoints
from storage.erasing import let_go, let_go_of
from storage.services import use_pictures
from storage.uploads import take_picture

FULL: Final = gettext_noop("A set holds %(limit)s pictures at most.")
LONG: Final = gettext_noop("A caption may have %(limit)s characters.")
UNSTORABLE: Final = gettext_noop("A caption cannot hold the character NUL.")


def add_picture(set_id: int, data: bytes, content_type: str, caption: str = "") -> TrainingPicture:
    """Store a picture, decoded apart as every upload is, and put it into a set; raise InvalidRequest or UploadsBusy for
    what is not taken, and then nothing is."""
    check_caption(caption)
    check_room(set_id)
    artifact = take_picture(data, content_type, platform_id=find_house().pk, user=TRAINER)
    with transaction.atomic():
        # One after the other, so that two forms at once cannot overfill it.
        TrainingSet.objects.select_for_update().get(pk=set_id)
        check_room(set_id)
        # It is one that was asked for, so that no sweep of unused uploads takes it.
        use_pictures([artifact.pk])
        return TrainingPicture.objects.create(set_id=set_id, artifact=artifact, caption=caption)


def check_room(set_id: int) -> None:
    """Raise InvalidRequest where a set is full."""
    if TrainingPicture.objects.filter(set_id=set_id).count() >= MOST_PICTURES:
        raise refuse("too_many_pictures", FULL, limit=MOST_PICTURES)


def check_caption(caption: str, field: str = FIELD) -> None:
    """Raise InvalidRequest for a caption that cannot be kept."""
    if len(caption) > LONGEST_CAPTION:
        raise InvalidRequest(
            errors=[FieldError(field, "caption_too_long", LONG, {"limit": LONGEST_CAPTION})]
        )
    if "\0" in caption:
        raise InvalidRequest(errors=[FieldError(field, "unstorable", UNSTORABLE)])


@transaction.atomic
def write_captions(set_id: int, captions: Mapping[int, str]) -> int:
    """Write the captions of a set's pictures by their ids, and return how many changed; raise InvalidRequest."""
    changed = 0
    for picture_id, caption in sorted(captions.items()):
        check_caption(caption, f"caption_{picture_id}")
        rows = TrainingPicture.objects.filter(pk=picture_id, set_id=set_id)
        changed += rows.exclude(caption=caption).update(caption=caption)
    return changed


@transaction.atomic
def delete_set(set_id: int) -> None:
    """Delete a set for good: its pictures and captions, its trainings with their samples and checkpoints; raise
    TrainingUnderWay while one learns from it.

    The LoRAs stay, on the workers and at their models: they are taken away there.
    """
    lock_idle(set_id)
    jobs = TrainingJob.objects.filter(set_id=set_id)
    ids = [uuid.UUID(one["artifact"]) for job in jobs for one in job.samples]
    ids += TrainingPicture.objects.filter(set_id=set_id).values_list("artifact_id", flat=True)
    let_go_of(ids)
    checkpoints.forget([job.pk for job in jobs], platform_id=find_house().pk, user=TRAINER)
    TrainingPicture.objects.filter(set_id=set_id).delete()
    jobs.delete()
    TrainingSet.objects.filter(pk=set_id).delete()


def lock_idle(set_id: int) -> None:
    """Lock a set that no training learns from; raise TrainingUnderWay while one does."""
    TrainingSet.objects.select_for_update().get(pk=set_id)
    if TrainingJob.objects.filter(set_id=set_id, state__in=LIVE).exists():
        raise TrainingUnderWay


@transaction.atomic
def remove_pictures(set_id: int, picture_ids: set[int]) -> int:
    """Take pictures out of a set, their files with them, and return how many; raise TrainingUnderWay while a training
    learns from them."""
    lock_idle(set_id)
    rows = TrainingPicture.objects.filter(set_id=set_id, pk__in=picture_ids).select_related(
        "artifact"
    )
    artifacts = [row.artifact for row in rows]
    rows.delete()
    let_go(artifacts)
    return len(artifacts)


def snapshot(training_set: TrainingSet) -> list[dict[str, str]]:
    """Return a set's pictures as a training keeps them, each with its whole caption."""
    return [
        {"artifact": picture.artifact_id.hex, "caption": word_caption(training_set.trigger, picture.caption)}
        for picture in training_set.pictures.all()
    ]  # fmt: skip
