"""Whether a picture may be seen: asked of the local classifier, then of the services, before anybody has it."""

import io
import logging
import uuid
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from PIL import Image

from generation.models import Finding, Task
from generation.moderation import services
from generation.moderation.classifier import Unclassified, classifier
from generation.moderation.found import Found
from genhub.platforms.models import Moderation, Unjudged

logger = logging.getLogger(__name__)
# What is judged is seen, not measured: services shrink it themselves, and take less than the whole.
LONGEST_SIDE_PIXELS = 1024
JPEG_QUALITY = 90
# The label of what nobody could judge.
UNJUDGED = "unjudged"


@dataclass(frozen=True)
class Watch:
    """What is done with an order's pictures: by its platform's policy, or its template's where that is stricter; and
    whether they may leave the house."""

    withholds: bool
    takes_unjudged: bool
    local_only: bool


def watch_of(task_id: uuid.UUID, *, local_only: bool) -> Watch | None:
    """Return how an order's pictures are watched, None where they are not: nobody wants it of them, or there is nobody
    to ask."""
    if not has_judge(local_only=local_only):
        return None
    names = ("platform__moderation", "platform__unjudged", "template_version__moderation")
    platforms, unjudged, templates = Task.objects.values_list(*names).get(pk=task_id)
    policy = Moderation.strictest(platforms, templates or "")
    if policy == Moderation.OFF:
        return None
    return Watch(policy == Moderation.BLOCK, unjudged == Unjudged.ALLOW, local_only)


def has_judge(*, local_only: bool) -> bool:
    """Return whether there is anybody who judges pictures, of those that stay in the house here."""
    if settings.MODERATION_MODEL:
        return True
    return bool(services.list_services(local_only=local_only, prompts=False))


def judge(image: Image.Image, watch: Watch) -> Found | None:
    """Return what is objected to in an RGB picture, or that nobody could judge it; None: it may be seen."""
    shown = image
    if max(image.size) > LONGEST_SIDE_PIXELS:
        shown = image.copy()
        shown.thumbnail((LONGEST_SIDE_PIXELS, LONGEST_SIDE_PIXELS))
    is_unjudged = False
    if settings.MODERATION_MODEL:
        try:
            if labels := classifier.find_labels(shown):
                return Found(Finding.Source.CLASSIFIER, labels)
        except Unclassified as error:
            logger.warning("the local classifier does not judge: %s", error)
            is_unjudged = True
    said = services.judge_picture(partial(encode, shown), local_only=watch.local_only)
    for verdict in said.verdicts:
        if verdict.is_objection:
            return Found(Finding.Source.SERVICE, verdict.labels, service=verdict.service)
    if is_unjudged:
        return unjudged(Finding.Source.CLASSIFIER, watch)
    return unjudged(Finding.Source.SERVICE, watch) if said.is_unanswered else None


def unjudged(source: Finding.Source, watch: Watch) -> Found | None:
    """Return what it means that somebody did not judge a picture."""
    return None if watch.takes_unjudged else Found(source, (UNJUDGED,))


def encode(image: Image.Image) -> bytes:
    """Return a picture as a JPEG without anything else in it."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()
