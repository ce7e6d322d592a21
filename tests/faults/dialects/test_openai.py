"""Answers that a stock OpenAI client loses, over and over: its own repeats find the order, which is paid once."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai.types import Video
from rest_framework.test import APIClient

from credits.models import Hold
from generation.models import Account, Task
from generation.work.run import run_queue
from tests.api.album import PNG
from tests.api.refusals import header_of
from tests.faults.processes import COUNT
from tests.front.stock import Dropping, Make, stock, threads
from tests.front.web import Web
from tests.live.streams import serving_both
from tests.patience import patience

__all__ = ["stock", "threads"]
pytestmark = [
    pytest.mark.whole,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.timeout(1800),
    pytest.mark.usefixtures("right_books"),
    # OpenAI itself makes no clips any more, and its client says so.
    pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning"),
]
ORDERS = 100 if COUNT else 8
LOST = 2


class Hasty(httpx.HTTPTransport):
    """Lets requests through, and for the first ones does not wait for the answer."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.left = most

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.left:
            self.left -= 1
            request.extensions["timeout"] = request.extensions["timeout"] | {"read": 0.3}
        return super().handle_request(request)


@pytest.fixture
def bearer(alice: APIClient, rich: Callable[..., Any], stub: Account) -> dict[str, Any]:
    rich("alice", 100 * ORDERS)
    small = {"default_width": 128, "default_height": 64, "smallest_side": 16, "default_seconds": 1}
    stub.offers.create(alias="reel", media_types=["video"], **small)
    return {"Authorization": header_of(alice)["HTTP_AUTHORIZATION"]}


@pytest.fixture
def web(transactional_db: None, tmp_path: Path) -> Iterator[Web]:
    with serving_both(tmp_path) as server:
        yield server


def generate(client: openai.OpenAI, prompt: str) -> list[Any]:
    return client.images.generate(prompt=prompt).data or []


def edit(client: openai.OpenAI, prompt: str) -> list[Any]:
    return client.images.edit(prompt=prompt, image=PNG).data or []


def film(client: openai.OpenAI, prompt: str) -> list[Any]:
    return [client.videos.create(prompt=prompt, model="reel")]


def stream(client: openai.OpenAI, prompt: str) -> list[Any]:
    return list(client.images.generate(prompt=prompt, stream=True))


WAYS = [
    (call, transport) for call in (generate, edit, stream, film) for transport in (Dropping, Hasty)
]


def test_each_order_is_paid_once_however_often_its_answer_is_lost(
    stock: Make, threads: ThreadPoolExecutor
) -> None:
    def order(number: int) -> list[Any]:
        call, transport = WAYS[number % len(WAYS)]
        with httpx.Client(transport=transport(LOST)) as lossy:
            client = stock(max_retries=LOST, http_client=lossy)
            return call(client, f"star {number}")

    waiting = [threads.submit(order, number) for number in range(ORDERS)]
    while not all(one.done() for one in waiting):
        run_queue("local")
        time.sleep(0.05)
    for one in waiting:
        [made] = one.result(patience())
        assert made.id if isinstance(made, Video) else made.b64_json
    run_queue("local")
    tasks = Task.objects.all()
    assert {task.spec["prompt"] for task in tasks} == {f"star {number}" for number in range(ORDERS)}
    assert len(tasks) == Hold.objects.count() == ORDERS
    assert {task.state for task in tasks} == {"completed"}
    captured = dict(Hold.objects.values_list("reference", "captured"))
    assert captured == {task.pk: task.price for task in tasks}
