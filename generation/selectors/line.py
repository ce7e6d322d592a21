"""Reads of the line that orders wait in: who is served before one, and how long that takes as pictures did of late.

Each look is bounded, however many wait: of what lies beyond the bounds it is only known that it comes first.
"""

import math
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from generation.models.worker import GONE_AFTER_SECONDS

# Of the shares that are served before one's own, and of the orders before one in it, so many are looked at.
MOST_SHARES, MOST_ROWS = 500, 1000
# After so long a figure counts a third.
FORGETS_IN_SECONDS: Final = 3600.0
# In the order of claims: priority, then the virtual start that a share will have at an order's turn, moved on by the
# pictures served before; of the same start, the older share. A share takes no more turns than it has `room` now.
PLACES = """
    WITH wanted AS MATERIALIZED (
        SELECT a.id, a.task_id, a.provider_id, a.cost, s.id AS share_id, s.queue, s.priority, s.virtual_start,
               a.run_at > statement_timestamp() OR coalesce(s.running >= s.cap, false) AS is_held_up
          FROM generation_attempt a
          JOIN generation_share s ON s.id = a.share_id
         WHERE a.task_id = ANY (%(tasks)s) AND a.state = 'queued'
    ), own AS MATERIALIZED (
        SELECT first.*
          FROM (SELECT DISTINCT share_id FROM wanted) w
         CROSS JOIN LATERAL (
               SELECT d.id, w.share_id, count(*) OVER line AS orders, sum(d.cost) OVER line AS pictures
                 FROM (SELECT id, cost, run_at FROM generation_attempt
                        WHERE share_id = w.share_id AND state = 'queued'
                        ORDER BY run_at, id LIMIT %(rows)s) d
               WINDOW line AS (ORDER BY d.run_at, d.id ROWS UNBOUNDED PRECEDING)
               ) first
    ), placed AS MATERIALIZED (
        SELECT w.*, own.id IS NULL AS is_far, coalesce(own.orders - 1, %(rows)s) AS orders,
               coalesce(own.pictures - w.cost, far.pictures) AS pictures,
               w.virtual_start + coalesce(own.pictures - w.cost, far.pictures) AS start
          FROM wanted w
          LEFT JOIN own ON own.id = w.id
          LEFT JOIN LATERAL (SELECT max(o.pictures) AS pictures FROM own o
                              WHERE own.id IS NULL AND o.share_id = w.share_id) far ON true
    ), head AS MATERIALIZED (
        SELECT first.*
          FROM (SELECT DISTINCT ON (queue) queue, priority, start FROM placed
                 ORDER BY queue, priority DESC, start DESC) last
         CROSS JOIN LATERAL (
               SELECT s.id, s.queue, s.priority, s.virtual_start, s.waiting, s.waiting_pictures,
                      CASE WHEN s.cap IS NOT NULL THEN greatest(s.cap - s.running, 0) END AS room
                 FROM generation_share s
                WHERE s.queue = last.queue AND s.waiting > 0
                  AND (s.priority, s.virtual_start) <= (last.priority, last.start)
                ORDER BY s.priority, s.virtual_start, s.id
                -- One's own may be among them, and one more tells whether there are more.
                LIMIT %(shares)s + 2
               ) first
    )
    SELECT p.task_id, p.provider_id, p.orders + coalesce(ahead.orders, 0), p.pictures + coalesce(ahead.pictures, 0),
           p.is_far OR p.is_held_up OR ahead.seen > %(shares)s OR coalesce(ahead.is_cut, false)
      FROM placed p
     CROSS JOIN LATERAL (
           SELECT count(*) AS seen, sum(least(turns.orders, h.room)) AS orders, bool_or(h.room < turns.orders) AS is_cut,
                  sum(CASE WHEN h.room < turns.orders
                           THEN h.room * h.waiting_pictures::float / h.waiting ELSE turns.pictures END) AS pictures
             FROM head h
            CROSS JOIN LATERAL (
                  SELECT CASE WHEN h.priority < p.priority THEN h.waiting_pictures
                              ELSE least(h.waiting_pictures, p.start - h.virtual_start + (h.id < p.share_id)::int)
                         END::float AS pictures) served
            CROSS JOIN LATERAL (
                  SELECT served.pictures,
                         ceil(served.pictures * h.waiting / greatest(h.waiting_pictures, 1)) AS orders) turns
            WHERE h.queue = p.queue AND h.id <> p.share_id
              AND (h.priority, h.virtual_start, h.id) < (p.priority, p.start, p.share_id)
           ) ahead
"""
# Of each account: how many pictures its queue's workers make at a time, and what one takes them; how many orders it
# takes at a time, what one of its pictures takes, and which part of its queue's pictures is its own.
RATES = """
    WITH weighed AS (
        SELECT q.id, q.queue, p.seconds, p.busy_seconds,
               p.weight * exp(-least(extract(epoch FROM statement_timestamp() - p.updated_at) / %(forgets)s, 50))::float
               AS weight
          FROM generation_pace p JOIN generation_provider q ON q.id = p.provider_id
         WHERE q.queue IN (SELECT queue FROM generation_provider WHERE id = ANY (%(accounts)s))
    ), queues AS (
        SELECT queue, sum(busy_seconds * weight) / sum(weight) AS busy_seconds, sum(weight) AS weight
          FROM weighed GROUP BY queue
    ), own AS (
        SELECT id, sum(seconds * weight) / sum(weight) AS seconds, sum(weight) AS weight FROM weighed GROUP BY id
    ), at_work AS (
        SELECT q.queue, a.provider_id, coalesce(sum(a.cost), 0) AS pictures,
               coalesce(sum(a.cost) FILTER (WHERE a.state = 'running'), 0) AS held
          FROM generation_attempt a JOIN generation_provider q ON q.id = a.provider_id
         WHERE a.state IN ('running', 'waiting') GROUP BY q.queue, a.provider_id
    )
    SELECT q.id,
           (SELECT coalesce(sum(threads), 0)::int FROM generation_worker w
             WHERE q.queue = ANY (w.queues) AND NOT w.facts ? 'unready'
               AND w.beat_at > statement_timestamp() - make_interval(secs => %(gone)s)),
           queues.busy_seconds, (SELECT coalesce(sum(held), 0)::int FROM at_work WHERE at_work.queue = q.queue),
           q.concurrency, own.seconds, (SELECT coalesce(sum(pictures), 0)::int FROM at_work WHERE provider_id = q.id),
           coalesce(own.weight / queues.weight, 1),
           CASE WHEN q.is_enabled AND q.resting_why <> 'paused'
                     AND NOT EXISTS (SELECT 1 FROM generation_queue c WHERE c.name = q.queue AND c.state <> 'open')
                THEN greatest(extract(epoch FROM q.resting_until - statement_timestamp()), 0)::float END
      FROM generation_provider q
      LEFT JOIN queues ON queues.queue = q.queue
      LEFT JOIN own ON own.id = q.id
     WHERE q.id = ANY (%(accounts)s)
"""


@dataclass(frozen=True)
class Rate:
    """How fast an account, and the workers of its queue, make pictures."""

    threads: int
    busy_seconds: float | None
    held: int
    concurrency: int | None
    seconds: float | None
    at_work: int
    part: float
    # None while it takes no orders until staff say so.
    rests_seconds: float | None

    def wait_for(self, pictures: float) -> float | None:
        """Return in how many seconds so many pictures of the queue have gone to work; None: not known.

        What is at work now is half done, as far as anybody knows.
        """
        if not self.threads or self.busy_seconds is None or self.rests_seconds is None:
            return None
        found = [self.rests_seconds]
        if pictures or self.held >= self.threads:
            found.append((pictures + self.held / 2) * self.busy_seconds / self.threads)
        if self.concurrency and self.seconds is not None:
            own = pictures * self.part
            if own or self.at_work >= self.concurrency:
                found.append((own + self.at_work / 2) * self.seconds / self.concurrency)
        return max(found)


@dataclass(frozen=True)
class Place:
    """Where an order stands in the line: the 1 is next. `is_least`: it may be later than what is said."""

    position: int
    starts_in_seconds: float | None
    is_least: bool


def find_places(task_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Place]:
    """Return where each of the tasks stands that waits for its turn: two queries, however many they are."""
    if not task_ids:
        return {}
    values: dict[str, Any] = {"tasks": list(task_ids), "rows": MOST_ROWS, "shares": MOST_SHARES}
    with connection.cursor() as cursor:
        cursor.execute(PLACES, values)
        rows = cursor.fetchall()
    rates = find_rates({account_id for _, account_id, *_ in rows})
    return {
        task_id: Place(
            1 + int(orders), rounded(rates[account_id].wait_for(float(pictures))), is_least
        )
        for task_id, account_id, orders, pictures, is_least in rows
    }


def find_rates(account_ids: Collection[int]) -> dict[int, Rate]:
    """Return how fast accounts are, from running figures and from what is at work."""
    if not account_ids:
        return {}
    values: dict[str, Any] = {
        "accounts": list(account_ids),
        "forgets": FORGETS_IN_SECONDS,
        "gone": GONE_AFTER_SECONDS,
    }
    with connection.cursor() as cursor:
        cursor.execute(RATES, values)
        return {account_id: Rate(*row) for account_id, *row in cursor.fetchall()}


def rounded(seconds: float | None) -> float | None:
    """Return an estimate with no more digits than it is worth: two."""
    if not seconds:
        return seconds
    return round(seconds, max(1 - math.floor(math.log10(seconds)), -6))
