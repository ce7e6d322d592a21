"""Budgets of API keys and purses: a hold counts in each window it falls in; what is released counts back there.

Lock order: purse, lots, counts; several counts in order of their budget's id.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from credits import counts
from credits.errors import BudgetExceeded, BudgetSpent, ConcurrencyReached
from credits.models import Budget, BudgetUse, Period, Purse

GIVE_BACK = """
    WITH uses AS (
        SELECT c.id, CASE b.period WHEN 'concurrent' THEN u.amount ELSE least(u.amount, %(released)s) END AS amount
          FROM credits_budgetuse u
          JOIN credits_count c ON c.id = u.count_id
          -- None: an allowance, which counts credits.
          LEFT JOIN credits_budget b ON b.id = c.limit_id
         WHERE u.hold_id = %(hold)s
         ORDER BY c.limit_id
           FOR UPDATE OF c
    )
    UPDATE credits_count c SET used = c.used - uses.amount FROM uses WHERE c.id = uses.id
"""


@dataclass(frozen=True)
class BudgetView:
    """Where a budget stands: `scope` key or purse, credits or tasks; `resets_at` None when it never starts anew."""

    scope: str
    period: str
    limit: int
    spent: int
    resets_at: datetime | None


def find_budgets(purse_id: uuid.UUID, api_key_id: uuid.UUID | None) -> QuerySet[Budget]:
    """Return the active budgets that bind an order, in the order in which they are counted."""
    binds = Q(purse_id=purse_id)
    if api_key_id is not None:
        binds |= Q(api_key_id=api_key_id)
    return Budget.objects.filter(binds, is_active=True).order_by("id")


def count_holds(
    purse_id: uuid.UUID,
    api_key_id: uuid.UUID | None,
    holds: Mapping[uuid.UUID, int],
    at: datetime | None,
) -> None:
    """Count new holds (id: credits) against every budget that binds them; raise BudgetExceeded naming the first that
    would not hold, and then the caller's transaction must not commit."""
    for count_id, amounts in count_orders(purse_id, api_key_id, holds, at):
        BudgetUse.objects.bulk_create(
            BudgetUse(hold_id=hold, count_id=count_id, amount=amount)
            for hold, amount in amounts.items()
        )


def count_orders(
    purse_id: uuid.UUID,
    api_key_id: uuid.UUID | None,
    prices: Mapping[uuid.UUID, int],
    at: datetime | None,
) -> Iterator[tuple[int, dict[uuid.UUID, int]]]:
    """Count orders (id: credits) against every budget that binds them, and yield each count with what it counted of
    each; raise as `count_holds` does."""
    zone = time_zone_of(purse_id)
    for budget in find_budgets(purse_id, api_key_id):
        period = Period(budget.period)
        window = counts.find_window(period, zone, at)
        amounts = {
            order: 1 if period == Period.CONCURRENT else price for order, price in prices.items()
        }
        amount = sum(amounts.values())
        if not amount:
            # What costs nothing takes nothing of a budget of credits, be it used up.
            continue
        count_id = counts.count_up(budget.pk, budget.pk, window, amount, budget.most)
        if count_id is None:
            view = view_budget(budget, window)
            raise refusal_of(period)(
                scope=view.scope,
                period=view.period,
                limit=view.limit,
                spent=view.spent,
                wanted=amount,
                resets_at=view.resets_at.isoformat() if view.resets_at else None,
            )
        yield count_id, amounts


def give_back(hold_id: uuid.UUID, released: int) -> None:
    """Count back what a settled hold released, in the windows of the hold; a concurrent task ends in any case."""
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, {"hold": hold_id, "released": released})


def list_budgets(
    purse_id: uuid.UUID, api_key_id: uuid.UUID | None = None, at: datetime | None = None
) -> list[BudgetView]:
    """Return where the active budgets of a purse and a key stand now."""
    zone = time_zone_of(purse_id)
    return [
        view_budget(budget, counts.find_window(Period(budget.period), zone, at))
        for budget in find_budgets(purse_id, api_key_id)
    ]


def view_budget(budget: Budget, window: counts.Window) -> BudgetView:
    """Return where one budget stands in a window."""
    return BudgetView(
        scope="purse" if budget.purse_id else "key",
        period=budget.period,
        limit=budget.most,
        spent=counts.read_used(budget.pk, budget.pk, window),
        resets_at=window.ends_at,
    )


def refusal_of(period: Period) -> type[BudgetExceeded]:
    """Return what a budget of this period refuses with."""
    refusals = {Period.TOTAL: BudgetSpent, Period.CONCURRENT: ConcurrencyReached}
    return refusals.get(period, BudgetExceeded)


def time_zone_of(purse_id: uuid.UUID) -> str:
    """Return the time zone of a purse's platform, whose days and months count; UTC for a purse that nobody opened."""
    zones = Purse.objects.filter(pk=purse_id).values_list("platform__time_zone", flat=True)
    return str(zones.first() or "UTC")
