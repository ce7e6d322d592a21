"""How accounts and keys stand: who may be given an order now, what rests after a failure, and until when.

All of it is columns of two rows, so that every worker knows; a rest is the one way to be out of use for a while. After
a rest that failures brought, one order at a time goes there until one succeeds.
"""

import logging
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest, Now

from generation.accounts import spending
from generation.accounts.spending import NotNow
from generation.models import Account, AccountKey, Attempt, Rest
from generation.models.account import usable
from generation.providers.errors import Fault, ProviderError
from generation.providers.registry import find_class
from generation.providers.sorting import Meaning
from generation.states import AttemptState
from genhub.lib.planned import planned_cursor
from genhub.lib.prepared import DATABASE, NO_NUMBER, Text, write_text

logger = logging.getLogger(__name__)

# So many failures in a row, and an account rests; longer each time that the next order fails, too. The database's
# function generation_takes_orders knows the number.
MOST_FAILURES = 5
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 30.0, 600.0
# A key that is told to wait and not for how long; longer each time.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 5.0, 300.0
# What a vendor may say at most: the first of next month, and no date that no clock holds.
LONGEST_TOLD_SECONDS = 45 * 86400.0
# How soon to look again whether an account has room.
ROOM_SECONDS = 1.0
NO_KEY_SECONDS = 60.0
# Why a key rests, by what its vendor means.
RESTS: dict[str, Rest] = {Meaning.QUOTA: Rest.NO_QUOTA, Meaning.KEY: Rest.REFUSED}
LONGEST_ERROR = 1000
WELL: dict[str, Any] = {"failures": 0, "resting_until": None, "resting_why": ""}
# What staff paused no answer of a vendor's ends or explains otherwise.
NOT_PAUSED = ~Q(resting_why=Rest.PAUSED)


def admit(
    attempt: Attempt,
    now: datetime,
    dearest_usd: Decimal | None = None,
    *,
    key_id: int | None = None,
) -> AccountKey | None:
    """Let an order go to its account that may cost so much, and return the key to use, None where there are none: this
    one, where the order must go with it; raise NotNow.

    The caller holds the attempt and its account, read now, and the transaction in which its order leaves: what is
    admitted has left.
    """
    account = attempt.account
    if account.resting_until and account.is_resting(now):
        raise NotNow(account.resting_why, (account.resting_until - now).total_seconds())
    most = 1 if account.failures >= MOST_FAILURES else account.concurrency
    if most is not None and count_at_work(attempt) >= most:
        raise NotNow("", ROOM_SECONDS)
    spending.keep_within(account, now, attempt.pk, dearest_usd)
    if account.requests_per_minute:
        if account.next_slot_at and account.next_slot_at > now:
            raise NotNow(Rest.THROTTLED, (account.next_slot_at - now).total_seconds())
        pause = timedelta(seconds=60 / account.requests_per_minute)
        Account.objects.filter(pk=account.pk).update(next_slot_at=now + pause)
    if key_id and (key := AccountKey.objects.filter(pk=key_id, is_enabled=True).first()):
        return take_key(key, now)
    return choose_key(account, now)


def heed(account_id: int, refused: NotNow) -> None:
    """Let an account rest that must say itself why it takes no order."""
    if not refused.rests:
        return
    rest(Account, account_id, refused.why, refused.seconds)
    if refused.says:
        logger.warning("provider %s rests: %s", account_id, refused.says)
        said = {"last_error": refused.says[:LONGEST_ERROR], "last_error_at": Now()}
        Account.objects.filter(pk=account_id).update(**said)


def may_ask(account: Account) -> bool:
    """Return whether an account may be asked for an order now, which no other worker has just done, and note that it
    is, in the transaction that claims the order."""
    if account.polls_per_minute is None:
        return True
    pause = timedelta(seconds=60 / account.polls_per_minute)
    free = Q(next_poll_at=None) | Q(next_poll_at__lte=Now())
    rows = Account.objects.filter(free, pk=account.pk)
    return bool(rows.update(next_poll_at=Now() + pause))


def count_at_work(attempt: Attempt) -> int:
    """Return how many other orders have left for an attempt's account and have not ended."""
    return at_work().filter(account_id=attempt.account_id).exclude(pk=attempt.pk).count()


def at_work() -> QuerySet[Attempt]:
    """Return the orders that have left for their accounts and have not ended."""
    states = [AttemptState.RUNNING, AttemptState.WAITING]
    return Attempt.objects.filter(state__in=states, sending_at__isnull=False)


def take_key(key: AccountKey, now: datetime) -> AccountKey:
    """Return a key that no other can stand for; raise NotNow while it rests, which the account need not for that."""
    if key.resting_until and key.is_resting(now):
        raise NotNow(Rest.NO_KEY, (key.resting_until - now).total_seconds())
    AccountKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def choose_key(account: Account, now: datetime) -> AccountKey | None:
    """Return the key that was used longest ago, of those that do not rest; raise NotNow when none can be used."""
    keys = AccountKey.objects.filter(account=account)
    if key := use_oldest(account.pk, now):
        return key
    if not keys.exists() and not find_class(account.adapter).capabilities.needs_key:
        return None
    resting = keys.filter(is_enabled=True).order_by("resting_until").first()
    if resting is None or resting.resting_until is None:
        raise NotNow(Rest.NO_KEY, NO_KEY_SECONDS, rests=True)
    raise NotNow(Rest.NO_KEY, (resting.resting_until - now).total_seconds(), rests=True)


def use_oldest(account_id: int, now: datetime) -> AccountKey | None:
    """Return the key of an account that was used longest ago and may be used now, its use noted, if there is one."""
    text, names = write_use()
    with planned_cursor() as cursor:
        cursor.execute(text.statement, text.fill([account_id, now]))
        row = cursor.fetchone()
    return AccountKey.from_db(DATABASE, names, row) if row else None


@cache
def write_use() -> tuple[Text, list[str]]:
    """Return the statement for that, which asks for account and time, and the fields that it returns."""
    places = NO_NUMBER, datetime.min.replace(tzinfo=UTC)
    account_id, now = places
    keys = AccountKey.objects.filter(usable(now), account=account_id)
    oldest = keys.order_by(F("last_used_at").asc(nulls_first=True), "pk").values("pk")[:1]
    statement, values = oldest.query.sql_with_params()
    meta = AccountKey._meta  # noqa: SLF001 (Django's documented API)
    columns = ", ".join(f'"{field.column}"' for field in meta.concrete_fields)
    use = f'UPDATE "{meta.db_table}" SET last_used_at = %s WHERE id IN ({statement}) RETURNING {columns}'  # noqa: S608 (all of it is our own text)
    return write_text(use, [now, *values], places), [f.attname for f in meta.concrete_fields]


def has_key(account_id: int) -> bool:
    """Return whether an order may go to an account at once, by its keys."""
    keys = AccountKey.objects.filter(account_id=account_id)
    return keys.filter(usable(Now())).exists() or not keys.exists()


def hear_success(account_id: int, key_id: int | None) -> None:
    """Write that an account answered as it should: it and its key are trusted as before."""
    Account.objects.filter(NOT_PAUSED, pk=account_id, failures__gt=0).update(**WELL)
    if key_id:
        AccountKey.objects.filter(pk=key_id, failures__gt=0).update(**WELL)


def hear_failure(account_id: int, key_id: int | None, error: ProviderError) -> None:
    """Write what a failure says of an account or its key: what is at fault rests, for as long as it was told."""
    if error.fault is Fault.ORDER:
        return
    said = {"last_error": str(error)[:LONGEST_ERROR].replace("\0", "")}
    with transaction.atomic():
        if error.fault is Fault.ACCOUNT:
            account = Account.objects.select_for_update(no_key=True).get(pk=account_id)
            failures = account.failures + 1
            Account.objects.filter(pk=account_id).update(
                failures=failures, last_error_at=Now(), **said
            )
            if failures >= MOST_FAILURES:
                seconds = FIRST_REST_SECONDS * 2.0 ** min(failures - MOST_FAILURES, 10)
                rest(Account, account_id, Rest.FAILING, min(seconds, LONGEST_REST_SECONDS))
            return
        why = RESTS.get(error.why, Rest.THROTTLED)
        model, pk = (AccountKey, key_id) if key_id else (Account, account_id)
        row = model.objects.select_for_update(no_key=True).get(pk=pk)
        usual = min(FIRST_PAUSE_SECONDS * 2.0 ** min(row.failures, 10), LONGEST_PAUSE_SECONDS)
        told = error.retry_after_seconds
        # A rest of the account is no failure of it: one order at a time is for those that break.
        counted = {"failures": F("failures") + 1} if key_id else {"last_error_at": Now()}
        model.objects.filter(pk=pk).update(**counted, **said)
        rest(model, pk, why, usual if told is None else told)


def hear_check(account_id: int, key_id: int | None) -> None:
    """Write that a call without an order succeeded: its key is trusted again, and the account has one and answers.

    How often it failed stays: one order at a time shows whether it makes pictures, too. A limit of ours stays as well.
    """
    if key_id:
        AccountKey.objects.filter(pk=key_id).update(**WELL)
    answered = [Rest.FAILING, Rest.NO_KEY, Rest.REFUSED, Rest.NO_QUOTA]
    resting = Account.objects.filter(pk=account_id, resting_why__in=answered)
    resting.update(resting_until=None, resting_why="")


@transaction.atomic
def wake(account_id: int) -> None:
    """End the rests of an account and of its keys, whatever they are for: somebody trusts them again."""
    Account.objects.filter(pk=account_id).update(**WELL, next_slot_at=None)
    AccountKey.objects.filter(account_id=account_id).update(**WELL)


def rest(model: type[Account] | type[AccountKey], pk: int, why: str, seconds: float) -> None:
    """Let an account or a key rest for at least so long from now; one that is paused rests for longer."""
    until = Now() + timedelta(seconds=min(seconds, LONGEST_TOLD_SECONDS))
    # PostgreSQL's GREATEST passes over NULL.
    later = Greatest("resting_until", until)
    model.objects.filter(NOT_PAUSED, pk=pk).update(resting_until=later, resting_why=why)
