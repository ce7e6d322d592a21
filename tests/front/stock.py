"""A stock client of OpenAI's with the hub as its base, and a worker that draws what it orders."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest

from generation.life.attempt_ends import complete
from generation.models import Task
from tests.faults.processes import wait_until
from tests.front.web import Web
from tests.steps import claim, collect

Make = Callable[..., openai.OpenAI]


class Dropping(httpx.HTTPTransport):
    """Lets requests through and loses the first answers."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.left = most

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if self.left:
            self.left -= 1
            answer.close()
            message = "the answer was lost"
            raise httpx.ReadError(message)
        return answer


@pytest.fixture
def stock(web: Web, bearer: dict[str, Any]) -> Make:
    """Make a client of alice's."""
    key = bearer["Authorization"].removeprefix("Bearer ")

    def make(**words: Any) -> openai.OpenAI:
        words = {"api_key": key, "max_retries": 0} | words
        return openai.OpenAI(base_url=f"http://127.0.0.1:{web.port}/v1", **words)

    return make


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def first(answer: Any) -> Any:
    [picture] = answer.data
    return picture


def await_order() -> None:
    wait_until(lambda: Task.objects.filter(state="pending").exists(), 30, "the order")


def draw(number: int = 1) -> None:
    for _ in range(number):
        await_order()
        found = claim()
        complete(found, collect(found))
