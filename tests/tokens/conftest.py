"""Tokens of alice, and browsers that send them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from genhub.platforms.browser_tokens import origins

TOKENS = "/api/v1/tokens"
APP = "https://app.example.com"
Mint = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _strangers() -> Iterator[None]:
    """No test knows the origins of another's tokens."""
    origins.forget()
    yield
    origins.forget()


@pytest.fixture
def app(client_of: Callable[..., APIClient]) -> APIClient:
    """The platform's own key."""
    return client_of("")


@pytest.fixture
def mint(app: APIClient) -> Mint:
    """Mint a token and return the whole answer."""

    def make(client: APIClient = app, **words: Any) -> dict[str, Any]:
        words = {"origins": [APP], "max_credits": 50, **words}
        if client is app:
            words = {"user": "alice", **words}
        answer = client.post(TOKENS, words, format="json")
        assert answer.status_code == 201, answer.json()
        made: dict[str, Any] = answer.json()
        assert client.get(answer["Location"]).json()["id"] == made["id"]
        return made

    return make


def browser(token: Any, origin: str | None = APP) -> APIClient:
    """Return a client that sends a token as a page of an origin does."""
    client = APIClient()
    words: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {token['token']}"}
    client.credentials(**words, **({"HTTP_ORIGIN": origin} if origin else {}))
    return client
