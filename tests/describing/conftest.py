"""A vision model on loopback that says what a test wants, and orders whose pictures it is shown."""

import base64
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.models.functions import Now
from PIL import Image
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.describing import accounts, turns
from generation.models import Account, Describer, Task, Undescribed
from generation.work.run import run_queue
from genhub.lib.ids import from_wire
from tests.patience import patience
from tests.providers.vendors.server import Asked, Reply, Server

SEEN = "A red fox sits on fresh snow."
Order = Callable[..., Task]


def completion(content: Any, **words: Any) -> Reply:
    """Answer as OpenAI does."""
    message = {"role": "assistant", "content": content, "refusal": None, **words}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 300, "completion_tokens": 9, "total_tokens": 309}
    return Reply(body={"id": "chatcmpl-1", "choices": [choice], "usage": usage})


def shown(asked: Asked) -> Image.Image:
    """Return the picture that a model was shown."""
    part = asked.json["messages"][0]["content"][1]["image_url"]["url"]
    head, _, data = part.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with Server(lambda asked: completion(SEEN)).running() as server:
        yield server


@pytest.fixture
def model(server: Server, db: None) -> Callable[..., Describer]:
    """Make an account at the server."""

    def make(alias: str = "eyes", **words: Any) -> Describer:
        row = Describer(
            alias=alias, model="sees-1", **{"base_url": server.url, "answer_seconds": patience(20), **words}
        )  # fmt: skip
        row.take("secret-key-of-the-test")
        row.save()
        return row

    return make


@pytest.fixture
def order(alice: APIClient, stub: Account) -> Order:
    """Order a picture and have it drawn."""

    def make(**words: Any) -> Task:
        answer = alice.post("/api/v1/generate", {"prompt": "a star", **words}, format="json")
        assert answer.status_code == 202, answer.json()
        run_queue("local")
        return Task.objects.get(pk=from_wire("task", answer.json()["id"]))

    return make


def turn() -> int:
    """Describe what is due, in this thread; return how many pictures were claimed."""
    claimed = turns.claim_some()
    for one in claimed:
        turns.free.release()
        turns.describe(one, accounts.list_usable())
    return len(claimed)


def alt_of(client: APIClient, task: Task, language: str = "en") -> str:
    """Return what the owner is told that a task's first picture shows."""
    answer = client.get(f"/api/v1/tasks/task_{task.pk.hex}", HTTP_ACCEPT_LANGUAGE=language)
    return str(answer.json()["result"]["images"][0]["alt"])


def make_due() -> None:
    """Let what was put off be due now."""
    Undescribed.objects.update(due_at=Now())
