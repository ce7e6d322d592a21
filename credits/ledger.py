"""The only way to move credits. Each move is one conditional statement; the caller brings the transaction.

Lock order everywhere: hold, then purse, lots, counts. Keys are unique, so that a move that is run
again finds itself done.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from credits import lots, low
from credits.errors import (
    HoldNotOpen,
    InsufficientCredits,
    InvalidAmount,
    KeyReused,
    PurseErased,
    PurseFrozen,
    PurseUnknown,
    RefundTooLarge,
    UserStopped,
)
from credits.models import Hold, HoldState, Purse
from credits.moves import (
    ADJUST_DOWN,
    ADJUST_UP,
    EDIT,
    GENERATION,
    GENERATION_CANCELED,
    GENERATION_FAILED,
    GRANT,
    LARGEST_AMOUNT,
    OVERRUN,
    REFUND,
    SYSTEM,
    Note,
    Why,
    ask,
    check_amount,
    is_repeated,
    lock,
    move,
    must_move,
)
from credits.opening import open_purse
from credits.outcomes import follow_holds, follow_settlement
from credits.sql import HOLD, SETTLE
from credits.terms import PLAIN, Allowance, Terms
from genhub.lib.ids import new_id

__all__ = [
    "EDIT",
    "GENERATION",
    "GENERATION_CANCELED",
    "GENERATION_FAILED",
    "LARGEST_AMOUNT",
    "PLAIN",
    "SYSTEM",
    "Allowance",
    "Note",
    "Terms",
    "Why",
    "adjust",
    "check_amount",
    "expose",
    "grant",
    "hold",
    "hold_many",
    "open_purse",
    "refund",
    "release",
    "settle",
]


def grant(
    purse_id: uuid.UUID, amount: int, *, key: str, why: Why, expires_at: datetime | None = None
) -> bool:
    """Put credits in and return True; False when this key did it before, KeyReused if it did something else.

    With `expires_at` they make a lot; a time that is over raises ExpiryPast. Raises PurseErased where the owner's data
    was deleted: nobody would ever find the credits.
    """
    check_amount(amount)
    full_key = f"grant:{key}"
    if is_repeated(full_key, purse_id, amount):
        return False
    try:
        with transaction.atomic():
            transfer_id = move(purse_id, GRANT, amount, full_key, why, None)
            if transfer_id is None:
                raise PurseUnknown
            # Held by the move until the end of this transaction: nobody's data is deleted behind this look.
            if Purse.objects.filter(pk=purse_id, erased_at__isnull=False).exists():
                raise PurseErased
            if expires_at is not None:
                lots.open_lot(transfer_id, purse_id, amount, expires_at)
    except IntegrityError:
        # Somebody used the key in between; only an equal transfer makes this call a repetition.
        if not is_repeated(full_key, purse_id, amount):
            raise
        return False
    return True


def hold(
    purse_id: uuid.UUID,
    amount: int,
    *,
    reference: uuid.UUID,
    terms: Terms = PLAIN,
    note: Note | None = None,
) -> uuid.UUID:
    """Reserve credits for an order, note how, and return the hold's id: `hold_many` for one."""
    return hold_many(purse_id, [(reference, amount)], terms=terms, note=note)[0]


def hold_many(
    purse_id: uuid.UUID,
    orders: Sequence[tuple[uuid.UUID, int]],
    *,
    terms: Terms = PLAIN,
    note: Note | None = None,
) -> list[uuid.UUID]:
    """Reserve credits for all of an order's (reference, amount) or for none, and return the holds' ids in their order.

    References that were held before, alike, answer the holds they made. Raises InsufficientCredits, PurseFrozen,
    PurseErased, UserStopped, PurseUnknown, KeyReused (nothing was written), or BudgetExceeded, AllowanceSpent: then
    the caller's transaction cannot commit.
    """
    if not orders:
        return []
    for _, amount in orders:
        check_amount(amount)
    ids = [new_id() for _ in orders]
    values = {
        "purse": purse_id,
        "ids": ids,
        "transfers": [new_id() for _ in orders],
        "references": [reference for reference, _ in orders],
        "amounts": [amount for _, amount in orders],
        "api_key": terms.api_key_id,
        "lifetime": terms.lifetime,
        "at": terms.at,
        "actor": GENERATION.actor,
        "reason": str(terms.reason),
    }
    try:
        # No savepoint: one statement does all of it, or nothing, for most purses.
        with transaction.atomic(savepoint=False):
            if found := ask(HOLD, values):
                follow_holds(purse_id, ids, orders, terms, found)
                if note and not found[0]:
                    note.begin(values, found[-1])
    except IntegrityError:
        # An equal call ran beside this one and has committed; a transaction of the caller's must begin anew.
        references = [reference for reference, _ in orders]
        if connection.in_atomic_block or not Hold.objects.filter(reference__in=references).exists():
            raise
        found = None
    return ids if found else _hold_again(purse_id, orders, terms, note)


def settle(
    hold_id: uuid.UUID,
    due: int,
    *,
    why: Why = GENERATION,
    at: datetime | None = None,
    note: Note | None = None,
) -> int:
    """Capture what is due, up to the whole hold, release the rest, and return what was captured.

    What is due beyond the hold is booked as the operator's overrun. Raises HoldNotOpen the second time.
    """
    # As in check_amount: an adapter or a form may bring what the annotation does not say.
    if type(due) is not int or not 0 <= due <= LARGEST_AMOUNT:
        raise InvalidAmount(most=LARGEST_AMOUNT)
    values = {
        "hold": hold_id,
        "due": due,
        "capture_id": new_id(),
        "release_id": new_id(),
        "overrun_id": new_id(),
        "actor": why.actor,
        "reason": str(why.reason),
    }
    with transaction.atomic(savepoint=False):
        found = ask(SETTLE, values)
        if found:
            follow_settlement(hold_id, found, at)
            if note:
                note.end(values, captured=found[1], released=found[2], at=found[-1])
    if not found:
        raise HoldNotOpen
    return int(found[1])


def release(
    hold_id: uuid.UUID, *, why: Why = GENERATION_FAILED, at: datetime | None = None
) -> None:
    """Give a whole hold back; raise HoldNotOpen when it is settled."""
    settle(hold_id, 0, why=why, at=at)


def expose(hold_id: uuid.UUID, due: int) -> None:
    """Book what was delivered after its hold had expired: the operator's loss; the second time it does nothing."""
    check_amount(due)
    with transaction.atomic():
        row = Hold.objects.select_for_update().get(pk=hold_id)
        if Hold.objects.filter(pk=hold_id, state=HoldState.SETTLED, overrun=0).update(overrun=due):
            must_move(row.purse_id, OVERRUN, due, f"overrun:{hold_id}", GENERATION, hold_id)


def refund(
    hold_id: uuid.UUID, amount: int, *, key: str, why: Why, at: datetime | None = None
) -> bool:
    """Give captured credits back and return True; False when this key did it before.

    Raises RefundTooLarge above what is left of the capture, KeyReused as `grant` does.
    """
    check_amount(amount)
    full_key = f"refund:{hold_id}:{key}"
    with transaction.atomic():
        row = Hold.objects.select_for_update().get(pk=hold_id)
        if is_repeated(full_key, row.purse_id, amount):
            return False
        counted = Hold.objects.filter(pk=hold_id, captured__gte=F("refunded") + amount).update(
            refunded=F("refunded") + amount
        )
        if not counted:
            raise RefundTooLarge
        must_move(row.purse_id, REFUND, amount, full_key, why, hold_id)
        row.refunded += amount
        lots.give_back(row, amount, at)
    return True


def adjust(purse_id: uuid.UUID, amount: int, *, key: str, why: Why) -> bool:
    """Correct what is available by a positive or negative amount and return True; False when this key did it before.

    Raises InsufficientCredits when less is available, KeyReused and PurseErased as `grant` does.
    """
    check_amount(abs(amount) if type(amount) is int else amount)
    full_key = f"adjust:{key}"
    route, size = (ADJUST_UP if amount > 0 else ADJUST_DOWN), abs(amount)
    with transaction.atomic():
        purse = lock(purse_id)
        available = purse.available
        if is_repeated(full_key, purse_id, size, source=route[1]):
            return False
        if purse.erased_at:
            raise PurseErased
        transfer_id = move(purse_id, route, size, full_key, why, None)
        if not transfer_id:
            raise InsufficientCredits(price=size, available=available)
        if amount < 0:
            lots.fit(purse_id, available - size)
            low.tell(purse_id, about=transfer_id, fallen=size)
    return True


def _hold_again(
    purse_id: uuid.UUID,
    orders: Sequence[tuple[uuid.UUID, int]],
    terms: Terms,
    note: Note | None,
) -> list[uuid.UUID]:
    """Say why nothing was held, or hold now that what stood in the way is gone."""
    earlier = Hold.objects.in_bulk([reference for reference, _ in orders], field_name="reference")
    if earlier:
        found = [(ref, row.amount) for ref, _ in orders if (row := earlier.get(ref))]
        if found != list(orders) or any(row.purse_id != purse_id for row in earlier.values()):
            raise KeyReused
        return [earlier[reference].pk for reference, _ in orders]
    purse = Purse.objects.filter(pk=purse_id).first()
    if purse is None:
        raise PurseUnknown
    if purse.frozen_at:
        raise PurseFrozen
    if purse.erased_at:
        raise PurseErased
    if purse.stopped_at:
        raise UserStopped
    price = sum(amount for _, amount in orders)
    if not lots.expire_purse(purse_id, terms.at) and purse.available < price:
        raise InsufficientCredits(price=price, available=purse.available)
    return hold_many(purse_id, orders, terms=terms, note=note)
