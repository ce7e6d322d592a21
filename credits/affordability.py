"""Whether an order could be paid now. Reads only: the ledger decides for itself when it holds."""

import uuid
from dataclasses import dataclass

from django.db.models import Sum
from django.db.models.functions import Coalesce

from credits import allowances, lots
from credits.budgets import list_budgets, refusal_of
from credits.errors import AllowanceSpent, InsufficientCredits, PurseFrozen, UserStopped
from credits.models import Period
from credits.selectors import Balance, find_balance
from credits.terms import Terms
from genhub.lib.ids import NOBODY


@dataclass(frozen=True)
class Offer:
    """What a user has free to spend, and the code of the refusal that an order would meet; empty: none."""

    available: int
    refusal: str


def find_offer(
    platform_id: uuid.UUID, user: str, terms: Terms, price: int, *, tasks: int = 1
) -> Offer:
    """Return whether a (platform, user) could pay a price on these terms, for one task or several together; a purse
    that nobody opened stays unopened."""
    balance = find_balance(platform_id, user)
    # What is over but not yet swept pays for nothing: the ledger expires it before it holds.
    available = balance.available - sum_due(balance.purse_id)
    return Offer(available, find_refusal(balance, available, terms, (price, tasks)))


def find_refusal(balance: Balance, available: int, terms: Terms, wanted: tuple[int, int]) -> str:
    """Return the code of what the ledger would answer to holds of so many (credits, tasks); empty: it would hold."""
    price, tasks = wanted
    if balance.is_frozen or balance.is_stopped:
        return PurseFrozen.code if balance.is_frozen else UserStopped.code
    if available < price:
        return InsufficientCredits.code
    for budget in list_budgets(balance.purse_id or NOBODY, terms.api_key_id):
        counted = tasks if budget.period == Period.CONCURRENT else price
        if counted and budget.spent + counted > budget.limit:
            return refusal_of(Period(budget.period)).code
    if terms.allowance and price > allowances.read_left(terms.allowance):
        return AllowanceSpent.code
    return ""


def sum_due(purse_id: uuid.UUID | None) -> int:
    """Return the credits of a purse whose time is over."""
    if purse_id is None:
        return 0
    found = lots.due(None).filter(purse_id=purse_id)
    return int(found.aggregate(sum=Coalesce(Sum("remaining"), 0))["sum"])
