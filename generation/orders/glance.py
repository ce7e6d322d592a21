"""What an order needs to know before it is judged and written, read in one statement instead of seven."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from credits.errors import UserStopped
from credits.selectors import IS_STOPPED, PURSE_OF
from generation.orders import backlog
from generation.orders.backlog import Bound
from genhub.lib.planned import planned_cursor
from genhub.lib.remembered import Marks, marks_column
from genhub.platforms import idempotency

# A user's places in the queues: a few rows.
SHARES = """
    (SELECT json_object_agg(queue || ' ' || priority, id) FROM generation_share
      WHERE platform_id = %(platform_id)s AND "user" = %(user)s)
"""


@dataclass(frozen=True)
class Glance:
    """What its key made before, what is under way, the user's purse and places where there are any, in which state the
    remembered tables are, and whether staff stopped the user."""

    earlier: uuid.UUID | None
    bounds: list[Bound]
    purse_id: uuid.UUID | None
    shares: Mapping[str, int]
    marks: Marks
    is_stopped: bool = False

    def find_share(self, queue: str, priority: int) -> int | None:
        """Return the user's place in a queue, or None where there was none."""
        return self.shares.get(f"{queue} {priority}")

    def check_allowed(self) -> None:
        """Refuse the order of a user whom staff stopped before anybody looks at it; the ledger looks once more."""
        if self.is_stopped:
            raise UserStopped


def take(use: idempotency.Use) -> Glance:
    """Return what stands now; raise IdempotencyKeyReused when the key was sent with another body."""
    with planned_cursor() as cursor:
        cursor.execute(
            f"SELECT {idempotency.EARLIER}, {backlog.UNDER_WAY}, {PURSE_OF}, {SHARES}, "
            f"{IS_STOPPED}, statement_timestamp(), {marks_column()}",
            vars(use),
        )
        found = cursor.fetchone()
    earlier, *under_way, purse_id, shares, is_stopped, now, marks = found
    return Glance(
        idempotency.judge_earlier(use, earlier),
        backlog.bounds_of(*under_way),
        purse_id,
        shares or {},
        Marks(now, tuple(marks)),
        is_stopped,
    )
