"""The breaker: a model of the local engine that ends one worker after the other is switched off by itself.

What counts is a lost lease that the reaper saw alive. After a stop of the whole hub, or of its machine, the reaper is
younger than the last heartbeat, and nothing is counted; a worker that is told to stop gives its orders back and loses
none; what a vendor answers ends no process.
"""

import logging
from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max
from django.db.models.functions import Now

from generation.life import claims
from generation.models import Attempt, Offer, WorkerDeath
from generation.models.account import LOCAL
from genhub.lib import remembered

logger = logging.getLogger(__name__)


class Watch:
    """Since when this process looks for lost leases, by the database's clock."""

    since: datetime | None = None

    def begin(self) -> None:
        """Note the time of the first look; later ones change nothing."""
        if self.since is None:
            self.since = remembered.now()

    def saw(self, attempt: Attempt) -> bool:
        """Return whether a lease was renewed while this process looked on."""
        if self.since is None or attempt.lease_expires_at is None:
            return False
        return bool(attempt.lease_expires_at - claims.lease() >= self.since)


watch = Watch()


def count(attempt: Attempt, model: str) -> None:
    """Count the death of an attempt's worker against its model, in the transaction that takes the attempt back."""
    if attempt.share.queue != LOCAL or not settings.BREAKER_DEATHS or not watch.saw(attempt):
        return
    WorkerDeath.objects.create(
        account_id=attempt.account_id, model=model, process=dead_process(attempt.worker)
    )


def dead_process(worker: str) -> str:
    """Return host and process id of what `worker` names: a thread of that process."""
    return ":".join(worker.split(":", 2)[:2])


def trip() -> int:
    """Switch off each model that ended too many workers of late, and return how many there were.

    A process in which several models were drawn counts for none: after a death each is drawn alone.
    """
    if not settings.BREAKER_DEATHS:
        return 0
    since = Now() - timedelta(minutes=settings.BREAKER_MINUTES)
    recent = WorkerDeath.objects.filter(died_at__gt=since)
    # Of one process, whatever it had in hand: one death.
    processes = (
        recent.order_by()
        .values("process")
        .annotate(
            kinds=Count("model", distinct=True), of_model=Max("model"), of_account=Max("account_id")
        )
    )
    alone = processes.filter(kinds=1).values_list("of_account", "of_model")
    found = Counter(alone)
    worn = [key for key, number in found.items() if number >= settings.BREAKER_DEATHS]
    return sum(switch_off(*key) for key in worn)


@transaction.atomic
def switch_off(account_id: int, model: str) -> bool:
    """Switch a model off for what it did; False when it is off, or gone, already."""
    offers = Offer.objects.filter(account_id=account_id, alias=model, is_enabled=True)
    if not offers.update(is_enabled=False, broken_at=Now()):
        return False
    logger.critical(
        "model %s was switched off: it ended %s workers within %s minutes",
        model, settings.BREAKER_DEATHS, settings.BREAKER_MINUTES,
    )  # fmt: skip
    return True


@transaction.atomic
def forgive(offer: Offer) -> None:
    """Trust a model again that staff switched on: earlier deaths count no more."""
    Offer.objects.filter(pk=offer.pk).update(broken_at=None)
    WorkerDeath.objects.filter(account_id=offer.account_id, model=offer.alias).delete()
