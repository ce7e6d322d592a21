"""The ledger against a plain model: whatever is done in whatever order, both agree and the audit finds nothing."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credits import ledger
from credits.audit import audit
from credits.errors import CreditsProblem
from credits.ledger import Why
from credits.models import Hold, Purse
from genhub.platforms.models import Platform

STAFF = Why("staff", "a step of the model")


@dataclass
class PlainHold:
    amount: int
    captured: int = 0
    refunded: int = 0
    is_open: bool = True


@dataclass
class PlainBook:
    """What the ledger promises, in as few words as possible."""

    available: int = 0
    holds: list[PlainHold] = field(default_factory=list)
    done: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def repeats(self, key: str, *facts: Any) -> bool | None:
        """Return True for a repetition, False for a first time, None when the key means something else."""
        if key in self.done:
            return True if self.done[key] == facts else None
        self.done[key] = facts
        return False

    def grant(self, amount: int, key: str) -> bool:
        repeated = self.repeats(f"grant {key}", amount)
        self.available += amount if repeated is False else 0
        return repeated is not None

    def hold(self, amount: int) -> bool:
        if amount > self.available:
            return False
        self.available -= amount
        self.holds.append(PlainHold(amount))
        return True

    def settle(self, number: int, captured: int) -> bool:
        hold = self.holds[number]
        if not hold.is_open or captured > hold.amount:
            return False
        hold.is_open, hold.captured = False, captured
        self.available += hold.amount - captured
        return True

    def refund(self, number: int, amount: int, key: str) -> bool:
        hold, full_key = self.holds[number], f"refund {number} {key}"
        if full_key not in self.done and amount > hold.captured - hold.refunded:
            return False
        repeated = self.repeats(full_key, amount)
        if repeated is False:
            hold.refunded += amount
            self.available += amount
        return repeated is not None

    @property
    def held(self) -> int:
        return sum(hold.amount for hold in self.holds if hold.is_open)


AMOUNT = st.integers(1, 30)
KEY = st.sampled_from("abc")
STEP = st.one_of(
    st.tuples(st.just("grant"), AMOUNT, KEY),
    st.tuples(st.just("hold"), AMOUNT),
    st.tuples(st.just("settle"), st.integers(0, 2), st.integers(0, 30)),
    st.tuples(st.just("refund"), st.integers(0, 2), st.integers(1, 9), KEY),
    st.just(("again",)),
)

# So that most sequences reach refunds.
BEGINNING: list[tuple[Any, ...]] = [("grant", 100, "a"), ("hold", 30), ("settle", 0, 25)]


def act(purse: Purse, holds: list[uuid.UUID], step: tuple[Any, ...]) -> bool:
    """Do a step on the real ledger; return whether it was accepted."""
    name, *words = step
    try:
        with transaction.atomic():
            if name == "grant":
                ledger.grant(purse.pk, words[0], key=f"{purse.pk}:{words[1]}", why=STAFF)
            elif name == "hold":
                holds.append(ledger.hold(purse.pk, words[0], reference=uuid.uuid4()))
            elif name == "settle":
                ledger.settle(holds[words[0]], words[1])
            else:
                ledger.refund(holds[words[0]], words[1], key=words[2], why=STAFF)
    except CreditsProblem:
        return False
    return True


def check_equal(book: PlainBook, purse: Purse, holds: list[uuid.UUID]) -> None:
    purse.refresh_from_db()
    assert (purse.available, purse.held) == (book.available, book.held)
    rows = Hold.objects.in_bulk(holds)
    for plain, hold_id in zip(book.holds, holds, strict=True):
        row = rows[hold_id]
        assert (row.captured, row.refunded) == (plain.captured, plain.refunded)
        assert (row.state == "open") == plain.is_open


@pytest.mark.django_db
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(STEP, min_size=15, max_size=40))
def test_ledger_agrees_with_its_plain_model(shop: Platform, steps: list[tuple[Any, ...]]) -> None:
    with transaction.atomic():
        book, holds = PlainBook(), list[uuid.UUID]()
        purse = ledger.open_purse(shop.pk, "model")
        before: tuple[Any, ...] = ()
        for step in [*BEGINNING, *steps]:
            # Whatever was done may come again, word for word.
            name, *words = before = before if step == ("again",) else step
            if name in {"settle", "refund"}:
                if not holds:
                    continue
                words[0] %= len(holds)
            expected = getattr(book, name)(*words)
            assert act(purse, holds, (name, *words)) is expected, step
            check_equal(book, purse, holds)
        assert audit() == []
        transaction.set_rollback(True)
