"""Orders as apps send them, for tests of what becomes of them."""

from typing import Any

from rest_framework.test import APIClient

from generation.models import Attempt, Task
from genhub.lib.ids import from_wire


def submit(client: APIClient, prompt: str = "a star", **words: Any) -> Task:
    """Submit an order and return its task."""
    answer = client.post("/api/v1/generate", {"prompt": prompt, **words}, format="json")
    assert answer.status_code == 202, answer.json()
    return Task.objects.get(pk=from_wire("task", answer.json()["id"]))


def attempt_states(task: Task) -> list[str]:
    """Return the states of a task's attempts, first to last."""
    rows = Attempt.objects.filter(task=task).order_by("number")
    return list(rows.values_list("state", flat=True))
