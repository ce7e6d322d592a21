"""What the database refuses of tasks and attempts, from whatever hand: states without their time, errors without a
failure, prices that are not their number's."""

from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from rest_framework.test import APIClient

from generation.life.unpaid_ends import cancel_task
from generation.models import Task
from generation.work import run
from tests.steps import claim, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub")]


def make(alice: APIClient) -> dict[str, Task]:
    """Return a task of each state."""
    completed, failed = submit(alice), submit(alice, "stub:fail")
    run.run_queue("local")
    canceled = submit(alice)
    cancel_task(canceled.pk)
    processing = submit(alice)
    claim()
    return {
        "completed": completed, "failed": failed, "canceled": canceled, "processing": processing,
        "pending": submit(alice),
    }  # fmt: skip


def execute(statement: str, task_id: UUID) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # Past the triggers, as a restore is: the CHECKs still hold.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, [task_id])


@pytest.mark.parametrize(
    ("state", "change", "check"),
    [
        ("pending", "state = 'processing'", "task_state_has_its_time"),
        ("pending", "state = 'completed'", "task_state_has_its_time"),
        ("pending", "started_at = now()", "task_state_has_its_time"),
        ("pending", "canceled_at = now()", "task_state_has_its_time"),
        ("processing", "started_at = NULL", "task_state_has_its_time"),
        ("processing", "failed_at = now()", "task_state_has_its_time"),
        ("processing", "state = 'pending'", "task_state_has_its_time"),
        ("completed", "completed_at = NULL", "task_state_has_its_time"),
        ("completed", "failed_at = now()", "task_state_has_its_time"),
        ("failed", "state = 'canceled', error_code = ''", "task_state_has_its_time"),
        ("canceled", "state = 'gone', canceled_at = NULL", "task_state_has_its_time"),
        ("completed", "error_code = 'out_of_memory'", "task_error_only_when_failed"),
        ("pending", "error_code = 'out_of_memory'", "task_error_only_when_failed"),
        ("pending", "price = price + 1", "task_price_of_its_number"),
        ("pending", "num_images = num_images + 1", "task_price_of_its_number"),
        ("pending", "unit_price = -10, price = -10", "task_price_of_its_number"),
    ],
)
def test_task_that_contradicts_itself_is_refused(
    alice: APIClient, state: str, change: str, check: str
) -> None:
    task = make(alice)[state]
    with pytest.raises(IntegrityError, match=check):
        execute(f"UPDATE generation_task SET {change} WHERE id = %s", task.pk)  # noqa: S608


@pytest.mark.parametrize(
    ("state", "change", "check"),
    [
        ("pending", "ended_at = now()", "attempt_end_has_its_time"),
        ("processing", "state = 'abandoned'", "attempt_end_has_its_time"),
        ("completed", "ended_at = NULL", "attempt_end_has_its_time"),
        ("completed", "state = 'running'", "attempt_end_has_its_time"),
        ("canceled", "error_code = 'generation_failed'", "attempt_error_only_when_failed"),
    ],
)
def test_attempt_that_contradicts_itself_is_refused(
    alice: APIClient, state: str, change: str, check: str
) -> None:
    task = make(alice)[state]
    with pytest.raises(IntegrityError, match=check):
        execute(f"UPDATE generation_attempt SET {change} WHERE task_id = %s", task.pk)  # noqa: S608
