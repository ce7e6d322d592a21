"""Streams' requests and what assistants say are passed on to the events process, and its answer back as it comes."""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings

from generation.api.live.refusals import RETRY_AFTER, EventsAway
from genhub.front.request import Incoming
from genhub.front.work import make_reply
from genhub.lib import requestid
from genhub.live.address import read_address

if TYPE_CHECKING:
    from genhub.front.connection import Connection

logger = logging.getLogger(__name__)

PATHS = re.compile(r"/api/v1/(events|tasks/[^/]+/events)|/v1/images/streams/[^/]+")
METHODS = frozenset({"GET", "HEAD"})
ASSISTANTS = "/mcp"
CONNECT_SECONDS = 5.0
# Of one connection alone, or said anew.
DROPPED = frozenset(
    {b"connection", b"keep-alive", b"upgrade", b"expect", b"te", b"content-length"}
) | {b"transfer-encoding", b"http2-settings", b"proxy-connection", b"x-request-id"}


def is_passed_on(environ: dict[str, Any]) -> bool:
    """Return whether the events process answers this request."""
    if environ["PATH_INFO"] == ASSISTANTS:
        return True
    return environ["REQUEST_METHOD"] in METHODS and bool(PATHS.fullmatch(environ["PATH_INFO"]))


class Passage(asyncio.Protocol):
    """The way to the events process for one request, or for the stream at an address that answers it; the client's
    connection ends with it. `otherwise` answers where nobody is there to do it."""

    def __init__(
        self,
        connection: "Connection",
        request: Incoming,
        *,
        address: str = "",
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        self.connection, self.request = connection, request
        self.address, self.otherwise = address, otherwise or self._answer_away
        self.transport: asyncio.Transport | None = None
        self.was_answered = False
        self._said = b""
        self._opening: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Pass the request on."""
        self._said = frame(self.request, self.address)
        self.request.body.close()
        self._opening = asyncio.ensure_future(self._open())

    def close(self) -> None:
        """Let go: the client has gone, or the server ends."""
        if self.transport:
            self.transport.close()
        elif self._opening:
            self._opening.cancel()

    def resume(self) -> None:
        """Read on, since the client takes more."""
        if self.transport:
            self.transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._said)
        self._said = b""

    def data_received(self, data: bytes) -> None:
        """Pass a piece of the answer back."""
        self.was_answered = True
        self.connection.transport.write(data)
        if self.transport and not self.connection.may_write:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the client's connection with the answer."""
        if self.was_answered:
            self.connection.end_passage()
        else:
            self._refuse()

    async def _open(self) -> None:
        host, port, path = read_address(settings.EVENTS["address"])
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if path:
                    await loop.create_unix_connection(lambda: self, path)
                else:
                    await loop.create_connection(lambda: self, host, port)
        except OSError as error:
            logger.warning("the events process does not answer: %s", error)
            self._refuse()

    def _refuse(self) -> None:
        self.connection.passage = None
        if not self.connection.is_lost:
            self.otherwise()

    def _answer_away(self) -> None:
        away = make_reply(EventsAway(headers=RETRY_AFTER), self.request.environ)
        self.connection.begin_reply(self.request, away)


def frame(request: Incoming, address: str = "") -> bytes:
    """Return the request as the events process gets it: with the client's address and its id, as one for another
    address where that answers it, and with the body that an assistant sends; streams have none."""
    environ = request.environ
    method, target = environ["REQUEST_METHOD"], request.head.url.decode("latin-1")
    if address:
        method, target = "GET", address
    body = b""
    if environ["PATH_INFO"] == ASSISTANTS:
        body = request.body.read_at(0, request.body.size_bytes)
    dropped = DROPPED if settings.BEHIND_PROXY else DROPPED | {b"x-forwarded-for"}
    lines = [f"{method} {target} HTTP/1.1".encode("latin-1")]
    lines += [
        b"%s: %s" % (name, value)
        for name, value in request.head.lines
        # As everywhere, a name with an underscore is none.
        if name.lower() not in dropped and b"_" not in name
    ]
    if not settings.BEHIND_PROXY:
        lines.append(f"X-Forwarded-For: {environ.get('REMOTE_ADDR', '')}".encode())
    lines += [f"{requestid.HEADER}: {requestid.settle(environ)}".encode(), b"Connection: close"]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*lines, b"", body])
