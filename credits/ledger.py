"""The only way to move credits. Each move is one conditional statement; the caller brings the transaction.

Lock order everywhere: hold, then purse. Keys are unique, so that a move that is run again finds itself done.
"""

import uuid
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from credits.errors import (
    HoldNotOpen,
    InsufficientCredits,
    InvalidAmount,
    KeyReused,
    RefundTooLarge,
)
from credits.models import ROUTES, Bucket, Hold, HoldState, Kind, Purse, Reason, Transfer
from genhub.lib.ids import new_id

# Far above any purse, far below what bigint holds, so that sums cannot overflow.
LARGEST_AMOUNT = 10**12
SYSTEM = "system"

MOVE = """
    WITH moved AS (
        UPDATE credits_purse
           SET available = available + %(available)s, held = held + %(held)s, version = version + 1
         WHERE id = %(purse)s
           AND available + %(available)s >= 0
           AND held + %(held)s >= 0
     RETURNING id, available, held, version
    )
    INSERT INTO credits_transfer
           (id, purse_id, source, target, amount, kind, key, hold_id, actor, reason,
            purse_version, available_after, held_after)
    SELECT %(id)s, id, %(source)s, %(target)s, %(amount)s, %(kind)s, %(key)s, %(hold)s, %(actor)s,
           %(reason)s, version, available, held
      FROM moved
"""


@dataclass(frozen=True)
class Why:
    """Who moved credits and for what reason; both stand in the transfer for ever."""

    actor: str
    reason: str


GENERATION = Why(SYSTEM, Reason.GENERATION)
GENERATION_FAILED = Why(SYSTEM, Reason.GENERATION_FAILED)


def open_purse(platform_id: uuid.UUID, user: str) -> Purse:
    """Return the purse of a (platform, user), empty and new on first sight."""
    return Purse.objects.get_or_create(platform_id=platform_id, user=user)[0]


def grant(purse_id: uuid.UUID, amount: int, *, key: str, why: Why) -> bool:
    """Put credits in and return True; False when this key did it before, KeyReused if it did something else."""
    check_amount(amount)
    return _move_once(purse_id, Kind.GRANT, amount, key=f"grant:{key}", why=why)


def hold(purse_id: uuid.UUID, amount: int, *, reference: uuid.UUID) -> uuid.UUID:
    """Reserve credits for an order and return the hold's id; raise InsufficientCredits when they are not there."""
    check_amount(amount)
    row = Hold(id=new_id(), purse_id=purse_id, reference=reference, amount=amount)
    with transaction.atomic():
        # The hold's row comes first since the transfer points at it.
        row.save(force_insert=True)
        if not _move(purse_id, Kind.HOLD, amount, f"hold:{reference}", GENERATION, row.pk):
            available = Purse.objects.values_list("available", flat=True).get(pk=purse_id)
            raise InsufficientCredits(price=amount, available=available)
    return row.pk


def settle(hold_id: uuid.UUID, captured: int, *, why: Why = GENERATION) -> None:
    """Capture a part of a hold (0 to all of it) and release the rest; raise HoldNotOpen the second time.

    One key, `settle:<hold>`, belongs to whichever transfer comes first, so capture, release and expiry exclude
    each other in the database too.
    """
    # As in check_amount: an adapter or a form may bring what the annotation does not say.
    if type(captured) is not int or captured < 0:
        raise InvalidAmount(most=LARGEST_AMOUNT)
    with transaction.atomic():
        settled = Hold.objects.filter(
            pk=hold_id, state=HoldState.OPEN, amount__gte=captured
        ).update(
            state=HoldState.SETTLED,
            captured=captured,
            released=F("amount") - captured,
            settled_at=Now(),
        )
        if not settled:
            raise HoldNotOpen
        row = Hold.objects.get(pk=hold_id)
        key = f"settle:{hold_id}"
        if row.captured:
            _must_move(row.purse_id, Kind.CAPTURE, row.captured, key, why, hold_id)
            key += ":rest"
        if row.released:
            _must_move(row.purse_id, Kind.RELEASE, row.released, key, why, hold_id)


def release(hold_id: uuid.UUID, *, why: Why = GENERATION_FAILED) -> None:
    """Give a whole hold back; raise HoldNotOpen when it is settled."""
    settle(hold_id, 0, why=why)


def refund(hold_id: uuid.UUID, amount: int, *, key: str, why: Why) -> bool:
    """Give captured credits back and return True; False when this key did it before.

    Raises RefundTooLarge above what is left of the capture, KeyReused as `grant` does.
    """
    check_amount(amount)
    full_key = f"refund:{hold_id}:{key}"
    with transaction.atomic():
        purse_id = (
            Hold.objects.select_for_update().values_list("purse_id", flat=True).get(pk=hold_id)
        )
        if _is_repeated(full_key, purse_id, amount):
            return False
        counted = Hold.objects.filter(pk=hold_id, captured__gte=F("refunded") + amount).update(
            refunded=F("refunded") + amount
        )
        if not counted:
            raise RefundTooLarge
        _must_move(purse_id, Kind.REFUND, amount, full_key, why, hold_id)
    return True


def check_amount(amount: int) -> None:
    """Raise InvalidAmount unless the amount is a whole number from 1 to LARGEST_AMOUNT."""
    # What comes from a form or a file may not be what the annotation says.
    if type(amount) is not int or not 1 <= amount <= LARGEST_AMOUNT:
        raise InvalidAmount(most=LARGEST_AMOUNT)


def _move_once(purse_id: uuid.UUID, kind: Kind, amount: int, *, key: str, why: Why) -> bool:
    if _is_repeated(key, purse_id, amount):
        return False
    try:
        with transaction.atomic():
            _must_move(purse_id, kind, amount, key, why, None)
    except IntegrityError:
        # Somebody used the key in between; only an equal transfer makes this call a repetition.
        if not _is_repeated(key, purse_id, amount):
            raise
        return False
    return True


def _is_repeated(key: str, purse_id: uuid.UUID, amount: int) -> bool:
    earlier = Transfer.objects.filter(key=key).first()
    if earlier and (earlier.purse_id, earlier.amount) != (purse_id, amount):
        raise KeyReused
    return earlier is not None


def _must_move(
    purse_id: uuid.UUID, kind: Kind, amount: int, key: str, why: Why, hold_id: uuid.UUID | None
) -> None:
    """Move, where a refusal can only mean that the caches lie: the caller's transaction must not commit."""
    if not _move(purse_id, kind, amount, key, why, hold_id):
        raise AssertionError(f"{kind} of {amount} refused by purse {purse_id}: run the audit")


def _move(
    purse_id: uuid.UUID, kind: Kind, amount: int, key: str, why: Why, hold_id: uuid.UUID | None
) -> bool:
    """Move the purse's caches and write the transfer in one statement; False when a bucket holds too little."""
    source, target = ROUTES[kind]
    change = {source: -amount, target: amount}
    with connection.cursor() as cursor:
        cursor.execute(
            MOVE,
            {
                "available": change.get(Bucket.AVAILABLE, 0),
                "held": change.get(Bucket.HELD, 0),
                "purse": purse_id,
                "id": new_id(),
                "source": source.value,
                "target": target.value,
                "amount": amount,
                "kind": kind.value,
                "key": key,
                "hold": hold_id,
                "actor": why.actor,
                "reason": str(why.reason),
            },
        )
        return bool(cursor.rowcount == 1)
