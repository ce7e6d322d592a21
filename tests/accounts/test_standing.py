"""Who may be given an order: keys in turn, rests after failures, room and rate, all by rows that every worker reads."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now

from generation.accounts import standing
from generation.accounts.spending import NotNow
from generation.accounts.standing import MOST_FAILURES
from generation.life import claims
from generation.models import Account, AccountKey, Attempt, Rest
from generation.providers.errors import Fault, ProviderError
from generation.providers.sorting import Meaning, error_of
from genhub.lib.clock import NOW
from tests.steps import submit

Left = Callable[[float, float], bool]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]


def keep_key(account: Account, text: str = "a-key-of-a-vendor", **words: Any) -> AccountKey:
    key = AccountKey(account=account, **words)
    key.keep(text)
    key.save()
    return key


@pytest.fixture
def left() -> Left:
    """Whether so much is left of a rest, in seconds: one that began in the test is shorter by as long as that lasts, at
    most."""
    began = time.monotonic()
    return lambda found, whole: whole - (time.monotonic() - began) <= found <= whole


@pytest.fixture
def attempt(alice: Any) -> Attempt:
    return Attempt.objects.get(task=submit(alice))


def fail(
    account: Account, meaning: Meaning, key: AccountKey | None = None, after: float | None = None
) -> None:
    standing.hear_failure(account.pk, key.pk if key else None, error_of(meaning, "told", after))


def rest_seconds(row: Account | AccountKey) -> float:
    found = type(row).objects.annotate(now=NOW).get(pk=row.pk)
    return float((found.resting_until - found.now).total_seconds())


def admit(attempt: Attempt) -> AccountKey | None:
    """Let an order go as `sending.note_sending` does: it has read both rows."""
    read = Attempt.objects.select_related("account").annotate(now=NOW).get(pk=attempt.pk)
    return standing.admit(read, read.now)


def takes_orders(account: Account) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT generation_takes_orders(%s, 'z-image-small')", [account.pk])
        return bool(cursor.fetchone()[0])


def test_key_is_sealed_and_shown_by_its_end_alone(stub: Account) -> None:
    key = keep_key(stub, "sk-0123456789abcdef")
    assert (key.hint, key.secret()) == ("cdef", "sk-0123456789abcdef")
    row = AccountKey.objects.filter(pk=key.pk).values().get()
    assert "0123456789" not in str(row)
    assert "0123456789" not in f"{key!r} {key}"


def test_short_key_shows_nothing(stub: Account) -> None:
    assert keep_key(stub, "short").hint == ""


def test_keys_take_turns(stub: Account, attempt: Attempt) -> None:
    keys = [keep_key(stub, name=name) for name in "abc"]
    used = []
    for _ in range(6):
        key = admit(attempt)
        assert key
        used.append(key)
        # The clock of one transaction stands still.
        AccountKey.objects.filter(pk=key.pk).update(
            last_used_at=Now() + timedelta(seconds=len(used))
        )
    assert used == [*keys, *keys]


@pytest.mark.parametrize(
    ("meaning", "why", "seconds"),
    [
        (Meaning.KEY, Rest.REFUSED, 3600),
        (Meaning.QUOTA, Rest.NO_QUOTA, 3600),
        (Meaning.BUSY, Rest.THROTTLED, standing.FIRST_PAUSE_SECONDS),
    ],
)
def test_key_at_fault_rests_and_the_next_is_used(
    stub: Account,
    attempt: Attempt,
    meaning: Meaning,
    why: Rest,
    seconds: float,
    left: Left,
) -> None:
    first, second = keep_key(stub), keep_key(stub)
    fail(stub, meaning, first)
    first.refresh_from_db()
    assert (first.resting_why, first.last_error) == (why, "told")
    assert left(rest_seconds(first), seconds)
    assert admit(attempt) == second
    stub.refresh_from_db()
    assert stub.failures == 0


def test_key_rests_as_long_as_it_was_told_and_never_shorter(stub: Account, left: Left) -> None:
    key = keep_key(stub)
    fail(stub, Meaning.BUSY, key, after=500)
    fail(stub, Meaning.BUSY, key, after=2)
    assert left(rest_seconds(key), 500)


def test_told_for_ever_is_not_for_ever(stub: Account, left: Left) -> None:
    key = keep_key(stub)
    fail(stub, Meaning.BUSY, key, after=1e300)
    assert left(rest_seconds(key), standing.LONGEST_TOLD_SECONDS)


def test_busy_key_rests_longer_each_time(stub: Account, left: Left) -> None:
    key = keep_key(stub)
    for _ in range(3):
        fail(stub, Meaning.BUSY, key)
    assert left(rest_seconds(key), 4 * standing.FIRST_PAUSE_SECONDS)


def test_account_without_a_usable_key_says_so(stub: Account, attempt: Attempt, left: Left) -> None:
    fail(stub, Meaning.BUSY, keep_key(stub), after=60)
    with pytest.raises(NotNow) as caught:
        admit(attempt)
    assert (caught.value.why, caught.value.rests) == (Rest.NO_KEY, True)
    assert left(caught.value.seconds, 60)


def test_key_that_is_switched_off_is_no_key(stub: Account, attempt: Attempt) -> None:
    keep_key(stub, is_enabled=False)
    with pytest.raises(NotNow):
        admit(attempt)


def test_keyless_account_rests_itself(stub: Account) -> None:
    fail(stub, Meaning.BUSY, after=9)
    stub.refresh_from_db()
    assert (stub.resting_why, stub.failures) == (Rest.THROTTLED, 0)
    assert not takes_orders(stub)


def test_account_that_fails_again_and_again_rests_longer_each_time(
    stub: Account, attempt: Attempt, left: Left
) -> None:
    for number in range(1, MOST_FAILURES + 3):
        fail(stub, Meaning.BROKEN)
        stub.refresh_from_db()
        assert (stub.resting_until is not None) == (number >= MOST_FAILURES)
    assert stub.resting_why == Rest.FAILING
    assert left(rest_seconds(stub), 4 * standing.FIRST_REST_SECONDS)
    assert not takes_orders(stub)
    with pytest.raises(NotNow):
        admit(attempt)


def test_after_its_rest_one_order_at_a_time_goes_there(stub: Account, alice: Any) -> None:
    first, second = (Attempt.objects.get(task=submit(alice)) for _ in range(2))
    Account.objects.update(failures=MOST_FAILURES, resting_until=Now() - timedelta(seconds=1))
    assert takes_orders(stub)
    admit(first)
    Attempt.objects.filter(pk=first.pk).update(state="running", sending_at=Now())
    assert not takes_orders(stub)
    with pytest.raises(NotNow):
        admit(second)
    standing.hear_success(stub.pk, None)
    assert takes_orders(stub)
    admit(second)


def test_no_more_at_a_time_than_allowed(stub: Account, alice: Any) -> None:
    Account.objects.update(concurrency=2)
    attempts = [Attempt.objects.get(task=submit(alice)) for _ in range(3)]
    for attempt in attempts[:2]:
        admit(attempt)
        Attempt.objects.filter(pk=attempt.pk).update(state="running", sending_at=Now())
    assert not takes_orders(stub)
    assert claims.claim_next("local", worker="tests") is None
    with pytest.raises(NotNow) as caught:
        admit(attempts[2])
    # It does not rest: it has no room, for a moment.
    assert (caught.value.why, caught.value.rests) == ("", False)
    Attempt.objects.filter(pk=attempts[0].pk).update(state="canceled", ended_at=Now())
    assert takes_orders(stub)


def test_orders_go_at_their_rate(stub: Account, attempt: Attempt, left: Left) -> None:
    Account.objects.update(requests_per_minute=30)
    admit(attempt)
    with pytest.raises(NotNow) as caught:
        admit(attempt)
    assert caught.value.why == Rest.THROTTLED
    assert left(caught.value.seconds, 2)
    assert not takes_orders(stub)


def test_fault_of_the_order_is_nobody_s(stub: Account) -> None:
    key = keep_key(stub)
    standing.hear_failure(stub.pk, key.pk, ProviderError("no", fault=Fault.ORDER))
    key.refresh_from_db()
    stub.refresh_from_db()
    assert (key.resting_until, stub.failures, stub.last_error) == (None, 0, "")


def test_database_knows_the_number_of_failures(stub: Account, attempt: Attempt) -> None:
    Attempt.objects.filter(pk=attempt.pk).update(state="running", sending_at=Now())
    Account.objects.update(failures=MOST_FAILURES - 1)
    assert takes_orders(stub)
    Account.objects.update(failures=MOST_FAILURES)
    assert not takes_orders(stub)
