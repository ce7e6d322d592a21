"""A purse whose books were found wrong is frozen: it takes no new hold until a person has stated its true balance."""

import uuid

from django.db import transaction
from django.db.models import Max, Sum
from django.db.models.functions import Now

from credits import lots
from credits.errors import BooksMoved, InvalidAmount, KeyReused, NotFrozen
from credits.models import Freeze, Hold, HoldState, Purse, Transfer
from credits.moves import ADJUST_DOWN, ADJUST_UP, LARGEST_AMOUNT, Why, lock
from genhub.lib.ids import new_id


@transaction.atomic
def freeze(purse_id: uuid.UUID, checks: list[str]) -> bool:
    """Freeze a purse because these checks of the audit are broken; False when it is frozen already."""
    if lock(purse_id).frozen_at:
        return False
    Purse.objects.filter(pk=purse_id).update(frozen_at=Now())
    Freeze.objects.create(purse_id=purse_id, checks=checks)
    return True


@transaction.atomic
def unfreeze(
    purse_id: uuid.UUID, *, available: int, key: str, why: Why, seen: int | None = None
) -> None:
    """Set the balance that a person states, say so in the statement, and let the purse pay again.

    What is held becomes the sum of the open holds. The audit proves the purse anew from here: earlier transfers stay as
    they are, wrong or not. `seen` is the purse's version that the person looked at: what moved since is in no statement
    of theirs. Raises NotFrozen, InvalidAmount, KeyReused, BooksMoved.
    """
    if type(available) is not int or not 0 <= available <= LARGEST_AMOUNT:
        raise InvalidAmount(most=LARGEST_AMOUNT)
    purse = lock(purse_id)
    if purse.frozen_at is None:
        raise NotFrozen
    if Transfer.objects.filter(key=f"adjust:{key}").exists():
        raise KeyReused
    if seen not in {None, purse.version}:
        raise BooksMoved
    open_holds = Hold.objects.filter(purse_id=purse_id, state=HoldState.OPEN)
    held = open_holds.aggregate(sum=Sum("amount"))["sum"] or 0
    moves = Transfer.objects.filter(purse_id=purse_id)
    version = max(purse.version, moves.aggregate(last=Max("purse_version"))["last"] or 0)
    difference = find_difference(purse_id, available)
    if difference:
        version += 1
        kind, source, target = ADJUST_UP if difference > 0 else ADJUST_DOWN
        Transfer.objects.create(
            id=new_id(),
            purse_id=purse_id,
            kind=kind,
            source=source,
            target=target,
            amount=abs(difference),
            key=f"adjust:{key}",
            actor=why.actor,
            reason=why.reason,
            purse_version=version,
            available_after=available,
            held_after=held,
        )
    stated = {"available": available, "held": held, "version": version}
    Purse.objects.filter(pk=purse_id).update(frozen_at=None, **stated)
    Freeze.objects.filter(purse_id=purse_id, lifted_at=None).update(
        lifted_at=Now(), lifted_by=why.actor, reason=why.reason, **stated
    )
    lots.mend(purse_id)
    lots.fit(purse_id, available)


def find_difference(purse_id: uuid.UUID, available: int) -> int:
    """Return how many credits stating this balance moves: what the last transfer left is where it moves them from."""
    last = Transfer.objects.filter(purse_id=purse_id).order_by("-purse_version").first()
    return available - (last.available_after if last else 0)
