"""The one way to tell apps that something happened: rows, in the transaction that makes it true.

Whoever writes them rings for the queue after its commit; who is told, and how, is not its business.
"""

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from genhub.lib import tracing
from genhub.lib.planned import planned_cursor
from genhub.webhooks.models import Delivery, Endpoint, EventType, Message

# The queue that deliveries wait in, and the name of its job.
QUEUE, JOB = "delivery", "webhooks.deliver"
MOST_FORGOTTEN = 1000
# Of an endpoint, what decides whom to tell. Every end of a task asks: written once, and planned once.
READ: Final = ("id", "platform_id", "url", "is_enabled")
ASKING: Final = f"""
    SELECT {", ".join(READ)} FROM webhooks_endpoint
     WHERE platform_id = ANY (%s) AND removed_at IS NULL AND (events @> %s::varchar[] OR (%s AND url = ''))
     ORDER BY id
"""  # noqa: S608 (our own text)


@dataclass(frozen=True)
class Receiver:
    """Whom to tell: an endpoint, or an order's own address in its name."""

    endpoint_id: uuid.UUID
    is_enabled: bool
    url: str = ""

    @property
    def name(self) -> str:
        """Return whom a slow answer delays."""
        host = urlsplit(self.url).netloc.lower()
        return f"{self.endpoint_id.hex} {host}".rstrip()


@dataclass(frozen=True)
class News:
    """What happened, to what, when."""

    type: EventType
    about: uuid.UUID
    at: datetime
    data: Mapping[str, Any]


def find_receivers(
    platform_ids: Collection[uuid.UUID], event: EventType, *, with_signers: bool = False
) -> dict[uuid.UUID, list[Endpoint]]:
    """Return the endpoints that ask for an event, by platform; one query for all. Those that are off are among them:
    what happens meanwhile is held for them.

    `with_signers`: also those that sign for addresses which somebody named, whatever they ask for.
    """
    found: dict[uuid.UUID, list[Endpoint]] = {}
    with planned_cursor() as cursor:
        cursor.execute(ASKING, [list(platform_ids), [event], with_signers])
        for row in cursor.fetchall():
            endpoint = Endpoint.from_db(DEFAULT_DB_ALIAS, READ, row)
            found.setdefault(endpoint.platform_id, []).append(endpoint)
    return found


def list_receivers(endpoints: Sequence[Endpoint], own_url: str = "") -> list[Receiver]:
    """Return whom to tell of one thing, for which somebody named an address of its own or not."""
    return [
        Receiver(endpoint.pk, endpoint.is_enabled, "" if endpoint.url else own_url)
        for endpoint in endpoints
        if endpoint.url or own_url
    ]


def write(
    platform_id: uuid.UUID, news: News, receivers: Sequence[Receiver], *, traceparent: str = ""
) -> None:
    """Write a message and its deliveries, as part of a trace, else of what this thread does. A second one of the same
    event is refused by the database."""
    payload = {"type": news.type, "timestamp": write_time(news.at), "data": news.data}
    message = Message.objects.create(
        platform_id=platform_id,
        type=news.type,
        about=news.about,
        payload=write_json(payload),
        traceparent=traceparent or tracing.current.get(),
    )
    Delivery.objects.bulk_create(
        [
            Delivery(
                message=message,
                endpoint_id=receiver.endpoint_id,
                url=receiver.url,
                receiver=receiver.name,
                state=Delivery.State.WAITING if receiver.is_enabled else Delivery.State.HELD,
            )
            for receiver in receivers
        ]
    )


def write_json(value: Any) -> str:
    """Return JSON as it is signed and sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write_time(at: datetime) -> str:
    """Return a time as RFC 3339 has it, in UTC."""
    return at.isoformat().replace("+00:00", "Z")


def find_orders_endpoint(platform_id: uuid.UUID) -> Endpoint | None:
    """Return the endpoint that signs the calls to addresses of orders, if the platform has one that is on."""
    found = Endpoint.objects.filter(platform_id=platform_id, url="", removed_at=None)
    return found.filter(is_enabled=True).first()


def is_due() -> bool:
    """Return whether a delivery is to be sent now."""
    due = Q(state=Delivery.State.WAITING, due_at__lte=Now())
    return Delivery.objects.filter(due).exists()


def forget(messages: QuerySet[Message]) -> int:
    """Delete messages with their deliveries, those that wait too, and return how many: for whoever wrote them."""
    ids = list(messages.values_list("pk", flat=True)[:MOST_FORGOTTEN])
    Message.objects.filter(pk__in=ids).delete()
    return len(ids)


def find_about(platform_id: uuid.UUID, about: QuerySet[Any, Any]) -> QuerySet[Message]:
    """Return a platform's messages about these ids."""
    return Message.objects.filter(platform_id=platform_id, about__in=about)
