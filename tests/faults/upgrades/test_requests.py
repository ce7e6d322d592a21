"""Orders of the release before are found by their request, also those that it takes while it is put back."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from rest_framework.test import APIClient

from generation.models import Task, TaskText
from tests.steps import submit

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("generation", "0028_cache")]


@pytest.fixture
def migrate(transactional_db: None) -> Iterator[Callable[[bool], None]]:
    """Go back to the tables of the release before, or on to those of this one."""

    def go(is_back: bool) -> None:
        executor = MigrationExecutor(connection)
        executor.migrate(BEFORE if is_back else executor.loader.graph.leaf_nodes())

    yield go
    go(False)


def test_orders_of_the_release_before_are_found_by_their_request(
    migrate: Callable[[bool], None], alice: APIClient, stub: Any
) -> None:
    first = submit(alice)
    Task.objects.filter(pk=first.pk).update(request_id="")
    migrate(True)
    second = submit(alice)
    migrate(False)
    third = submit(alice)
    found = dict(TaskText.objects.values_list("task_id", "request_id"))
    assert found == {task.pk: task.request_id for task in (second, third)} | {first.pk: ""}
    [item] = alice.get(f"/api/v1/tasks?request_id={second.request_id}").json()["items"]
    assert item["id"] == f"task_{second.pk.hex}"
