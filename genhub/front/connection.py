"""One connection: requests in, one after the other, answers out in the same order."""

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Any, cast

import httptools

from genhub.front.head import LONGEST_HEAD_BYTES, MOST_HEADERS
from genhub.front.limits import KEEP_ALIVE_SECONDS, LINGER_SECONDS
from genhub.front.passage import Passage
from genhub.front.refusals import BodyCutShort, HeadersTooLarge, RequestMalformed, RequestTooSlow
from genhub.front.request import Incoming
from genhub.front.sender import Outgoing
from genhub.front.stall import Stall
from genhub.front.work import Reply, make_reply
from genhub.lib.errors import Problem

if TYPE_CHECKING:
    from genhub.front.server import Server

logger = logging.getLogger(__name__)
BUFFER_BYTES = 64 * 1024
# Requests that a client may send ahead of their answers; what follows them is not read.
MOST_AHEAD = 32


class NotRead(Exception):
    """A request began that comes too late or too early on its connection."""


class Connection(asyncio.Protocol):
    """What the loop knows of one client; no thread ever sees it."""

    def __init__(self, server: "Server") -> None:
        self.server = server
        self.transport: asyncio.Transport
        self.parser = httptools.HttpRequestParser(self)
        # What is being read, what was read and waits for its turn, what is being answered.
        self.incoming: Incoming | None = None
        self.waiting: deque[Incoming] = deque()
        self.current: Incoming | None = None
        self.outgoing: Outgoing | None = None
        # What is being answered by the events process.
        self.passage: Passage | None = None
        self.is_lost = False
        self.is_lingering = False
        self.reads_on = True
        self.may_write = True
        self.idle_since = time.monotonic()
        self.idle_seconds = server.limits.head_seconds
        self.stall = Stall()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=BUFFER_BYTES)
        self.peer = transport.get_extra_info("peername")
        self.here = transport.get_extra_info("sockname")
        self.server.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget everything that was for this client."""
        self.is_lost = True
        self.server.forget(self)
        if self.outgoing:
            self.outgoing.reply.body.close()
        if self.passage:
            self.passage.close()
        for request in (self.incoming, *self.waiting):
            if request:
                request.body.close()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self.is_lingering or not self.reads_on:
            return
        began = self.incoming
        try:
            self._feed(data)
        except httptools.HttpParserError:
            if self.takes_more:
                self._refuse_incoming(RequestMalformed())
            self.reads_on = False
            return
        # What ended another request is none of this one's.
        self._watch_incoming(len(data) if self.incoming is began else 0)

    def eof_received(self) -> bool:
        """Answer what came before the client ended its side; half a request is refused."""
        if self.passage:
            # Nobody reads a stream who has said goodbye.
            return False
        if self.incoming:
            self._refuse_incoming(BodyCutShort())
        self.reads_on = False
        return bool(self.current or self.outgoing or self.waiting)

    def pause_writing(self) -> None:
        """Wait for the reader."""
        self.may_write = False

    def resume_writing(self) -> None:
        """Write on."""
        self.may_write = True
        if self.passage:
            self.passage.resume()
        self.pump()

    def on_message_begin(self) -> None:
        """Begin a request (the parser calls); one whose head is known goes on."""
        if self.incoming:
            return
        if not self.takes_more:
            raise NotRead
        self.incoming = Incoming(self.server.room)

    def on_url(self, url: bytes) -> None:
        """Take a piece of the address (the parser calls)."""
        request = self._incoming()
        if not request.has_head:
            request.head.url += url
            request.head.size_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header (the parser calls); one that comes after the body is a trailer, which nobody reads."""
        request = self._incoming()
        if not request.has_head:
            request.head.add(name, value)

    def on_headers_complete(self) -> None:
        """Judge the head (the parser calls)."""
        request = self._incoming()
        if request.has_head:
            return
        method = self.parser.get_method().decode("latin-1")
        request.finish_head(
            method, version=self.parser.get_http_version(), peer=self.peer, here=self.here
        )
        request.keep_alive = self.parser.should_keep_alive()
        if request.awaits_continue and not self.current and not self.waiting:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes) -> None:
        """Keep a piece of the body (the parser calls)."""
        self._incoming().add_body(data)

    def on_message_complete(self) -> None:
        """Answer the request when its turn comes (the parser calls)."""
        if self.parser.should_upgrade():
            # Its body is still to come.
            return
        request, self.incoming = self._incoming(), None
        request.finish()
        if request.refusal:
            # Where the next one begins is as doubtful as this one.
            self.reads_on = False
        self._enqueue(request)

    def begin_reply(self, request: Incoming, reply: Reply) -> None:
        """Send an answer; its body may still grow."""
        request.body.close()
        if self.is_lost:
            reply.body.close()
            return
        keeps_alive = request.keep_alive and not request.refusal and not self.server.is_stopping
        keeps_alive = keeps_alive and (self.reads_on or bool(self.waiting))
        self.outgoing = Outgoing(reply, request.environ, keeps_alive=keeps_alive)
        self.stall.begin(time.monotonic())
        self.pump()

    def pump(self) -> None:
        """Write as much of the answer as there is and as the reader takes."""
        outgoing = self.outgoing
        if outgoing is None or self.is_lost:
            return
        if not outgoing.pump(self.transport, may_write=lambda: self.may_write):
            self.transport.abort()
        elif outgoing.is_finished:
            self._finish_reply(outgoing)

    def pass_on(self, request: Incoming, **words: Any) -> None:
        """Have a request answered by the events process; nothing follows it on this connection."""
        self.reads_on = False
        self.stall.begin(time.monotonic())
        self.passage = Passage(self, request, **words)
        self.passage.open()

    def end_passage(self) -> None:
        """End with the answer that was passed back."""
        self.passage = None
        self.transport.close()

    def sweep(self, now: float) -> None:
        """End what takes too long."""
        if self.stall.lasts(self.transport, now, seconds=self.server.limits.stall_seconds):
            logger.info("a reader took nothing for %s s", self.server.limits.stall_seconds)
            self.transport.abort()
        elif self.is_lingering and now - self.idle_since > LINGER_SECONDS:
            self.transport.abort()
        elif self.incoming:
            if self._is_late(self.incoming, now):
                self._refuse_incoming(RequestTooSlow())
        elif not self.is_busy and now - self.idle_since > self.idle_seconds:
            self.transport.close()

    @property
    def is_busy(self) -> bool:
        """Return whether an answer is owed."""
        return bool(self.current or self.waiting)

    @property
    def takes_more(self) -> bool:
        """Return whether a request that begins now is read."""
        return self.reads_on and len(self.waiting) < MOST_AHEAD

    def _feed(self, data: bytes) -> None:
        """Parse; an offer to speak another protocol is passed over, and the body read that the parser leaves out."""
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self.parser = httptools.HttpRequestParser(self)
                data = self._incoming().head.frame() + data[offer.args[0] :]
            else:
                return

    def _incoming(self) -> Incoming:
        if self.incoming is None:
            self.incoming = Incoming(self.server.room)
        return self.incoming

    def _watch_incoming(self, count: int) -> None:
        request = self.incoming
        if request is None:
            return
        # The parser tells of a header, before the body or after it, only when it is whole.
        request.bodiless_bytes = 0 if request.settle() else request.bodiless_bytes + count
        if request.refusal:
            self._refuse_incoming(request.refusal)
        elif request.bodiless_bytes > LONGEST_HEAD_BYTES:
            self._refuse_incoming(
                HeadersTooLarge(limit_bytes=LONGEST_HEAD_BYTES, most=MOST_HEADERS)
            )

    def _refuse_incoming(self, problem: Problem) -> None:
        """Refuse what is being read; nothing that follows it on this connection is read."""
        request, self.incoming = self._incoming(), None
        self.reads_on = False
        if not request.environ:
            peer = self.peer[0] if self.peer else ""
            request.environ = {"REMOTE_ADDR": peer, "PATH_INFO": "-"}
        request.refusal = problem
        self._enqueue(request)

    def _enqueue(self, request: Incoming) -> None:
        self.waiting.append(request)
        if self.current or len(self.waiting) > 1:
            # The client sends ahead: it waits until this one is answered.
            self.transport.pause_reading()
        self._take_turn()

    def _take_turn(self) -> None:
        if self.current or not self.waiting:
            return
        request = self.current = self.waiting.popleft()
        if request.refusal:
            self.begin_reply(request, make_reply(request.refusal, request.environ))
        else:
            self.server.submit(self, request)

    def _finish_reply(self, outgoing: Outgoing) -> None:
        outgoing.reply.body.close()
        request, self.current, self.outgoing = self.current, None, None
        self.idle_since, self.idle_seconds = time.monotonic(), KEEP_ALIVE_SECONDS
        if outgoing.keeps_alive:
            if not self.waiting:
                self.transport.resume_reading()
            self._take_turn()
        elif request and request.is_whole:
            self.transport.close()
        else:
            self._linger()

    def _linger(self) -> None:
        """Close our side alone: a connection reset under a caller that still sends would take the answer away."""
        self.is_lingering = True
        self.transport.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _is_late(self, request: Incoming, now: float) -> bool:
        limits = self.server.limits
        if not request.has_head:
            return now - request.began_at > limits.head_seconds
        return now - request.began_at > limits.body_seconds or request.is_too_slow(
            now, stretch_seconds=limits.stall_seconds, slowest_bytes=limits.slowest_bytes
        )
