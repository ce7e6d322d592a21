"""Batches as apps send them."""

from typing import Any

from rest_framework.test import APIClient

from generation.models import Batch
from genhub.lib.ids import from_wire

BATCHES = "/api/v1/batches"


def post(client: APIClient, body: dict[str, Any], path: str = BATCHES, **headers: str) -> Any:
    """Send a batch, whatever is answered."""
    return client.post(path, body, format="json", headers=headers)


def send(client: APIClient, **body: Any) -> Any:
    """Send a batch that is taken, and return the answer's body."""
    answer = post(client, body)
    assert answer.status_code == 202, answer.json()
    return answer.json()


def prompts(*texts: str) -> list[dict[str, Any]]:
    """Return orders of these prompts."""
    return [{"prompt": text} for text in texts]


def row_of(answer: Any) -> Batch:
    """Return the row of an answered batch."""
    return Batch.objects.get(pk=from_wire("batch", answer["id"]))
