"""The end of a batch: with the last of its tasks, told in the transaction that ends that one.

Lock order everywhere: all that belongs to a task, and its batch last of all. A deferred trigger counts, and writes the
end.
"""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from generation.life import doorbell
from generation.life.announcing import address
from generation.models import Batch
from generation.models.batch import PREFIX
from generation.selectors.batches import count_states, sum_credits
from genhub.lib.ids import to_wire
from genhub.webhooks import outbox
from genhub.webhooks.models import EventType
from genhub.webhooks.outbox import News, write_time

# Deferred again at once: what the same transaction ends later is counted as late.
COUNT = """
    SET CONSTRAINTS batch_counts_its_tasks IMMEDIATE;
    SET CONSTRAINTS batch_counts_its_tasks DEFERRED
"""


class Touched(threading.local):
    """The batches whose tasks a thread's transaction has ended so far, and how deep it is in what ends tasks."""

    def __init__(self) -> None:
        self.depth = 0
        self.batches: set[uuid.UUID] = set()


touched = Touched()


@contextmanager
def ending_tasks() -> Iterator[None]:
    """Be a transaction that ends tasks, in place of `transaction.atomic`: their batches come last, with nothing left to
    wait for; so a hundred tasks of a batch that end at the same moment make each other wait, and never deadlock."""
    touched.depth += 1
    try:
        with transaction.atomic():
            yield
            if touched.depth == 1 and touched.batches and not transaction.get_rollback():
                settle(sorted(touched.batches))
    finally:
        touched.depth -= 1
        if not touched.depth:
            touched.batches.clear()


def note(batch_id: uuid.UUID | None) -> None:
    """Note that a task of this batch has just ended, inside of `ending_tasks`."""
    if batch_id:
        touched.batches.add(batch_id)


def settle(batch_ids: list[uuid.UUID]) -> None:
    """Count what has ended, and tell of each batch that ended with it: nobody else can end it any more."""
    lock(batch_ids)
    with connection.cursor() as cursor:
        cursor.execute(COUNT)
    for batch in Batch.objects.filter(pk__in=batch_ids, ended_at__isnull=False):
        announce(batch)


def lock(batch_ids: list[uuid.UUID]) -> None:
    """Lock batches in the order of their ids, at the end of a transaction that counts in several of them."""
    if len(batch_ids) > 1:
        rows = Batch.objects.filter(pk__in=batch_ids).order_by("pk")
        list(rows.select_for_update(no_key=True).values_list("pk"))


def announce(batch: Batch) -> None:
    """Tell whoever asks, and the batch's own address, that all of its tasks have ended."""
    asking = outbox.find_receivers({batch.platform_id}, EventType.BATCH, with_signers=True)
    receivers = outbox.list_receivers(asking.get(batch.platform_id, ()), batch.webhook)
    if receivers and batch.ended_at:
        news = News(EventType.BATCH, batch.pk, batch.ended_at, describe(batch))
        outbox.write(batch.platform_id, news, receivers)
        doorbell.ring_after_commit(outbox.QUEUE)


def describe(batch: Batch) -> dict[str, Any]:
    """Return a batch as apps are told of its end; its tasks are told of one by one."""
    wire_id = to_wire(PREFIX, batch.pk)
    return {
        "id": wire_id,
        "status": batch.state,
        "platform": batch.platform.code,
        "user": batch.user,
        "metadata": batch.metadata,
        "counts": count_states(batch),
        "credits": {"price": batch.price, **vars(sum_credits([batch])[batch.pk])},
        "batch_url": address("batch", wire_id),
        "created_at": write_time(batch.created_at),
        "ended_at": write_time(batch.ended_at) if batch.ended_at else None,
    }
