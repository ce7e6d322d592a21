"""Who sends what: a claim takes due deliveries, a few of each receiver, and holds each until its time is over.

A claim moves `due_at` on: when its process dies, the delivery is due again by itself.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection

from genhub.lib.clock import NOW
from genhub.webhooks.models import Delivery

# A receiver has as many at a time as it proved to take, the first time one; an endpoint, whose orders may name many
# hosts, no more than so many in all.
MOST_OF_ENDPOINT = 8
# Each receiver with something to send is one step in the index, however many rows wait for it. SKIP LOCKED: a claim
# waits for nobody.
CLAIM = """
    WITH RECURSIVE receivers AS (
        (SELECT receiver, endpoint_id FROM webhooks_delivery WHERE state = 'waiting' ORDER BY receiver LIMIT 1)
        UNION ALL
        SELECT n.receiver, n.endpoint_id
          FROM receivers r CROSS JOIN LATERAL (
              SELECT d.receiver, d.endpoint_id FROM webhooks_delivery d
               WHERE d.state = 'waiting' AND d.receiver > r.receiver ORDER BY d.receiver LIMIT 1
          ) n
    ), due AS (
        SELECT x.id, x.due_at, r.endpoint_id,
               row_number() OVER (PARTITION BY r.endpoint_id ORDER BY x.due_at) AS place
          FROM receivers r CROSS JOIN LATERAL (
              SELECT d.id, d.due_at FROM webhooks_delivery d
               WHERE d.state = 'waiting' AND d.receiver = r.receiver AND d.due_at <= statement_timestamp()
               ORDER BY d.due_at LIMIT coalesce((%(rooms)s::jsonb ->> r.receiver)::int, 1)
          ) x
    ), chosen AS (
        SELECT d.id FROM webhooks_delivery d JOIN due ON due.id = d.id
         WHERE due.place <= %(most)s - coalesce((%(busy)s::jsonb ->> due.endpoint_id::text)::int, 0)
           AND d.state = 'waiting' AND d.due_at <= statement_timestamp()
         ORDER BY due.due_at LIMIT %(number)s
           FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE webhooks_delivery d
       SET token = d.token + 1, due_at = statement_timestamp() + make_interval(secs => %(lease)s)
      FROM chosen WHERE chosen.id = d.id
 RETURNING d.id
"""


@dataclass(frozen=True)
class Claim:
    """A delivery that this process sends while its token is the newest."""

    delivery: Delivery
    now: datetime

    @property
    def receiver(self) -> str:
        """Return whom a slow answer delays."""
        return self.delivery.receiver

    @property
    def endpoint_id(self) -> uuid.UUID:
        """Return in whose name it is sent."""
        return self.delivery.endpoint_id


def claim(number: int, rooms: Mapping[str, int], busy: Mapping[str, int]) -> list[Claim]:
    """Take due deliveries, at most so many: of each receiver as many as there is room for (1 of one that is not named),
    of each endpoint what its busy ones leave."""
    words: dict[str, int | str] = {
        "number": number,
        "rooms": json.dumps(rooms),
        "busy": json.dumps(busy),
        "most": MOST_OF_ENDPOINT,
        "lease": 2 * settings.WEBHOOK_SECONDS,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, words)
        taken = [delivery_id for (delivery_id,) in cursor.fetchall()]
    if not taken:
        return []
    rows = Delivery.objects.select_related("message", "endpoint").annotate(now=NOW)
    return [Claim(row, row.now) for row in rows.filter(pk__in=taken)]
