"""The events process on the test's database, and clients that read streams."""

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rest_framework.test import APIClient

from generation.api.live.application import Events
from genhub.lib.connections import tidily
from genhub.live.address import is_open
from tests.api.refusals import header_of
from tests.faults.processes import running, wait_until
from tests.front.web import HOST, Web, serving
from tests.patience import patience
from tests.ports import free_port


@dataclass(frozen=True)
class Heard:
    """One event as it came."""

    id: str
    name: str
    data: dict[str, Any]


class Follower:
    """One client of a stream; a thread reads it to its end."""

    def __init__(
        self,
        web: Web,
        path: str,
        headers: dict[str, str],
        connection: http.client.HTTPConnection | None = None,
    ) -> None:
        usual = http.client.HTTPConnection(HOST, web.port, timeout=patience())
        self.connection = connection or usual
        self.connection.request("GET", path, headers=headers)
        sock = self.connection.sock
        self.answer = self.connection.getresponse()
        if self.answer.status != 200:
            raise AssertionError(self.answer.read().decode())
        self._socket: socket.socket = sock
        self.heard: list[Heard] = []
        self.comments = 0
        self.first_id = self.last_id = ""
        self.has_ended = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def await_greeting(self) -> None:
        """Wait until the stream has begun."""
        wait_until(lambda: self.last_id != "" or self.has_ended.is_set(), 30, "the greeting")
        assert self.last_id

    def names(self) -> list[str]:
        return [each.name for each in self.heard]

    def kept(self) -> list[Heard]:
        """Return the events that have an id: those that must not be lost."""
        return [each for each in self.heard if each.id]

    def leave(self) -> None:
        """End the connection, and wait until nothing is read any more."""
        if not self.has_ended.is_set():
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.connection.close()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            while line := self.answer.readline().decode():
                name, _, value = line.rstrip("\n").partition(": ")
                if line == "\n":
                    self._dispatch(fields)
                    fields = {}
                elif line.startswith(":"):
                    self.comments += 1
                else:
                    fields[name] = value
        except (OSError, ValueError, http.client.HTTPException):
            # Cut in the middle: what is not whole was not heard.
            pass
        finally:
            self.has_ended.set()

    def _dispatch(self, fields: dict[str, str]) -> None:
        self.last_id = fields.get("id", self.last_id)
        self.first_id = self.first_id or self.last_id
        if "data" in fields:
            data = json.loads(fields["data"])
            self.heard.append(Heard(fields.get("id", ""), fields["event"], data))


Follow = Callable[..., Follower]


@contextmanager
def serving_events(log: Path, address: str, **settings: str) -> Iterator[Any]:
    """Run the events process until the body ends."""
    with running(log, "-m", "genhub.live", EVENTS_ADDRESS=address, **settings) as process:
        wait_until(lambda: is_open(address) or process.poll() is not None, 120, "events' start")
        assert process.poll() is None, log.read_text()
        yield process


@contextmanager
def serving_both(folder: Path, at_port: str = "", **settings: str) -> Iterator[Web]:
    """Run both processes: the web server, and behind it the one of events."""
    address = f"{HOST}:{free_port()}"
    with (
        serving_events(folder / "events.log", address, **settings),
        serving(folder / "web.log", at_port, EVENTS_ADDRESS=address, **settings) as web,
    ):
        yield web


def serve_here(
    client: APIClient, path: str, *, begun: Callable[[], None], is_enough: Callable[[bytes], bool]
) -> bytes:
    """Serve one stream in this process until its client has enough, and return what it heard.

    `begun` is called once the client is told that the stream is open, before anything else happens to it.
    """
    said = b""

    async def send(message: dict[str, Any]) -> None:
        nonlocal said
        said += message.get("body", b"")
        if message["type"] == "http.response.start":
            assert message["status"] == 200
            await asyncio.to_thread(tidily, begun)

    async def receive() -> dict[str, str]:
        while not is_enough(said):
            await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def serve() -> None:
        application = Events()
        await application.begin()
        try:
            async with asyncio.timeout(patience()):
                await application(scope, receive, send)
        finally:
            await application.close()

    key = header_of(client)["HTTP_AUTHORIZATION"].encode()
    headers = [(b"host", b"localhost"), (b"authorization", key)]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    asyncio.run(serve())
    return said
