"""Pictures that staff take down for good: files go at once, rows stay and say so, apps are told.

It is about a file: every picture that has it goes, whoever's it is, and every edit that shows it. What is only to be
kept from its owner is withheld instead (`withholding`), and can be given back.
"""

import logging
import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from genhub.lib.errors import NotFound, gettext_noop
from genhub.lib.ids import from_wire
from genhub.retention import holds
from genhub.webhooks import outbox
from genhub.webhooks.models import EventType
from storage.erasing import TakenDownBefore, clear_folders, let_go
from storage.models import Artifact, ShareLink, TakeDown, UploadFolder
from storage.selectors import PREFIX, name_for_apps
from storage.services import folder_of
from storage.withholding import find_edits_of, lock

logger = logging.getLogger(__name__)
EVENT = EventType.PICTURE_TAKEN_DOWN


def take_down(picture_id: uuid.UUID, *, reason: str, person: Any) -> list[uuid.UUID]:
    """Delete a picture's files for good wherever they are shown, and return the ids of the pictures that went.

    Raises NotFound, TakenDownBefore, and UnderHold where any of them lies under a legal hold: then nothing has gone.
    A store that does not answer loses nothing: the rows have gone, and a sweep deletes the files.
    """
    with transaction.atomic():
        rows = mark(picture_id, reason=reason, person=person)
    folders = {folder_of(row.key) for row in rows}
    try:
        clear_folders(UploadFolder.objects.filter(folder__in=folders))
    except Exception:
        logger.exception("the files of %s taken-down pictures are left to the sweep", len(rows))
    return [row.pk for row in rows]


def mark(picture_id: uuid.UUID, *, reason: str, person: Any) -> list[Artifact]:
    """Mark the pictures of a file, and what edits made of them, as taken down, end what leads to them, and tell apps;
    in the caller's transaction."""
    found = Artifact.objects.filter(pk=picture_id).first()
    if found is None:
        raise NotFound(thing=gettext_noop("picture"))
    locked: set[uuid.UUID] = set()
    while newest := lock(Q(key=found.key) | Q(edit__in=find_edits_of(locked)), locked):
        locked |= newest
    left = Artifact.objects.filter(pk__in=locked, gone_at=None).select_related("platform")
    rows = list(left.order_by("pk"))
    if found.pk not in {row.pk for row in rows}:
        raise TakenDownBefore
    for platform_id, user in sorted({(row.platform_id, row.user) for row in rows}):
        holds.refuse_held(platform_id, user)
    ids = [row.pk for row in rows]
    let_go(rows)
    Artifact.objects.filter(pk__in=ids).update(taken_down_at=Now())
    ShareLink.objects.filter(artifact__in=ids, revoked_at=None).update(revoked_at=Now())
    words = {"reason": reason, "taken_by": person}
    tell(TakeDown.objects.bulk_create([TakeDown(artifact=row, **words) for row in rows]))
    return rows


def tell(takes: list[TakeDown]) -> None:
    """Tell whoever asks for it what was taken down, in the transaction that does it; the caller rings afterwards."""
    rows = TakeDown.objects.filter(pk__in=[one.pk for one in takes]).select_related(
        "artifact__platform"
    )
    receivers = outbox.find_receivers({row.artifact.platform_id for row in rows}, EVENT)
    for row in rows:
        platform = row.artifact.platform
        told = outbox.list_receivers(receivers.get(platform.pk, ()))
        if told:
            data = {**name_for_apps(row.artifact), "taken_down": {"reason": row.reason}}
            outbox.write(platform.pk, outbox.News(EVENT, row.pk, row.taken_at, data), told)


def is_taken_down(platform_id: uuid.UUID, user: str | None, wire_id: str) -> bool:
    """Return whether a picture of a platform (and user, unless None) was taken down."""
    rows = Artifact.objects.filter(
        pk=from_wire(PREFIX, wire_id), platform_id=platform_id, taken_down_at__isnull=False
    )
    return (rows if user is None else rows.filter(user=user)).exists()
