"""Each test has clients of its own, closed behind it."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx2
import pytest

from generation.providers import http


@pytest.fixture(autouse=True)
def _own_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    made: list[httpx2.Client] = []
    make = http.client_of.__wrapped__

    @cache
    def client_of(*limits: Any) -> httpx2.Client:
        made.append(make(*limits))
        return made[-1]

    monkeypatch.setattr(http, "client_of", client_of)
    yield
    for client in made:
        client.close()
