"""Allowances: the most that the orders of one bearer, such as a browser token, may hold; counted as budgets are.

Counted after the purse and its budgets: orders of one allowance are of one purse, whose lock they hold.
"""

import uuid
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from credits import counts
from credits.budgets import BudgetView
from credits.errors import AllowanceSpent
from credits.models import BudgetUse, Count, Period
from credits.terms import Allowance

# It never begins anew.
ALWAYS = counts.Window(datetime(1970, 1, 1, tzinfo=UTC), None)


def count_holds(allowance: Allowance, holds: Mapping[uuid.UUID, int]) -> None:
    """Count new holds (id: credits); raise AllowanceSpent when they would not fit, and then the caller's transaction
    must not commit. What a hold releases is counted back by `budgets.give_back`."""
    wanted = sum(holds.values())
    count_id = counts.count_up(allowance.id, allowance.id, ALWAYS, wanted, allowance.most)
    if count_id is None:
        spent = counts.read_used(allowance.id, allowance.id, ALWAYS)
        raise AllowanceSpent(limit=allowance.most, spent=spent, wanted=wanted)
    BudgetUse.objects.bulk_create(
        BudgetUse(hold_id=hold, count_id=count_id, amount=amount) for hold, amount in holds.items()
    )


def read_left(allowance: Allowance) -> int:
    """Return how many credits may still be held."""
    return allowance.most - counts.read_used(allowance.id, allowance.id, ALWAYS)


def view_allowance(allowance: Allowance) -> BudgetView:
    """Return where an allowance stands, as a budget of the token that it is of."""
    spent = counts.read_used(allowance.id, allowance.id, ALWAYS)
    return BudgetView("token", Period.TOTAL, allowance.most, spent, None)


def read_used(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Return how much of allowances is held or spent, by their ids; of those that nobody used, nothing."""
    rows = Count.objects.filter(limit_id__in=ids, starts_at=ALWAYS.starts_at)
    return dict(rows.values_list("limit_id", "used"))
