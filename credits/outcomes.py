"""What follows a move of the ledger besides the move itself, in its transaction: for the few purses that have lots,
budgets or a bearer whose allowance counts."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from credits import allowances, budgets, lots, low
from credits.terms import Terms


def follow_holds(
    purse_id: uuid.UUID,
    ids: list[uuid.UUID],
    orders: Sequence[tuple[uuid.UUID, int]],
    terms: Terms,
    found: tuple[Any, ...],
) -> None:
    """Do in lots, budgets and allowances what holds ask for that were just placed; `found` is what HOLD answered."""
    has_lots, has_budgets, available, _ = found
    amounts = dict(zip(ids, (amount for _, amount in orders), strict=True))
    if has_lots:
        for hold_id, amount in amounts.items():
            lots.draw(purse_id, hold_id, amount)
        lots.follow(purse_id)
    if has_budgets:
        budgets.count_holds(purse_id, terms.api_key_id, amounts, terms.at)
    if terms.allowance:
        allowances.count_holds(terms.allowance, amounts)
    price = sum(amounts.values())
    if low.falls_below(terms.low_mark, before=available + price, after=available):
        low.tell(purse_id, about=ids[0], fallen=price)


def follow_settlement(hold_id: uuid.UUID, found: tuple[Any, ...], at: datetime | None) -> None:
    """Do in lots and budgets what a settlement asks for; `found` is what SETTLE answered."""
    purse_id, captured, released, moved, has_lots, has_budgets, _ = found
    if not moved:
        raise AssertionError(f"hold {hold_id} refused by purse {purse_id}: run the audit")
    if has_lots:
        lots.settle(hold_id, captured)
        lots.expire_purse(purse_id, at)
    if has_budgets:
        budgets.give_back(hold_id, released)
