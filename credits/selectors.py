"""Every read of the ledger."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from credits.models import Hold, Kind, Purse, Transfer
from genhub.lib.ids import oldest_id


@dataclass(frozen=True)
class Balance:
    """A purse's whole credits: free to spend, and reserved for orders under way."""

    available: int
    held: int


@dataclass(frozen=True)
class HoldView:
    """What became of the credits of one order."""

    held: int
    captured: int
    released: int
    refunded: int


@dataclass(frozen=True)
class Turnover:
    """What was captured and refunded in some time."""

    captured: int
    refunded: int


def find_balance(platform_id: uuid.UUID, user: str) -> Balance:
    """Return the balance of a (platform, user); a purse nobody opened yet is empty."""
    row = Purse.objects.filter(platform_id=platform_id, user=user).first()
    return Balance(row.available, row.held) if row else Balance(0, 0)


def view_holds(references: list[uuid.UUID]) -> dict[uuid.UUID, HoldView]:
    """Return what became of each order's hold, by the order's id; an order of price 0 has none."""
    return {
        row.reference: HoldView(
            held=row.amount - row.captured - row.released,
            captured=row.captured,
            released=row.released,
            refunded=row.refunded,
        )
        for row in Hold.objects.filter(reference__in=references)
    }


def statement(purse_id: uuid.UUID) -> QuerySet[Transfer]:
    """Return a purse's transfers, newest first."""
    return Transfer.objects.filter(purse_id=purse_id).order_by("-purse_version")


def find_hold(reference: uuid.UUID) -> uuid.UUID | None:
    """Return the id of an order's hold, or None for an order of price 0."""
    return Hold.objects.filter(reference=reference).values_list("pk", flat=True).first()


def find_purse(platform_id: uuid.UUID, user: str) -> uuid.UUID | None:
    """Return the id of the purse of a (platform, user), or None when nobody opened one yet."""
    purses = Purse.objects.filter(platform_id=platform_id, user=user)
    return purses.values_list("pk", flat=True).first()


def sum_turnover(age: timedelta) -> Turnover:
    """Return what all purses together paid and got back in the last hours; reads only those hours' rows."""
    sums = Transfer.objects.filter(pk__gte=oldest_id(age)).aggregate(
        captured=Coalesce(Sum("amount", filter=Q(kind=Kind.CAPTURE)), 0),
        refunded=Coalesce(Sum("amount", filter=Q(kind=Kind.REFUND)), 0),
    )
    return Turnover(**sums)
