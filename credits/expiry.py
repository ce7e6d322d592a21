"""What the loops end when its time is over: lots with credits, and holds that nobody settled."""

import uuid
from datetime import datetime
from functools import partial

from credits import ledger, lots
from credits.errors import HoldNotOpen
from credits.models import Hold, Purse, Reason
from genhub.lib.sweeps import alone

MOST_AT_A_TIME = 500
HOLD_EXPIRED = ledger.Why(ledger.SYSTEM, Reason.HOLD_EXPIRED)


def expire_lots(at: datetime | None = None) -> int:
    """Expire every lot whose time is over (of a frozen purse: later) and return how many."""
    frozen = Purse.objects.filter(frozen_at__isnull=False).values("pk")
    purses = lots.due(at).exclude(purse_id__in=frozen).order_by("purse_id").values_list("purse_id")
    ids = [row[0] for row in purses.distinct()[:MOST_AT_A_TIME]]
    return sum(alone(partial(lots.expire_purse, purse_id, at)) for purse_id in ids)


def expire_holds(at: datetime | None = None) -> int:
    """Release every hold that is open past its time and return how many: the net under orders that nobody ends."""
    late = Hold.objects.filter(settled_at=None, expires_at__lte=lots.clock(at))
    ids = list(late.order_by("expires_at").values_list("pk", flat=True)[:MOST_AT_A_TIME])
    return sum(alone(partial(expire_hold, hold_id, at)) for hold_id in ids)


def expire_hold(hold_id: uuid.UUID, at: datetime | None = None) -> bool:
    """Release one hold because its time is over; False when it was settled before."""
    try:
        ledger.release(hold_id, why=HOLD_EXPIRED, at=at)
    except HoldNotOpen:
        return False
    return True
