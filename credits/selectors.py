"""Every read of the ledger."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Abs, Coalesce, Now

from credits.entries import Filters, describe_line
from credits.models import AuditRun, GrantRequest, GrantState, Hold, Kind, Lot, Purse, Transfer
from credits.moves import Line, Note
from genhub.lib.ids import oldest_id
from genhub.lib.planned import planned_cursor
from genhub.lib.prepared import NO_ID, Prepared, PreparedCount

# More are of no use to a reader.
MOST_LOTS = 20


@dataclass(frozen=True)
class Balance:
    """A purse's whole credits: free to spend, and reserved for orders under way."""

    available: int
    held: int
    purse_id: uuid.UUID | None = None
    is_frozen: bool = False
    is_stopped: bool = False


@dataclass(frozen=True)
class HoldView:
    """What became of the credits of one order."""

    held: int
    captured: int
    released: int
    refunded: int


SUMS = """
    SELECT w.group_id, sum(h.amount - h.captured - h.released), sum(h.captured), sum(h.released), sum(h.refunded)
      FROM unnest(%(orders)s::uuid[], %(groups)s::uuid[]) AS w(reference, group_id)
      JOIN credits_hold h ON h.reference = w.reference
     GROUP BY w.group_id
"""
# For a statement that reads more than these: one column each.
PURSE_OF = """
    (SELECT id FROM credits_purse WHERE platform_id = %(platform_id)s AND "user" = %(user)s)
"""
IS_STOPPED = """
    coalesce((SELECT stopped_at IS NOT NULL FROM credits_purse
               WHERE platform_id = %(platform_id)s AND "user" = %(user)s), false)
"""
EXPLAIN = f"""
    SELECT h.reference, h.amount - h.captured - h.released, h.captured, h.released, h.refunded,
           {", ".join(f"t.{name}" for name in Line._fields)}
      FROM credits_hold h
      JOIN credits_transfer t ON t.hold_id = h.id
     WHERE h.reference = ANY (%s)
     ORDER BY t.purse_version
"""  # noqa: S608 (our own text)
# What an order of price 0 has.
NO_HOLD = HoldView(0, 0, 0, 0)


@dataclass(frozen=True)
class Explained:
    """What became of an order's credits, and each move of them as a line."""

    hold: HoldView
    lines: list[dict[str, Any]]


@dataclass(frozen=True)
class Turnover:
    """What was captured and refunded in some time."""

    captured: int
    refunded: int


def find_balance(platform_id: uuid.UUID, user: str) -> Balance:
    """Return the balance of a (platform, user); a purse nobody opened yet is empty."""
    row = get_purse(platform_id, user)
    if row is None:
        return Balance(0, 0)
    marks = {"is_frozen": row.frozen_at is not None, "is_stopped": row.stopped_at is not None}
    return Balance(row.available, row.held, row.pk, **marks)


def view_holds(references: list[uuid.UUID]) -> dict[uuid.UUID, HoldView]:
    """Return what became of each order's hold, by the order's id; an order of price 0 has none."""
    return {row.reference: view_hold(row) for row in Hold.objects.filter(reference__in=references)}


def view_hold(hold: Hold) -> HoldView:
    """Return what became of one hold."""
    return HoldView(
        held=hold.amount - hold.captured - hold.released,
        captured=hold.captured,
        released=hold.released,
        refunded=hold.refunded,
    )


def sum_holds(groups: Mapping[uuid.UUID, uuid.UUID]) -> dict[uuid.UUID, HoldView]:
    """Return what became of the holds of groups of orders (order: group), by group; one of free orders has none."""
    with planned_cursor() as cursor:
        cursor.execute(SUMS, {"orders": list(groups), "groups": list(groups.values())})
        return {
            group: HoldView(*(int(amount) for amount in sums)) for group, *sums in cursor.fetchall()
        }


def explain_holds(references: list[uuid.UUID]) -> dict[uuid.UUID, Explained]:
    """Return what became of each order's hold and the lines that say so, oldest first; an order of price 0 has none.

    One statement, so that sums and lines are of the same moment.
    """
    found: dict[uuid.UUID, Explained] = {}
    if not references:
        return found
    with planned_cursor() as cursor:
        cursor.execute(EXPLAIN, [references])
        for reference, held, captured, released, refunded, *columns in cursor.fetchall():
            new = Explained(HoldView(held, captured, released, refunded), [])
            found.setdefault(reference, new).lines.append(describe_line(Line(*columns)))
    return found


def explain_noted(note: Note) -> Explained | None:
    """Return the same of an order whose transaction noted all that it did, or None where it has to be read."""
    if not note.lines:
        return None
    held = note.lines[0].amount - note.captured - note.released
    hold = HoldView(held, note.captured, note.released, 0)
    return Explained(hold, [describe_line(line) for line in note.lines])


def statement(purse_id: uuid.UUID) -> QuerySet[Transfer]:
    """Return a purse's transfers, newest first."""
    return Transfer.objects.filter(purse_id=purse_id).order_by("-purse_version")


def find_entries(purse_id: uuid.UUID | None, filters: Filters) -> QuerySet[Transfer]:
    """Return the transfers of a purse that were asked for, with their holds, newest first; None: no purse, no entry.

    Newest is the highest version of the purse, the one order that no clock disturbs.
    """
    if purse_id is None:
        return Transfer.objects.none()
    moves = with_expiry(statement(purse_id))
    if filters.kind is not None:
        moves = moves.filter(kind=filters.kind)
    if filters.task is not None:
        moves = moves.filter(hold__reference=filters.task)
    if filters.since is not None:
        moves = moves.filter(created_at__gte=filters.since)
    if filters.until is not None:
        moves = moves.filter(created_at__lt=filters.until)
    return moves


def list_moves_of(reference: uuid.UUID) -> QuerySet[Transfer]:
    """Return the transfers of what was held for a reference, oldest first."""
    return Transfer.objects.filter(hold__reference=reference).order_by("purse_version")


def find_entry(key: str) -> Transfer:
    """Return the transfer that a key moved, with all that an entry needs."""
    return with_expiry(Transfer.objects.all()).get(key=key)


def with_expiry(moves: QuerySet[Transfer]) -> QuerySet[Transfer]:
    """Return transfers with their holds, and of grants when their credits expire: a lot has the id of its grant."""
    lot = Lot.objects.filter(pk=OuterRef("pk"))
    return moves.select_related("hold").annotate(expires_at=Subquery(lot.values("expires_at")))


def list_expiring(purse_id: uuid.UUID, *, live: bool = False) -> list[Lot]:
    """Return the lots of a purse that hold credits, soonest to expire first, at most MOST_LOTS; `live`: whose time is
    not over."""
    lots = Lot.objects.filter(purse_id=purse_id, remaining__gt=0)
    if live:
        lots = lots.filter(expires_at__gt=Now())
    return list(lots.order_by("expires_at", "id")[:MOST_LOTS])


def find_hold(reference: uuid.UUID) -> uuid.UUID | None:
    """Return the id of an order's hold, or None for an order of price 0."""
    found = OF_ORDER.find(reference)
    return found[0].pk if found else None


# Each end of an order asks.
OF_ORDER: Prepared[Hold] = Prepared(
    lambda reference: Hold.objects.filter(reference=reference).order_by("pk")[:1], NO_ID
)


def find_purse(platform_id: uuid.UUID, user: str) -> uuid.UUID | None:
    """Return the id of the purse of a (platform, user), or None when nobody opened one yet."""
    purses = Purse.objects.filter(platform_id=platform_id, user=user)
    return purses.values_list("pk", flat=True).first()


def get_purse(platform_id: uuid.UUID, user: str) -> Purse | None:
    """Return the purse of a (platform, user), or None when nobody opened one yet."""
    return Purse.objects.filter(platform_id=platform_id, user=user).first()


def has_purse(platform: str, user: str) -> Exists:
    """Return the condition that a user of this name has a purse at the platform that stands in a row's column."""
    return Exists(Purse.objects.filter(platform=OuterRef(platform), user=user))


def is_erased(platform: str, user: str) -> Exists:
    """Return the condition that the data of a row's owner, who stands in these columns, was deleted on their wish."""
    gone = Purse.objects.filter(erased_at__isnull=False)
    return Exists(gone.filter(platform=OuterRef(platform), user=OuterRef(user)))


def find_last_audit() -> AuditRun | None:
    """Return the newest audit, or None before the first."""
    return AuditRun.objects.first()


def sum_turnover(age: timedelta) -> Turnover:
    """Return what all purses together paid and got back in the last hours; reads only those hours' rows."""
    return add_up(Transfer.objects.filter(pk__gte=oldest_id(age)))


def sum_turnover_of(stretches: Sequence[tuple[datetime, datetime]]) -> Turnover:
    """Return what all purses together paid and got back in stretches of time, each from one moment until another; reads
    only those rows."""
    if not stretches:
        return Turnover(captured=0, refunded=0)
    when = Q()
    for begin, end in stretches:
        when |= Q(created_at__gte=begin, created_at__lt=end)
    return add_up(Transfer.objects.filter(when))


def add_up(moves: QuerySet[Transfer]) -> Turnover:
    """Return what was paid and given back by transfers."""
    sums = moves.aggregate(
        captured=Coalesce(Sum("amount", filter=Q(kind=Kind.CAPTURE)), 0),
        refunded=Coalesce(Sum("amount", filter=Q(kind=Kind.REFUND)), 0),
    )
    return Turnover(**sums)


def sum_given_alone(person_id: int, age: timedelta) -> int:
    """Return how many credits a person gave or took by hand in the last hours, by the database's clock, without
    anybody's approval; what was taken counts like what was given."""
    alone = GrantRequest.objects.filter(
        requested_by_id=person_id, decided_by=None, state=GrantState.DONE
    )
    recent = alone.filter(created_at__gt=Now() - age)
    return int(recent.aggregate(sum=Sum(Abs("amount")))["sum"] or 0)


# How many grants and corrections wait for approval.
PENDING_GRANTS: Final = PreparedCount(lambda: GrantRequest.objects.filter(state=GrantState.PENDING))


def find_approved(transfer_ids: list[uuid.UUID]) -> dict[uuid.UUID, GrantRequest]:
    """Return the requests that a second person approved, by the transfer that each moved."""
    rows = GrantRequest.objects.filter(transfer__in=transfer_ids, decided_by__isnull=False)
    return {row.transfer_id: row for row in rows.select_related("decided_by") if row.transfer_id}


def sum_moved(since: datetime, until: datetime) -> dict[tuple[str, str], int]:
    """Return the credits that were moved from one time to before another, by kind and by the side that gave them."""
    moved = Transfer.objects.filter(created_at__gte=since, created_at__lt=until)
    rows = moved.order_by().values_list("kind", "source").annotate(moved=Sum("amount"))
    return {(kind, source): amount for kind, source, amount in rows}
