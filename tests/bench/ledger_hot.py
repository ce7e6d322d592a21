"""One purse: a hundred holds of one batch order in one transaction, against the same hundred one by one."""

import time
import uuid

from credits import ledger
from credits.errors import InsufficientCredits
from credits.models import Purse
from tests.bench import books
from tests.bench.measure import PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS, Goal, Report, interleave

HOLDS, PURSES, CYCLES = 100, 1_000, 10
# One batch is over in milliseconds: several make a figure.
BATCHES = 10
PURSE = books.purse_id(1)


def new_orders() -> list[tuple[uuid.UUID, int]]:
    """Return references and prices of one batch order."""
    return [(uuid.uuid4(), books.PRICE) for _ in range(HOLDS)]


def hold_together() -> float:
    """Hold batch orders, each as one, and return the holds per second."""
    orders = [new_orders() for _ in range(BATCHES)]
    began = time.perf_counter()
    for order in orders:
        ledger.hold_many(PURSE, order)
    return BATCHES * HOLDS / (time.perf_counter() - began)


def hold_one_by_one() -> float:
    """Hold each of an order in a durable transaction of its own, and return the holds per second."""
    orders = new_orders()
    began = time.perf_counter()
    for reference, price in orders:
        ledger.hold(PURSE, price, reference=reference)
    return HOLDS / (time.perf_counter() - began)


def refuse_overdraft() -> None:
    """A batch that costs one credit more than there is holds nothing; one that costs all holds all."""
    available, before = Purse.objects.values_list("available", "held").get(pk=PURSE)
    rest = available - (HOLDS - 1) * books.PRICE
    orders = new_orders()
    try:
        ledger.hold_many(PURSE, [*orders[1:], (uuid.uuid4(), rest + 1)])
    except InsufficientCredits:
        pass
    else:
        raise AssertionError("a batch was held that the purse could not pay")
    ledger.hold_many(PURSE, [*orders[1:], (uuid.uuid4(), rest)])
    row = Purse.objects.get(pk=PURSE)
    if (row.available, row.held) != (0, available + before):
        raise AssertionError(f"the purse holds {row.held} and has {row.available}")


def run(*, is_quick: bool) -> Report:
    """Measure both arms in turn, prove the books after each, and try an overdraft in the end."""
    # Others with a past, so that plans are those of a hub that has worked for a while.
    books.fill(PURSES, cycles=CYCLES)
    hold_together()
    hold_one_by_one()

    def proved(rate: float) -> float:
        books.check()
        return rate

    arms = {
        "together": lambda: proved(hold_together()),
        "one by one": lambda: proved(hold_one_by_one()),
    }
    figures = interleave(
        arms,
        rounds=5 if is_quick else 11,
        unit="holds/s",
        patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
    )
    refuse_overdraft()
    books.check()
    return Report(
        arms=figures.summary("holds/s"),
        goals=[Goal("together / one by one", figures.ratios("together", "one by one"), least=20)],
        control=figures.control,
        facts={"holds": HOLDS, "transfers_before": PURSES * (1 + 2 * CYCLES)},
    )
