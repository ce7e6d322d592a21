"""What an account has spent today (UTC), and that it spends no more than it may.

What is at work counts by the most that it may cost, so that ten orders at once do not run over; what ended, by what it
cost. An order of unknown price counts as nothing until its vendor says it.
"""

import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db.models import Q, Sum
from django.db.models.functions import Now

from generation.models import Account, Attempt, Rest
from genhub.lib.clock import NOW

logger = logging.getLogger(__name__)

# How soon to look again whether what is at work came cheaper than it might have.
AGAIN_SECONDS = 5.0
NOTHING = Decimal(0)


@dataclass
class NotNow(Exception):
    """An account takes no order now; look again after so many seconds, or elsewhere. `rests`: its row shall say so, and
    what it `says` besides."""

    why: str
    seconds: float
    rests: bool = False
    says: str = ""


def keep_within(
    account: Account, now: datetime, attempt_id: uuid.UUID, dearest_usd: Decimal | None
) -> None:
    """Raise NotNow when an order could take an account beyond its limit of the day. The caller holds the account."""
    limit = account.daily_limit_usd
    if limit is None:
        return
    wanted, spent = dearest_usd or NOTHING, sum_spent(account.pk, now)
    if spent >= limit or spent + wanted > limit:
        says = (
            f"spent {spent:f} of {limit} US dollars today (UTC); the next order may cost {wanted:f}"
        )
        raise NotNow(Rest.SPENT, seconds_left(now), rests=True, says=says)
    if spent + sum_at_work(account.pk, attempt_id) + wanted > limit:
        raise NotNow(Rest.SPENT, AGAIN_SECONDS, rests=True)


def watch(account: Account) -> None:
    """Let an account rest for the rest of the day that has spent what it may. The caller has just written a cost, and
    holds no account; a limit that staff set meanwhile is kept by whoever sends the next order."""
    if account.daily_limit_usd is not None:
        watch_limited(account.pk)


def watch_limited(account_id: int) -> None:
    """Let an account with a limit rest once it is reached."""
    accounts = Account.objects.filter(daily_limit_usd__isnull=False).annotate(now=NOW)
    # Locked before it is added up: of two costs at once, the second sees the first.
    account = accounts.select_for_update(no_key=True).filter(pk=account_id).first()
    limit = account.daily_limit_usd if account else None
    if account is None or limit is None or (spent := sum_spent(account_id, account.now)) < limit:
        return
    says = f"spent {spent:f} of {limit} US dollars today (UTC)"
    logger.warning("provider %s rests until tomorrow: %s", account.alias, says)
    until = next_day(account.now)
    Account.objects.filter(pk=account_id).update(last_error=says, last_error_at=Now())
    # One that rests for longer already has a better reason.
    shorter = Account.objects.filter(
        Q(resting_until=None) | Q(resting_until__lt=until), pk=account_id
    )
    shorter.update(resting_until=until, resting_why=Rest.SPENT)


def reopen(account_id: int) -> None:
    """End the rest of an account that had spent what it may: staff changed the limit, and the next order asks anew."""
    resting = Account.objects.filter(pk=account_id, resting_why=Rest.SPENT)
    resting.update(resting_until=None, resting_why="")


def sum_spent(account_id: int, now: datetime) -> Decimal:
    """Return what the orders cost that ended today."""
    ended = Attempt.objects.filter(account_id=account_id, ended_at__gte=day_of(now), cost_usd__gt=0)
    return ended.aggregate(total=Sum("cost_usd"))["total"] or NOTHING


def sum_at_work(account_id: int, spared: uuid.UUID) -> Decimal:
    """Return what may come on top: the most that each order may cost that has left and has not ended."""
    left = Attempt.objects.filter(account_id=account_id, sending_at__isnull=False, ended_at=None)
    return left.exclude(pk=spared).aggregate(total=Sum("dearest_usd"))["total"] or NOTHING


def day_of(now: datetime) -> datetime:
    """Return the first moment of a day, in UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def next_day(now: datetime) -> datetime:
    """Return the first moment of the next day."""
    return day_of(now) + timedelta(days=1)


def seconds_left(now: datetime) -> float:
    """Return how long the day lasts."""
    return (next_day(now) - now).total_seconds()
