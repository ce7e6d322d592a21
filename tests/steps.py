"""Orders as apps send them, for tests of what becomes of them."""

from typing import Any

from django.db.models.functions import Now
from rest_framework.test import APIClient

from generation.accounts.adapters import adapter_of
from generation.life import claims, rescue
from generation.life.claims import Claim
from generation.life.outputs import Stored
from generation.models import Attempt, Task
from generation.providers.base import Work
from generation.work import storing
from genhub.lib.ids import from_wire


def submit(client: APIClient, prompt: str = "a star", **words: Any) -> Task:
    """Submit an order and return its task."""
    answer = client.post("/api/v1/generate", {"prompt": prompt, **words}, format="json")
    assert answer.status_code == 202, answer.json()
    return Task.objects.get(pk=from_wire("task", answer.json()["id"]))


def claim(queue: str = "local") -> Claim:
    """Claim what is due next, as a worker does."""
    found = claims.claim_next(queue, worker="tests")
    assert found is not None
    return found


def attempt_states(task: Task) -> list[str]:
    """Return the states of a task's attempts, first to last."""
    rows = Attempt.objects.filter(task=task).order_by("number")
    return list(rows.values_list("state", flat=True))


def die() -> None:
    """Let every lease run out, as it does after a death, and have the attempts taken back."""
    running = Attempt.objects.filter(state="running")
    running.update(lease_expires_at=Now() - claims.lease())
    rescue.reap()


def collect(claim: Claim) -> Stored:
    """Have the pictures of a claim made and stored, as its worker does before it publishes them."""
    work = Work(claim.spec, claim.card, lambda done, preview=None: None)
    return storing.collect(claim, adapter_of(claim.account).submit(work), check=lambda: None)
