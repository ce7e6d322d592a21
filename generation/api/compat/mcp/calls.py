"""Requests of the hub's own API, made in this process with an assistant's key, address and language."""

import asyncio
import json
from collections.abc import Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from django.http import HttpResponseBase

from generation.api.live.board import Board, Stream
from generation.api.live.watch import Watch
from genhub.lib.connections import tidily
from genhub.lib.waits import DONE, Wait

Scope = MutableMapping[str, Any]
Result = TypeVar("Result")
# Of the assistant's own request: whose it is, from where, under which name and in which language.
KEPT = frozenset(
    {
        b"authorization",
        b"host",
        b"accept-language",
        b"traceparent",
        b"x-forwarded-for",
        b"x-forwarded-proto",
    }
)
# What reads for an assistant was counted when it spoke.
COUNTED = Wait("", 0)
SMALLEST_REFUSAL = 400


class Handler(Protocol):
    """Django's middleware and views."""

    def answer(self, scope: Scope, body: bytes, known: Mapping[str, Any]) -> HttpResponseBase:
        """Answer a request; `known` is kept with it as its environment."""


class Events(Protocol):
    """The process of streams, as far as assistants are concerned."""

    @property
    def handler(self) -> Handler:
        """Return who answers requests."""

    @property
    def board(self) -> Board:
        """Return where streams are open."""

    async def open(self, watch: Watch) -> Stream:
        """Open a stream; raise a Problem where there are too many."""


@dataclass(frozen=True)
class Hub:
    """The process with threads of assistants' own: their orders may wait for others, and no stream waits for those."""

    events: Events
    threads: ThreadPoolExecutor

    async def answer(self, scope: Scope, body: bytes, known: Mapping[str, Any]) -> HttpResponseBase:
        """Answer a request in a thread."""
        return await self.read(self.events.handler.answer, scope, body, known)

    async def read(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Call in a thread that may ask the database."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, tidily, function, *arguments)


@dataclass(frozen=True)
class Answer:
    """What the API said."""

    status: int
    body: dict[str, Any]

    @property
    def is_refusal(self) -> bool:
        """Return whether it is a problem."""
        return self.status >= SMALLEST_REFUSAL


@dataclass(frozen=True)
class Api:
    """The API as one message of an assistant calls it."""

    hub: Hub
    scope: Scope
    request_id: str

    async def read(self, path: str, **query: str) -> Answer:
        """Read; it counts as no request of its own."""
        return await self._ask("GET", path, query=query, waited=COUNTED)

    async def write(
        self,
        path: str,
        words: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        waited: Wait | None = None,
    ) -> Answer:
        """Order or change something. `waited`: ask once more for what was ordered, for which there was a wait."""
        headers = [(b"content-type", b"application/json")]
        if idempotency_key is not None:
            headers.append((b"idempotency-key", idempotency_key.encode("utf-8", "surrogatepass")))
        body = json.dumps(words).encode()
        return await self._ask("POST", path, body, headers=headers, waited=waited)

    async def _ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        query: Mapping[str, str] | None = None,
        headers: list[tuple[bytes, bytes]] | None = None,
        waited: Wait | None = None,
    ) -> Answer:
        kept = [line for line in self.scope["headers"] if line[0] in KEPT]
        kept += [(b"x-request-id", self.request_id.encode()), *(headers or [])]
        kept.append((b"content-length", str(len(body)).encode()))
        scope = {
            **self.scope,
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": urlencode(query or {}).encode(),
            "headers": kept,
        }
        response = await self.hub.answer(scope, body, {DONE: waited} if waited else {})
        content: bytes = getattr(response, "content", b"")
        return Answer(response.status_code, json.loads(content))
