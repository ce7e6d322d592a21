"""Reads of endpoints and deliveries; those of apps start from their platform."""

import uuid
from datetime import timedelta
from typing import Final

from django.db.models import Count, Min, QuerySet
from django.db.models.functions import Now

from genhub.lib.clock import NOW
from genhub.lib.ids import from_wire
from genhub.lib.prepared import PreparedCount
from genhub.webhooks.models import DELIVERY, ENDPOINT, Delivery, Endpoint


def list_endpoints(platform_id: uuid.UUID) -> QuerySet[Endpoint]:
    """Return a platform's endpoints, newest first."""
    return Endpoint.objects.filter(platform_id=platform_id, removed_at=None)


def find_endpoint(platform_id: uuid.UUID, wire_id: str) -> Endpoint | None:
    """Return one of a platform's endpoints, or None when there is none of this id among theirs."""
    return list_endpoints(platform_id).filter(pk=from_wire(ENDPOINT, wire_id)).first()


def list_deliveries(endpoint: Endpoint) -> QuerySet[Delivery]:
    """Return an endpoint's deliveries with their messages, newest first."""
    rows = Delivery.objects.filter(endpoint=endpoint).order_by("-id")
    return rows.select_related("message", "endpoint")


def list_deliveries_about(about: uuid.UUID) -> QuerySet[Delivery]:
    """Return the deliveries of all that is told of one thing, with their messages and endpoints, oldest first."""
    rows = Delivery.objects.filter(message__about=about).order_by("id")
    return rows.select_related("message", "endpoint")


def find_delivery(endpoint: Endpoint, wire_id: str) -> Delivery | None:
    """Return one delivery of an endpoint, or None."""
    return list_deliveries(endpoint).filter(pk=from_wire(DELIVERY, wire_id)).first()


def read_lag() -> tuple[int, timedelta]:
    """Return how many deliveries are due, and for how long the oldest of them is."""
    due = Delivery.objects.filter(state=Delivery.State.WAITING, due_at__lte=Now())
    found = due.aggregate(number=Count("pk"), lag=NOW - Min("due_at"))
    return found["number"], found["lag"] or timedelta()


def count_given_up() -> int:
    """Return how many endpoints are off though nobody asked for it: what staff are told."""
    return GIVEN_UP.count()


GIVEN_UP: Final = PreparedCount(
    lambda: Endpoint.objects.filter(is_enabled=False, removed_at=None).exclude(
        disabled_why=Endpoint.Why.ASKED
    )
)
