"""Telling apps that a user's credits run low: once each time that what is available falls below the platform's mark.

Whoever was told is not told again before it has risen to the mark: only a move from above to below tells. The message
is written in that move's transaction.
"""

import uuid
from typing import Final

from django.db.models import F

from credits.models import Purse
from genhub.lib.clock import NOW
from genhub.webhooks import outbox
from genhub.webhooks.models import EventType

EVENT: Final = EventType.CREDITS_LOW


def falls_below(mark: int | None, *, before: int, after: int) -> bool:
    """Return whether a move leads below a mark; without a mark nothing does."""
    return mark is not None and after < mark <= before


def tell(purse_id: uuid.UUID, *, about: uuid.UUID, fallen: int) -> None:
    """Tell whoever asks for it, if so many credits less were what leads below the mark.

    `about` is what took them: one move is told once. The purse's row is held by the caller's transaction.
    """
    mark = F("platform__low_credits")
    fell = Purse.objects.filter(pk=purse_id, available__lt=mark, available__gte=mark - fallen)
    purse = fell.select_related("platform").annotate(now=NOW).first()
    if purse is None:
        return
    platform = purse.platform
    endpoints = outbox.find_receivers([platform.pk], EVENT).get(platform.pk, ())
    if receivers := outbox.list_receivers(endpoints):
        data = {
            "platform": platform.code,
            "user": purse.user,
            "available": purse.available,
            "threshold": platform.low_credits,
        }
        outbox.write(platform.pk, outbox.News(EVENT, about, purse.now, data), receivers)
