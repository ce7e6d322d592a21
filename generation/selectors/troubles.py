"""What stands still: for alerts. Cheap reads only, since they are made every few seconds."""

from datetime import timedelta

from django.db.models import Count, Min, Q
from django.db.models.functions import Now

from generation.models import Account, Attempt, Queue, Rest
from generation.models.account import NOT_BY_ITSELF
from generation.states import AttemptState
from genhub.lib.clock import NOW

# What a vendor says of a key; its success, or staff, take that back.
KEY_IS_BAD = (Rest.REFUSED, Rest.NO_QUOTA)


def read_oldest_waiting(least: timedelta) -> dict[str, timedelta]:
    """Return the age of the oldest order that is due for at least so long, of each queue that has one. What staff hold
    up does not count."""
    held_up = Queue.objects.exclude(state=Queue.State.OPEN).values("name")
    due = Attempt.objects.filter(state=AttemptState.QUEUED, run_at__lt=Now() - least)
    due = due.exclude(share__queue__in=held_up).exclude(account__resting_why=Rest.PAUSED)
    ages = due.values("share__queue").order_by().annotate(age=NOW - Min("run_at"))
    return dict(ages.values_list("share__queue", "age"))


def list_closed_accounts() -> dict[str, Rest]:
    """Return the enabled providers that take no orders until somebody does something, by alias, each with the reason.

    Its rest may be over without that: it is closed while every key of it was refused at its last use, too.
    """
    of_keys = Count("keys", filter=Q(keys__is_enabled=True))
    bad = Count(
        "keys", filter=Q(keys__is_enabled=True, keys__failures__gt=0, keys__resting_why__in=KEY_IS_BAD)
    )  # fmt: skip
    accounts = Account.objects.filter(is_enabled=True).annotate(number=of_keys, bad=bad, now=NOW)
    found = {}
    for account in accounts.order_by("alias"):
        why = Rest(account.resting_why) if account.resting_why else None
        if why in NOT_BY_ITSELF and account.is_resting(account.now):
            found[account.alias] = why
        elif account.number and account.number == account.bad and why is not Rest.PAUSED:
            found[account.alias] = Rest.NO_KEY
    return found
