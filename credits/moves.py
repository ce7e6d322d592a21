"""One move: the purse's caches and the transfer that says so, in one statement. Only the ledger calls it."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from credits.errors import InvalidAmount, KeyReused, PurseUnknown
from credits.models import Bucket, Kind, Purse, Reason, Transfer
from credits.sql import MOVE
from genhub.lib.ids import new_id
from genhub.lib.planned import planned_cursor

# Far above any purse, far below what bigint holds, so that sums cannot overflow.
LARGEST_AMOUNT = 10**12
SYSTEM = "system"

Route = tuple[Kind, Bucket, Bucket]
GRANT: Route = (Kind.GRANT, Bucket.ISSUED, Bucket.AVAILABLE)
REFUND: Route = (Kind.REFUND, Bucket.REVENUE, Bucket.AVAILABLE)
EXPIRE: Route = (Kind.EXPIRE, Bucket.AVAILABLE, Bucket.EXPIRED)
OVERRUN: Route = (Kind.OVERRUN, Bucket.EXPOSURE, Bucket.REVENUE)
ADJUST_UP: Route = (Kind.ADJUST, Bucket.ISSUED, Bucket.AVAILABLE)
ADJUST_DOWN: Route = (Kind.ADJUST, Bucket.AVAILABLE, Bucket.ISSUED)


@dataclass(frozen=True)
class Why:
    """Who moved credits and for what reason; both stand in the transfer for ever."""

    actor: str
    reason: str


class Line(NamedTuple):
    """What is told of one transfer to whoever ordered."""

    id: uuid.UUID
    kind: str
    amount: int
    actor: str
    reason: str
    created_at: datetime


@dataclass
class Note:
    """What a transaction did with the credits of an order that is new in it, so that it can be told without reading it.

    Without lines it has to be read: more was done than the two statements say, or nothing.
    """

    lines: list[Line] = field(default_factory=list)
    captured: int = 0
    released: int = 0

    def begin(self, values: dict[str, Any], at: datetime) -> None:
        """Note the hold of one order."""
        [transfer_id], [amount] = values["transfers"], values["amounts"]
        self.lines = [Line(transfer_id, Kind.HOLD, amount, values["actor"], values["reason"], at)]

    def end(self, values: dict[str, Any], captured: int, released: int, at: datetime) -> None:
        """Note its settlement."""
        if values["due"] > captured:
            self.lines = []
        if not self.lines:
            return
        self.captured, self.released = captured, released
        for kind, amount in ((Kind.CAPTURE, captured), (Kind.RELEASE, released)):
            if amount:
                self.lines.append(
                    Line(values[f"{kind}_id"], kind, amount, values["actor"], values["reason"], at)
                )


GENERATION = Why(SYSTEM, Reason.GENERATION)
EDIT = Why(SYSTEM, Reason.EDIT)
GENERATION_FAILED = Why(SYSTEM, Reason.GENERATION_FAILED)
GENERATION_CANCELED = Why(SYSTEM, Reason.GENERATION_CANCELED)
LOT_EXPIRED = Why(SYSTEM, Reason.LOT_EXPIRED)


def lock(purse_id: uuid.UUID) -> Purse:
    """Return a purse with its row locked until the caller's transaction ends, or raise PurseUnknown."""
    row = Purse.objects.select_for_update().filter(pk=purse_id).first()
    if row is None:
        raise PurseUnknown
    return row


def check_amount(amount: int) -> None:
    """Raise InvalidAmount unless the amount is a whole number from 1 to LARGEST_AMOUNT."""
    # What comes from a form or a file may not be what the annotation says.
    if type(amount) is not int or not 1 <= amount <= LARGEST_AMOUNT:
        raise InvalidAmount(most=LARGEST_AMOUNT)


def is_repeated(key: str, purse_id: uuid.UUID, amount: int, source: Bucket | None = None) -> bool:
    """Return whether this key moved this before; raise KeyReused when it moved something else."""
    earlier = Transfer.objects.filter(key=key).first()
    if earlier and (
        (earlier.purse_id, earlier.amount) != (purse_id, amount)
        or source not in {None, earlier.source}
    ):
        raise KeyReused
    return earlier is not None


def must_move(
    purse_id: uuid.UUID,
    route: Route,
    amount: int,
    key: str,
    why: Why,
    hold_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Move, where a refusal can only mean that the caches lie: the caller's transaction must not commit."""
    transfer_id = move(purse_id, route, amount, key, why, hold_id)
    if transfer_id is None:
        raise AssertionError(f"{route[0]} of {amount} refused by purse {purse_id}: run the audit")
    return transfer_id


def move(
    purse_id: uuid.UUID,
    route: Route,
    amount: int,
    key: str,
    why: Why,
    hold_id: uuid.UUID | None,
) -> uuid.UUID | None:
    """Move the purse's caches, write the transfer and return its id in one statement; None when a bucket holds too
    little."""
    kind, source, target = route
    transfer_id = new_id()
    change = {source: -amount, target: amount}
    values: dict[str, Any] = {
        "available": change.get(Bucket.AVAILABLE, 0),
        "held": change.get(Bucket.HELD, 0),
        "purse": purse_id,
        "id": transfer_id,
        "source": source.value,
        "target": target.value,
        "amount": amount,
        "kind": kind.value,
        "key": key,
        "hold": hold_id,
        "actor": why.actor,
        "reason": str(why.reason),
    }
    with planned_cursor() as cursor:
        cursor.execute(MOVE, values)
        return transfer_id if cursor.rowcount == 1 else None


def ask(statement: str, values: dict[str, Any]) -> tuple[Any, ...] | None:
    """Run a statement and return its only row, or None when it found nothing to do."""
    with planned_cursor() as cursor:
        cursor.execute(statement, values)
        found: tuple[Any, ...] | None = cursor.fetchone()
    return found
