"""A thousand transfers against a million: a hold, a balance and the audit of the newest rows cost the same."""

import random
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from credits import ledger, selectors
from credits.audit import prove
from credits.audit.runs import finish
from credits.models import AuditRun, Transfer
from genhub.platforms.models import Platform
from tests.bench import books, server
from tests.bench.elsewhere import Elsewhere
from tests.bench.measure import PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS, Goal, Report, interleave

PURSES = 100
# Calls of each arm on the way there, and as many on the way back.
CALLS, AUDITS = 150, 6
TAIL = 1_000
# Transfers = purses × (1 + 2 × cycles).
CYCLES = {"10^3": 5, "10^5": 500, "10^6": 5_000}


class Book(Elsewhere):
    """One database with a past of some length, and a connection to it."""

    def __init__(self, name: str, cycles: int) -> None:
        super().__init__(name)
        began = time.monotonic()
        with self.open():
            books.fill(PURSES, cycles=cycles)
            books.check()
            self.transfers = Transfer.objects.count()
            self.platform = Platform.objects.get().pk
        server.say(f"· {self.transfers} transfers written in {time.monotonic() - began:.1f} s")

    def hold(self) -> float:
        """Time a hold on any purse, in milliseconds."""
        purse, reference = random_purse(), uuid.uuid4()
        return self._time(lambda: ledger.hold(purse, 1, reference=reference))

    def read_balance(self) -> float:
        """Time a read of any balance."""
        user = f"user{random.randint(1, PURSES)}"
        return self._time(lambda: selectors.find_balance(self.platform, user))

    def audit_tail(self) -> float:
        """Time the audit of what came since the checkpoint."""

        def audit() -> None:
            if findings := prove(find_newest_checkpoint()).findings:
                raise AssertionError(f"the books are wrong: {findings}")

        return self._time(audit)

    def count_balance_statements(self) -> int:
        """Return how many statements a read of a balance sends."""
        with self.open(), CaptureQueriesContext(connection) as sent:
            selectors.find_balance(self.platform, "user1")
            return len(sent)

    def write_tail(self) -> None:
        """Let exactly TAIL transfers come after a checkpoint, which needs no margin: nobody else writes here."""
        with self.open():
            run = AuditRun.objects.create(started_at=Now(), proved_until=Now(), checks=0, seconds=0)
            run.refresh_from_db()
            finish(run, freezes=False)
            for _ in range(TAIL // 2):
                hold = ledger.hold(random_purse(), books.PRICE, reference=uuid.uuid4())
                ledger.settle(hold, books.PRICE)
            came = Transfer.objects.filter(created_at__gte=run.proved_until).count()
            books.tidy()
            if came != TAIL or find_newest_checkpoint() != run:
                raise AssertionError(f"{came} transfers came after the checkpoint, not {TAIL}")

    def check(self) -> None:
        """Raise unless the whole audit finds nothing."""
        with self.open():
            books.check()

    def _time(self, act: Callable[[], Any]) -> float:
        with self.open():
            began = time.perf_counter()
            act()
            return (time.perf_counter() - began) * 1000


def random_purse() -> uuid.UUID:
    """Return any purse."""
    return books.purse_id(random.randint(1, PURSES))


def find_newest_checkpoint() -> AuditRun:
    """Return the checkpoint that `write_tail` made: the only whole audit."""
    return AuditRun.objects.get(since=None)


def run(*, is_quick: bool) -> Report:
    """Measure each operation on both books in turn; in the end the whole audit finds nothing in either."""
    rounds = 3 if is_quick else 5
    large = "10^5" if is_quick else "10^6"
    names = ("10^3", large)
    shelf = {name: Book(f"book_{number}", CYCLES[name]) for number, name in enumerate(names)}
    arms: dict[str, Any] = {}
    goals, controls = [], []
    for what, act, most, calls in (
        ("hold", Book.hold, 1.15, CALLS),
        ("balance", Book.read_balance, 1.15, CALLS),
        ("audit of the newest", Book.audit_tail, 1.2, AUDITS),
    ):
        if act is Book.audit_tail:
            for book in shelf.values():
                book.write_tail()
        turns = {name: partial(act, shelf[name]) for name in names}
        # Three series share the time.
        patience = (QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS) / 3
        figures = interleave(
            turns, rounds=rounds, unit=f"ms, {what}", calls=calls, patience=patience
        )
        arms |= {f"{what} at {name}": found for name, found in figures.summary("ms").items()}
        goals.append(Goal(f"{what}, {large} / 10^3", figures.ratios(large, "10^3"), most=most))
        controls.append(figures.control)
    statements = {name: book.count_balance_statements() for name, book in shelf.items()}
    if len(set(statements.values())) != 1:
        raise AssertionError(f"a balance costs more statements in a larger book: {statements}")
    for book in shelf.values():
        book.check()
    return Report(
        arms=arms,
        goals=goals,
        control=max(controls, key=lambda control: abs(control - 1)),
        facts={
            "transfers": {name: book.transfers for name, book in shelf.items()},
            "balance_statements": statements[large],
            "synchronous_commit": "off",
            "scaled_down": is_quick,
        },
    )
