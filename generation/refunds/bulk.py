"""Refunds for a whole incident: the tasks of a filter, frozen when confirmed, approved together, done by the loops.

Lock order: person, batch, request, task, then the ledger's own.
"""

import logging
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from credits.errors import KeyReused
from generation.models import RefundBatch, RefundRequest, RefundState, Task
from generation.refunds.errors import (
    BulkTooLarge,
    NothingToRefund,
    OwnRefund,
    PreviewChanged,
    RefundDecided,
)
from generation.refunds.one import give_back, lock_task, needs_approval
from generation.selectors.refunds import sum_refunded_alone
from genhub.lib.errors import NotFound, Problem, gettext_noop
from genhub.lib.reasons import check_reason
from genhub.users.alone import ALONE_FOR, lock_person
from genhub.users.models import User

logger = logging.getLogger(__name__)

# One statement writes them all: 2.5 s for so many.
MOST_TASKS = 100_000
MOST_AT_A_TIME = 200

# Of each task of a filter: what is left of its capture beyond what other requests wait for.
LEFT = """
    SELECT t.id, h.captured, h.captured - h.refunded - coalesce(w.amount, 0) AS amount
      FROM ({tasks}) AS t (id)
      LEFT JOIN credits_hold h ON h.reference = t.id AND h.state = 'settled'
      LEFT JOIN (SELECT task_id, sum(amount) AS amount FROM generation_refundrequest
                  WHERE state IN ('pending', 'approved') GROUP BY task_id) w ON w.task_id = t.id
"""
PREVIEW = """
    SELECT count(*), count(*) FILTER (WHERE amount > 0),
           coalesce(sum(amount) FILTER (WHERE amount > 0), 0)::bigint,
           coalesce(max(captured) FILTER (WHERE amount > 0), 0)
      FROM ({left}) AS found
"""
# What is left is refunded in full, so that the most of one task is what it captured.
WRITE = """
    WITH found AS MATERIALIZED (SELECT * FROM ({left}) AS all_left WHERE amount > 0),
    written AS (
        INSERT INTO generation_refundrequest
               (id, task_id, batch_id, amount, reason, state, error_code, requested_by_id, decision)
        SELECT gen_random_uuid(), id, %s, amount, %s,
               CASE WHEN (SELECT greatest(sum(amount) + %s, max(captured)) FROM found) > %s
                    THEN 'pending' ELSE 'approved' END, '', %s, ''
          FROM found
     RETURNING amount
    )
    SELECT count(*), coalesce(sum(amount), 0)::bigint FROM written
"""
# Whose tasks they are, those with the most credits first.
USERS = """
    SELECT k."user", p.name, count(*), sum(found.amount)::bigint, count(*) OVER ()
      FROM ({left}) AS found
      JOIN generation_task k ON k.id = found.id
      JOIN platforms_platform p ON p.id = k.platform_id
     WHERE found.amount > 0
     GROUP BY k."user", p.id, p.name
     ORDER BY 4 DESC, 2, 1 LIMIT %s
"""
MOST_USERS = 20


@dataclass(frozen=True)
class UserPart:
    """What a bulk refund gives one user of one platform."""

    user: str
    platform: str
    count: int
    total: int


@dataclass(frozen=True)
class Preview:
    """What a bulk refund would do: `count` of all `tasks` have something left, `total` credits together."""

    tasks: int
    count: int
    total: int
    largest: int


def preview_refunds(tasks: QuerySet[Task]) -> Preview:
    """Return what refunding all that is left of these tasks would do; nothing is written."""
    left, values = left_of(tasks)
    with connection.cursor() as cursor:
        cursor.execute(PREVIEW.format(left=left), values)
        return Preview(*cursor.fetchone())


def list_users(tasks: QuerySet[Task]) -> tuple[list[UserPart], int]:
    """Return the users who would get most, and how many users there are in all."""
    left, values = left_of(tasks)
    with connection.cursor() as cursor:
        cursor.execute(USERS.format(left=left), (*values, MOST_USERS))
        rows = cursor.fetchall()
    return [UserPart(*row[:-1]) for row in rows], rows[0][-1] if rows else 0


def would_wait(preview: Preview, person: User) -> bool:
    """Return whether this bulk refund would wait for a second person."""
    return needs_approval(preview.largest, preview.total + sum_refunded_alone(person.pk, ALONE_FOR))


@transaction.atomic
def request_refunds(
    tasks: QuerySet[Task], *, seen: tuple[int, int], batch: RefundBatch
) -> tuple[RefundBatch, bool]:
    """Write a request for all that is left of each task; the loops refund them, at once or after approval.

    `batch` is unsaved: id, reason, conditions and requested_by. `seen` is the count and total that the person was
    shown; PreviewChanged when they are not true any more. The flag is False when the id asked before: then nothing
    was written. Raises ReasonTooShort, NothingToRefund, BulkTooLarge, KeyReused.
    """
    batch.reason = check_reason(batch.reason)
    lock_person(batch.requested_by)
    earlier = RefundBatch.objects.filter(pk=batch.pk).first()
    if earlier:
        if earlier.requested_by_id != batch.requested_by_id:
            raise KeyReused
        return earlier, False
    batch.count, batch.total = seen
    if not batch.count:
        raise NothingToRefund
    if batch.count > MOST_TASKS:
        raise BulkTooLarge(most=MOST_TASKS)
    batch.save(force_insert=True)
    written = write_requests(tasks, batch)
    if written != seen:
        # The exception undoes what was written.
        raise PreviewChanged(count=written[0], total=written[1])
    return batch, True


def write_requests(tasks: QuerySet[Task], batch: RefundBatch) -> tuple[int, int]:
    """Write a bulk's requests in one statement and return how many they are, and their credits."""
    left, values = left_of(tasks)
    alone = sum_refunded_alone(batch.requested_by_id, ALONE_FOR)
    limit = settings.REFUND_APPROVAL_ABOVE
    with connection.cursor() as cursor:
        cursor.execute(
            WRITE.format(left=left),
            (*values, batch.pk, batch.reason, alone, limit, batch.requested_by_id),
        )
        count, total = cursor.fetchone()
    return count, total


def left_of(tasks: QuerySet[Task]) -> tuple[str, tuple[Any, ...]]:
    """Return the statement of what is left of each of these tasks, and its values."""
    query = tasks.order_by().values("pk").query
    # A filter that nothing can meet compiles to no row instead of an exception.
    chosen, values = query.get_compiler(DEFAULT_DB_ALIAS, elide_empty=False).as_sql()
    return LEFT.format(tasks=chosen), values


@transaction.atomic
def approve_refunds(batch_id: uuid.UUID, *, person: User, reason: str) -> int:
    """Let the loops refund what another person asked for, and return how many requests that are.

    Raises ReasonTooShort, NotFound, OwnRefund, RefundDecided. What is left of each task is looked at again when it
    is refunded.
    """
    return decide_all(batch_id, RefundState.APPROVED, person, reason)


@transaction.atomic
def reject_refunds(batch_id: uuid.UUID, *, person: User, reason: str) -> int:
    """Refuse a whole bulk refund; raises as approve_refunds does."""
    return decide_all(batch_id, RefundState.REJECTED, person, reason)


def decide_all(batch_id: uuid.UUID, state: RefundState, person: User, reason: str) -> int:
    """Write a second person's decision on all of a bulk's requests that wait, and return how many they are."""
    reason = check_reason(reason)
    batch = RefundBatch.objects.select_for_update(no_key=True).filter(pk=batch_id).first()
    if batch is None:
        raise NotFound(thing=gettext_noop("refund"))
    if batch.requested_by_id == person.pk:
        raise OwnRefund
    decided = RefundRequest.objects.filter(batch=batch, state=RefundState.PENDING).update(
        state=state, decided_by=person, decision=reason, decided_at=Now()
    )
    if not decided:
        raise RefundDecided
    return decided


def refund_approved() -> int:
    """Do some hundred approved refunds, each in its own transaction, and return how many were done.

    Any number of copies is safe, and so is dying anywhere: what is not committed is done by the next turn.
    """
    approved = RefundRequest.objects.filter(state=RefundState.APPROVED).order_by("batch_id", "pk")
    ids = list(approved.values_list("pk", flat=True)[:MOST_AT_A_TIME])
    return sum(refund_one(request_id) for request_id in ids)


@transaction.atomic
def refund_one(request_id: uuid.UUID) -> bool:
    """Do one approved refund, or write why it is not possible; False when another copy has it or did it."""
    rows = RefundRequest.objects.select_related("requested_by", "decided_by")
    free = rows.select_for_update(of=("self",), skip_locked=True)
    row = free.filter(pk=request_id, state=RefundState.APPROVED).first()
    if row is None:
        return False
    result = {"state": RefundState.DONE, "error_code": ""}
    try:
        with transaction.atomic():
            lock_task(row.task_id)
            give_back(row)
    except OperationalError:
        # The server is away or this lost a deadlock: nothing is known against the refund.
        raise
    except Problem as problem:
        result = {"state": RefundState.FAILED, "error_code": problem.code}
    except Exception:
        # One row that cannot be refunded must not stop those behind it.
        logger.exception("refund %s cannot be done; the audit may say why", row.pk)
        result = {"state": RefundState.FAILED, "error_code": Problem.code}
    RefundRequest.objects.filter(pk=row.pk).update(**result)
    return result["state"] == RefundState.DONE
