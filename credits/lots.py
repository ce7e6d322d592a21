"""Lots follow the purse, in the same transaction and under its row's lock: first to expire, first to go.

Every function here but `expire_purse` expects that its caller holds the purse's row lock.
"""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Min, Q, QuerySet
from django.db.models.functions import Now

from credits import low
from credits.errors import ExpiryPast
from credits.models import Hold, Lot, LotUse, Purse
from credits.moves import EXPIRE, LOT_EXPIRED, lock, must_move

# None of these lots is due: the hold's own statement refuses while one is.
DRAW = """
    WITH line AS (
        SELECT id, remaining, sum(remaining) OVER (ORDER BY expires_at, id) - remaining AS before
          FROM credits_lot WHERE purse_id = %(purse)s AND remaining > 0
    ), taken AS (
        SELECT id, least(remaining, %(amount)s - before)::bigint AS amount FROM line WHERE before < %(amount)s
    ), drawn AS (
        UPDATE credits_lot l SET remaining = l.remaining - taken.amount FROM taken WHERE l.id = taken.id
    )
    INSERT INTO credits_lotuse (hold_id, lot_id, amount) SELECT %(hold)s, id, amount FROM taken
"""

# What expires first is captured first, so that what is released lives longest.
SETTLE = """
    WITH line AS (
        SELECT u.id, u.lot_id, u.amount, sum(u.amount) OVER (ORDER BY l.expires_at, l.id) - u.amount AS before
          FROM credits_lotuse u JOIN credits_lot l ON l.id = u.lot_id WHERE u.hold_id = %(hold)s
    ), split AS (
        SELECT id, lot_id, amount, greatest(0, least(amount, %(captured)s - before))::bigint AS captured FROM line
    ), used AS (
        UPDATE credits_lotuse u SET captured = split.captured FROM split WHERE u.id = split.id
    )
    UPDATE credits_lot l SET remaining = l.remaining + split.amount - split.captured
      FROM split WHERE l.id = split.lot_id AND split.amount > split.captured
"""

# What holds have of a lot comes back to it one day, and must then find room.
MEND = """
    WITH free AS (
        SELECT l.id, greatest(0, l.amount - l.expired - coalesce(sum(
                   CASE h.state WHEN 'open' THEN u.amount ELSE u.captured - u.returned END), 0))::bigint AS amount
          FROM credits_lot l
          LEFT JOIN credits_lotuse u ON u.lot_id = l.id
          LEFT JOIN credits_hold h ON h.id = u.hold_id
         WHERE l.purse_id = %(purse)s
         GROUP BY l.id
    )
    UPDATE credits_lot l SET remaining = free.amount FROM free WHERE l.id = free.id AND l.remaining > free.amount
"""


def clock(at: datetime | None) -> datetime | Now:
    """Return the time to judge by: the database's, unless a test says another."""
    return at or Now()


def open_lot(
    lot_id: uuid.UUID,
    purse_id: uuid.UUID,
    amount: int,
    expires_at: datetime,
    at: datetime | None = None,
) -> None:
    """Add a lot for credits that were just put in; raise ExpiryPast when it would be dead at once.

    It takes its id from the grant's transfer, so that a statement can say when what was granted expires.
    """
    lot = Lot.objects.create(
        id=lot_id, purse_id=purse_id, amount=amount, remaining=amount, expires_at=expires_at
    )
    if Lot.objects.filter(pk=lot.pk, expires_at__lte=clock(at)).exists():
        raise ExpiryPast
    follow(purse_id)


def draw(purse_id: uuid.UUID, hold_id: uuid.UUID, amount: int) -> None:
    """Take a hold's credits out of the purse's lots, earliest expiring first; what no lot covers never expires."""
    with connection.cursor() as cursor:
        cursor.execute(DRAW, {"purse": purse_id, "hold": hold_id, "amount": amount})


def settle(hold_id: uuid.UUID, captured: int) -> None:
    """Split what a hold took of its lots into captured, and released back to the lot."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, {"hold": hold_id, "captured": captured})


def give_back(hold: Hold, amount: int, at: datetime | None) -> None:
    """Return refunded credits to where they came from: first to those that never expire, then to the lots, the latest
    expiring first. What came from an expired lot gets a new one that lives for REFUND_GRACE_DAYS.

    `hold` is the row after the refund was counted.
    """
    uses = list(
        LotUse.objects.filter(hold=hold)
        .select_related("lot")
        .annotate(is_live=Q(lot__expires_at__gt=clock(at)))
        .order_by("-lot__expires_at", "-lot_id")
    )
    drawn = sum(use.captured for use in uses)
    back = sum(use.returned + use.moved for use in uses)
    lotless_left = (hold.captured - drawn) - (hold.refunded - amount - back)
    rest = max(amount - lotless_left, 0)
    for use in uses:
        part = min(rest, use.captured - use.returned - use.moved)
        rest -= part
        if part and use.is_live:
            LotUse.objects.filter(pk=use.pk).update(returned=F("returned") + part)
            Lot.objects.filter(pk=use.lot_id).update(remaining=F("remaining") + part)
        elif part:
            LotUse.objects.filter(pk=use.pk).update(moved=F("moved") + part)
            Lot.objects.create(
                purse_id=hold.purse_id,
                amount=part,
                remaining=part,
                expires_at=clock(at) + timedelta(days=settings.REFUND_GRACE_DAYS),
                restores=use.lot,
            )
    if uses:
        follow(hold.purse_id)


def due(at: datetime | None) -> QuerySet[Lot]:
    """Return every lot whose time is over and that still holds credits."""
    return Lot.objects.filter(remaining__gt=0, expires_at__lte=clock(at))


def expire_purse(purse_id: uuid.UUID, at: datetime | None = None) -> int:
    """Expire what is due of one purse's lots and return how many lots that were; a frozen purse waits."""
    with transaction.atomic():
        if lock(purse_id).frozen_at:
            follow(purse_id)
            return 0
        return expire_due(purse_id, at)


def expire_due(purse_id: uuid.UUID, at: datetime | None) -> int:
    """Take what is due of a locked purse's lots; the transfers say so in its statement."""
    lots = list(due(at).filter(purse_id=purse_id).order_by("expires_at", "id"))
    for lot in lots:
        # What a hold gives back later expires by a further transfer, so the key says how much went before.
        key = f"expire:{lot.pk}:{lot.expired}"
        transfer_id = must_move(purse_id, EXPIRE, lot.remaining, key, LOT_EXPIRED)
        low.tell(purse_id, about=transfer_id, fallen=lot.remaining)
        Lot.objects.filter(pk=lot.pk).update(remaining=0, expired=F("expired") + lot.remaining)
    follow(purse_id)
    return len(lots)


def mend(purse_id: uuid.UUID) -> None:
    """Let no lot hold more than what neither expired nor was used of it: after a freeze, whose cause may be a lot."""
    with connection.cursor() as cursor:
        cursor.execute(MEND, {"purse": purse_id})


def fit(purse_id: uuid.UUID, available: int) -> None:
    """Shrink lots, the latest expiring first, until they hold no more than is available: after an adjustment."""
    lots = list(Lot.objects.filter(purse_id=purse_id, remaining__gt=0).order_by("-expires_at"))
    excess = sum(lot.remaining for lot in lots) - available
    for lot in lots:
        part = min(max(excess, 0), lot.remaining)
        excess -= part
        if part:
            changed = {"amount": F("amount") - part, "remaining": F("remaining") - part}
            Lot.objects.filter(pk=lot.pk).update(**changed)
    follow(purse_id)


def follow(purse_id: uuid.UUID) -> None:
    """Note on the purse when the first of its lots with credits expires."""
    soonest = Lot.objects.filter(purse_id=purse_id, remaining__gt=0).aggregate(at=Min("expires_at"))
    Purse.objects.filter(pk=purse_id).update(expires_next_at=soonest["at"])
