"""Sending again what was sent before, and sending for a test. A replay tells the same message under the same id."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models.functions import Now

from genhub.lib.ids import new_id, to_wire
from genhub.webhooks.errors import EndpointOff, NothingToTest
from genhub.webhooks.models import ENDPOINT, TEST, Delivery, Endpoint, Message
from genhub.webhooks.outbox import Receiver, write_json, write_time

# At a time; whoever has more asks again.
MOST_REPLAYED: Final = 10_000
# What nobody took so far, and nobody tries any more.
LOST: Final = (Delivery.State.FAILED, Delivery.State.HELD)


def replay(endpoint: Endpoint, delivery_ids: Collection[uuid.UUID]) -> int:
    """Send deliveries of an endpoint again, now; return how many. What waits for its next try is sent now, too, and
    what is being sent may be sent twice; raise EndpointOff where nothing is sent."""
    with transaction.atomic():
        # Held, so that nobody switches it off in between and leaves something waiting.
        row = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
        if not row.is_enabled or row.removed_at:
            raise EndpointOff
        rows = Delivery.objects.filter(endpoint=row, pk__in=delivery_ids)
        return rows.update(state=Delivery.State.WAITING, tries=0, due_at=Now(), delivered_at=None)


def replay_range(
    endpoint: Endpoint, *, since: datetime, until: datetime | None, states: Collection[str]
) -> int:
    """Send the deliveries of a time again, oldest first and at most so many; return how many."""
    rows = Delivery.objects.filter(endpoint=endpoint, created_at__gte=since, state__in=states)
    if until is not None:
        rows = rows.filter(created_at__lt=until)
    return replay(endpoint, list(rows.order_by("pk").values_list("pk", flat=True)[:MOST_REPLAYED]))


@transaction.atomic
def send_test(endpoint: Endpoint) -> Delivery:
    """Send an endpoint a message that tells of nothing; raise when it cannot be sent any."""
    if not endpoint.url:
        raise NothingToTest
    row = Endpoint.objects.select_for_update(no_key=True).annotate(now=Now()).get(pk=endpoint.pk)
    if not row.is_enabled or row.removed_at:
        raise EndpointOff
    payload = {
        "type": TEST,
        "timestamp": write_time(row.now),
        "data": {"endpoint": to_wire(ENDPOINT, row.pk)},
    }
    message = Message.objects.create(
        id=new_id(), platform_id=row.platform_id, type=TEST, payload=write_json(payload)
    )
    return Delivery.objects.create(
        message=message, endpoint=row, receiver=Receiver(row.pk, is_enabled=True).name
    )
