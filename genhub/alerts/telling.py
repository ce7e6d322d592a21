"""Tells what is due: each channel by a thread of its own, one notice after the other, so that no receiver holds up a
loop or the other channel. What is not taken is tried again, later each time, for about a day."""

import logging
import threading
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now

from genhub.alerts import channels, words
from genhub.alerts.channels import Channel, NotTold
from genhub.alerts.models import LONGEST_ERROR, Notice
from genhub.lib.clock import NOW
from genhub.lib.connections import release_connection

logger = logging.getLogger(__name__)

MINUTE, HOUR = 60, 3600
# Seconds from one try to the next; then it is given up.
DELAYS: Final = (10, 30, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 8 * HOUR)  # fmt: skip
# A process that died over a notice holds it up for so long beyond what a channel may take.
MARGIN_SECONDS: Final = 30


class Teller:
    """The threads of this process that tell."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy: set[Channel] = set()

    def tell_due(self) -> int:
        """Begin to tell what is due by each channel that is not at it already; return how many channels began."""
        return sum(self.begin(channel) for channel in channels.list_set())

    def begin(self, channel: Channel) -> bool:
        """Tell what is due by a channel, in a thread; False when one is at it, or nothing is due."""
        with self._lock:
            if channel in self._busy or not find_due(channel).exists():
                return False
            self._busy.add(channel)
        threading.Thread(target=self.keep_telling, args=(channel,), name=f"alerts {channel}", daemon=True).start()  # fmt: skip
        return True

    def keep_telling(self, channel: Channel) -> None:
        """Tell until nothing more is due; whatever stops it is logged, and the loop begins anew."""
        try:
            while notice := claim(channel):
                tell(notice)
        except Exception:
            logger.exception("alerts by %s stay due", channel)
        finally:
            release_connection()
            with self._lock:
                self._busy.discard(channel)

    def is_busy(self) -> bool:
        """Return whether any channel is at it."""
        with self._lock:
            return bool(self._busy)


teller = Teller()


def find_due(channel: Channel) -> QuerySet[Notice]:
    """Return what is due by a channel, the oldest first; an end not before its beginning was told or given up."""
    earlier = Notice.objects.filter(
        alert=OuterRef("alert"), channel=channel, what=Notice.What.BEGAN, state=Notice.State.WAITING
    ).exclude(pk=OuterRef("pk"))
    due = Notice.objects.filter(
        ~Exists(earlier), channel=channel, state=Notice.State.WAITING, due_at__lte=Now()
    )
    return due.order_by("due_at")


@transaction.atomic
def claim(channel: Channel) -> Notice | None:
    """Take the next notice of a channel; it is due again when whoever took it says nothing for long."""
    taken = find_due(channel).select_for_update(skip_locked=True, of=("self",)).first()
    if taken is None:
        return None
    lease = MARGIN_SECONDS + 2 * max(settings.WEBHOOK_SECONDS, settings.EMAIL_TIMEOUT)
    Notice.objects.filter(pk=taken.pk).update(
        tries=F("tries") + 1, due_at=Now() + timedelta(seconds=lease)
    )
    return Notice.objects.select_related("alert").annotate(now=NOW).get(pk=taken.pk)


def tell(notice: Notice) -> None:
    """Send a claimed notice and write what came of it; no transaction is open meanwhile."""
    release_connection()
    now: datetime = notice.now  # type: ignore[attr-defined]  # read with it
    try:
        channels.tell(Channel(notice.channel), words.write(notice, now))
    except NotTold as error:
        try_later(notice, str(error))
    else:
        keep(notice, state=Notice.State.TOLD, told_at=Now(), last_error="")


def try_later(notice: Notice, why: str) -> None:
    """Have a notice tried again, later each time, or given up."""
    logger.warning("alert %s not told by %s: %s", notice.alert, notice.channel, why)
    error = {"last_error": why[:LONGEST_ERROR]}
    if notice.tries > len(DELAYS):
        keep(notice, state=Notice.State.GIVEN_UP, **error)
        return
    keep(notice, due_at=Now() + timedelta(seconds=DELAYS[notice.tries - 1]), **error)


def keep(notice: Notice, **values: object) -> None:
    """Write under the claim: nothing when another took it meanwhile."""
    mine = Notice.objects.filter(pk=notice.pk, tries=notice.tries, state=Notice.State.WAITING)
    mine.update(**values)
