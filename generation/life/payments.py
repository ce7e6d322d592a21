"""What a task pays at its end: the price of what it delivered, out of its hold; the rest is released."""

import uuid

from credits import free, ledger
from credits.errors import HoldNotOpen
from credits.selectors import find_hold
from generation.models import Task


def price_of(task: Task, count: int) -> int:
    """Return what a task pays that has delivered so many; of a chain, so many of the step at hand, and one of each
    step before it."""
    if not task.chain:
        return task.unit_price * count
    prices: list[int] = [step["price"] for step in task.chain]
    return sum(prices[: task.step - 1]) + prices[task.step - 1] * count


def count_delivered(task: Task, count: int) -> int:
    """Return how many a task has delivered, with so many of the step at hand."""
    return max(task.step - 1, 0) + count


def pay(task: Task, count: int) -> int:
    """Take the price of what a task delivered out of its hold, and return what that was."""
    return take(task, price_of(task, count))


def take(task: Task, due: int) -> int:
    """Take so much out of a task's hold, which a free task does not have, and return what was taken."""
    hold_id = find_hold(task.pk)
    return capture(hold_id, due) if hold_id else free.leave(task.pk)


def capture(hold_id: uuid.UUID, due: int) -> int:
    """Take what was delivered out of its hold and return what that was; when the hold has expired, the operator bears
    it."""
    try:
        return ledger.settle(hold_id, due)
    except HoldNotOpen:
        if due:
            ledger.expose(hold_id, due)
        return 0
