"""Which pictures may be published where a platform asks that staff approve them first, and what staff decide.

A decision is about a file: all rows of the platform that name it stand alike. What leads to a picture that is rejected
ends in the same transaction.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Case, Exists, F, Q, Value, When
from django.db.models.functions import Now

from genhub.lib.errors import NotFound, Problem, SeenChanged, gettext_noop
from genhub.platforms.models import Platform
from genhub.webhooks import outbox
from genhub.webhooks.models import EventType
from storage.keys import UPLOADS
from storage.models import SHOWN, Artifact, Review, ReviewedPicture, ReviewState, ShareLink
from storage.selectors import name_for_apps
from storage.withholding import lock

__all__ = ["ReviewState", "ReviewedPicture"]

WAITING, APPROVED, REJECTED = ReviewState.WAITING, ReviewState.APPROVED, ReviewState.REJECTED
EVENTS: Final = {APPROVED: EventType.PICTURE_APPROVED, REJECTED: EventType.PICTURE_REJECTED}


class PictureWaits(Problem):
    """Staff have not approved a picture yet."""

    code = "picture_waits"
    status = 409
    title = gettext_noop("This picture waits for approval")
    detail = gettext_noop(
        "Here only approved pictures are published. The hub's staff look at it; try again once they have approved it."
    )


class PictureRejected(Problem):
    """Staff rejected a picture."""

    code = "picture_rejected"
    status = 409
    title = gettext_noop("This picture was rejected")
    detail = gettext_noop("It is not to be published: %(reason)s")


class ReviewDecided(Problem):
    """A picture stands as somebody wants it to."""

    code = "review_decided"
    status = 409
    title = gettext_noop("This was decided before")
    detail = gettext_noop("It stands as you want it to be. Nothing was changed.")


def asks_of(platform_id: uuid.UUID) -> Exists:
    """Return whether a platform publishes approved pictures alone, as the database knows it."""
    return Exists(Platform.objects.filter(pk=platform_id, asks_approval=True))


def first_state(key: str, platform_id: uuid.UUID) -> Any:
    """Return where staff stand with a picture that is new; an upload is an order's input first, and waits for nobody
    until somebody wants to publish it."""
    if key.startswith(UPLOADS):
        return ""
    return Case(When(asks_of(platform_id), then=Value(WAITING.value)), default=Value(""))


def ask_for(artifact: Artifact) -> None:
    """Put a picture before staff that somebody wants to publish, where its platform asks that and nobody did before."""
    rows = Artifact.objects.filter(asks_of(artifact.platform_id), pk=artifact.pk, review="")
    rows.update(review=WAITING)


def check_published(artifact_id: uuid.UUID) -> None:
    """Refuse to publish a picture that staff rejected, or have to approve first; raises PictureRejected, PictureWaits.

    In the transaction that publishes, which keeps the picture: no decision comes between.
    """
    asks = F("platform__asks_approval")
    row = Artifact.objects.annotate(asks=asks).only("review", "review_reason").get(pk=artifact_id)
    if row.review == REJECTED:
        raise PictureRejected(reason=row.review_reason)
    if row.asks and row.review != APPROVED:
        raise PictureWaits


def decided_at(artifact: Artifact) -> datetime | None:
    """Return when staff decided about a picture, None while it waits; of a copy, when they did about what it copies."""
    rows = Review.objects.filter(
        artifact__key=artifact.key, artifact__platform=artifact.platform_id, state=artifact.review
    )
    return rows.order_by("-pk").values_list("decided_at", flat=True).first()


@transaction.atomic
def decide(
    picture_id: uuid.UUID, state: ReviewState, *, person: Any, reason: str, seen: str
) -> None:
    """Approve a picture or reject it; a decision may be taken anew.

    Raises ReviewDecided where it stands so already, SeenChanged where somebody decided since it was shown.
    """
    found = Artifact.objects.filter(SHOWN, pk=picture_id).first()
    if found is None:
        raise NotFound(thing=gettext_noop("picture"))
    locked: set[uuid.UUID] = set()
    while newest := lock(Q(key=found.key, platform=found.platform_id), locked):
        locked |= newest
    standing = Artifact.objects.get(pk=found.pk).review
    if standing == state:
        raise ReviewDecided
    if standing != seen:
        raise SeenChanged
    Artifact.objects.filter(pk__in=locked).update(review=state, review_reason=reason)
    if state == REJECTED:
        links = ShareLink.objects.filter(artifact_id__in=locked, revoked_at=None)
        links.update(revoked_at=Now())
    words = {"state": state, "reason": reason, "decided_by": person}
    tell(Review.objects.bulk_create([Review(artifact_id=pk, **words) for pk in sorted(locked)]))


def decide_waiting(
    picture_ids: Iterable[uuid.UUID], state: ReviewState, *, person: Any, reason: str
) -> set[uuid.UUID]:
    """Decide about those of some pictures that still wait, each in a transaction of its own, and return their ids."""
    decided = set()
    for picture_id in sorted(picture_ids):
        try:
            decide(picture_id, state, person=person, reason=reason, seen=WAITING)
        except (NotFound, ReviewDecided, SeenChanged):
            # Somebody else was faster, or its owner deleted it.
            continue
        decided.add(picture_id)
    return decided


def tell(decisions: Sequence[Review]) -> None:
    """Tell whoever asks for it what was decided about a file, in the transaction that decides; the caller rings
    afterwards."""
    ids = [one.pk for one in decisions]
    rows = Review.objects.filter(pk__in=ids).select_related("artifact__platform").order_by("pk")
    # About one file of one platform: all of them are told to the same.
    platform, event = decisions[0].artifact.platform, EVENTS[ReviewState(decisions[0].state)]
    endpoints = outbox.find_receivers([platform.pk], event).get(platform.pk, ())
    receivers = outbox.list_receivers(endpoints)
    for row in rows if receivers else ():
        review = {"state": row.state, "reason": row.reason or None}
        data = {**name_for_apps(row.artifact), "review": review}
        outbox.write(platform.pk, outbox.News(event, row.pk, row.decided_at, data), receivers)
