"""The ledger against a plain model: whatever is done in whatever order, interrupted, repeated, early or late, both
agree and the audit finds nothing."""

import os
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from credits import expiry, ledger
from credits.audit import audit
from credits.errors import CreditsProblem, KeyReused
from credits.ledger import Terms, Why
from credits.models import Hold, Lot, Purse
from genhub.platforms.models import Platform
from tests.credits.plain import NEVER, PlainBook

STAFF = Why("staff", "a step of the model")
COUNT = int(os.environ.get("FAULT_COUNT", "0"))
# Longer than the model ever waits, so that none of its holds expires.
YEARS = timedelta(days=3650)
AMOUNT = st.integers(1, 40)
# How a step comes: once, repeated word for word, or interrupted before its commit and then run again.
MANNER = st.sampled_from(["once", "twice", "crash"])


class LedgerMachine(RuleBasedStateMachine):
    """Steps on one purse; each is done on the model too, and must be accepted or refused alike."""

    @initialize(amount=st.integers(0, 100))
    def begin(self, amount: int) -> None:
        self.outer = transaction.atomic()
        self.outer.__enter__()
        self.book = PlainBook()
        self.ids: list[uuid.UUID] = []
        self.purse = ledger.open_purse(Platform.objects.get().pk, "model")
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement_timestamp()")
            self.start: datetime = cursor.fetchone()[0]
        if amount:
            self.grant(amount, NEVER, "once")

    def teardown(self) -> None:
        if hasattr(self, "outer"):
            transaction.set_rollback(True)
            self.outer.__exit__(None, None, None)

    @property
    def at(self) -> datetime:
        return self.day(self.book.today)

    def day(self, number: int) -> datetime:
        # Noon, so that a lot of a day is over in the morning of it, whatever the model's own seconds take.
        return self.start + timedelta(days=number, hours=12)

    def do(self, step: Callable[[], Any], expected: bool, manner: str) -> Any:
        """Do a step on the real ledger in its manner; it must be accepted as expected, and change nothing again."""
        if manner == "crash":
            with transaction.atomic():
                attempt(step)
                transaction.set_rollback(True)
        found = attempt(step)
        assert (found is not None) is expected
        if manner == "twice" and expected:
            before = Purse.objects.values().get(pk=self.purse.pk)
            attempt(step)
            assert Purse.objects.values().get(pk=self.purse.pk) == before
        return found

    @rule(amount=AMOUNT, days=st.sampled_from([NEVER, 1, 2, 5]), manner=MANNER)
    def grant(self, amount: int, days: int, manner: str) -> None:
        key, day = str(uuid.uuid4()), NEVER if days == NEVER else self.book.today + days
        expires_at = None if day == NEVER else self.day(day) - timedelta(hours=6)
        self.do(
            lambda: ledger.grant(self.purse.pk, amount, key=key, why=STAFF, expires_at=expires_at),
            True,
            manner,
        )
        self.book.put(day, amount)

    @rule(amount=AMOUNT, manner=MANNER)
    def hold(self, amount: int, manner: str) -> None:
        reference, terms = uuid.uuid4(), Terms(at=self.at, lifetime=YEARS)
        expected = self.book.hold(amount)
        found = self.do(
            lambda: ledger.hold(self.purse.pk, amount, reference=reference, terms=terms),
            expected,
            manner,
        )
        if expected:
            self.ids.append(found)

    @precondition(lambda self: self.ids)
    @rule(number=st.integers(0), due=st.integers(0, 60), manner=MANNER)
    def settle(self, number: int, due: int, manner: str) -> None:
        number %= len(self.ids)
        expected = self.book.settle(number, due)
        self.do(lambda: ledger.settle(self.ids[number], due, at=self.at), expected, manner)

    @precondition(lambda self: self.ids)
    @rule(number=st.integers(0), amount=AMOUNT, manner=MANNER)
    def refund(self, number: int, amount: int, manner: str) -> None:
        number, key = number % len(self.ids), str(uuid.uuid4())
        words: dict[str, Any] = {"key": key, "why": STAFF, "at": self.at}
        expected = self.book.refund(number, amount)
        self.do(lambda: ledger.refund(self.ids[number], amount, **words), expected, manner)
        if expected and manner == "twice":
            with pytest.raises(KeyReused):
                ledger.refund(self.ids[number], amount + 1, **words)

    @rule(amount=st.integers(-30, 30).filter(bool), manner=MANNER)
    def adjust(self, amount: int, manner: str) -> None:
        key = str(uuid.uuid4())
        expected = self.book.adjust(amount)
        self.do(lambda: ledger.adjust(self.purse.pk, amount, key=key, why=STAFF), expected, manner)

    @rule(days=st.integers(1, 4))
    def wait(self, days: int) -> None:
        self.book.today += days

    @rule(manner=MANNER)
    def expire(self, manner: str) -> None:
        self.do(lambda: expiry.expire_lots(self.at), True, manner)
        self.book.expire()

    @rule()
    def expire_holds(self) -> None:
        """Nothing is older than a hold may be, so nothing ends."""
        assert expiry.expire_holds(self.at) == 0

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "book"):
            return
        purse, book = Purse.objects.get(pk=self.purse.pk), self.book
        assert (purse.available, purse.held) == (book.available, book.held)
        lots = {day: credits for day, credits in book.lots.items() if credits and day != NEVER}
        found: dict[int, int] = {}
        for lot in Lot.objects.filter(remaining__gt=0):
            day = (lot.expires_at - self.start) // timedelta(days=1)
            found[day] = found.get(day, 0) + lot.remaining
        assert found == lots
        rows = Hold.objects.in_bulk(self.ids)
        for plain, hold_id in zip(book.holds, self.ids, strict=True):
            row = rows[hold_id]
            facts = (row.captured, row.refunded, row.overrun, row.state == "open")
            assert facts == (plain.total_captured, plain.refunded, plain.overrun, plain.is_open)
        assert audit() == []


def attempt(step: Callable[[], Any]) -> Any:
    """Return what a step answers, or None when the ledger refuses it."""
    try:
        with transaction.atomic():
            return step()
    except CreditsProblem:
        return None


@pytest.mark.django_db
def test_ledger_agrees_with_its_plain_model(shop: Platform) -> None:
    run_state_machine_as_test(
        LedgerMachine,
        settings=settings(
            max_examples=200 if COUNT else 25,
            stateful_step_count=60 if COUNT else 30,
            suppress_health_check=list(HealthCheck),
        ),
    )
