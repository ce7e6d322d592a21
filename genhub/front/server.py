"""All connections, the threads that answer them, and an orderly end."""

import asyncio
import contextlib
import io
import logging
import resource
import signal
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

from genhub.front.connection import Connection
from genhub.front.limits import Limits
from genhub.front.passage import is_passed_on
from genhub.front.refusals import RETRY_AFTER, HubBusy
from genhub.front.request import Incoming
from genhub.front.spool import Room
from genhub.front.waits import News, Ticket, Waits
from genhub.front.work import Job, Reply, make_reply
from genhub.lib.hosts import HEALTH_PATHS
from genhub.lib.waits import ARRIVED, ASKED, DONE, MEANT, OFFER, STREAM, Streamed, Wait

logger = logging.getLogger(__name__)

HEALTH_THREADS = 2
SWEEP_SECONDS = 1.0
BACKLOG = 1024
# The kernel's share of one answer: a slow reader must not take megabytes there, either.
SEND_BUFFER_BYTES = 128 * 1024
# Besides connections: spools, the database, log files.
OTHER_FILES = 256


class Server:
    """One loop with its connections; threads run the application."""

    def __init__(self, application: Any, limits: Limits, news: News) -> None:
        self.application, self.limits = application, limits
        self.waits = Waits(news, limits.waits)
        self.room = Room(limits.spool_bytes)
        self.is_stopping = False
        self.most_connections = min(limits.connections, raise_file_limit(limits.connections))
        self._connections: dict[Connection, None] = {}
        # Those whose answer waits.
        self._parked: dict[Connection, Ticket] = {}
        # Requests that threads have or wait for, those of clients that have gone included.
        self._under_way = 0
        self._threads = ThreadPoolExecutor(limits.threads, "web")
        # Health must be told when all others are busy.
        self._health_threads = ThreadPoolExecutor(HEALTH_THREADS, "health")
        self._loop: asyncio.AbstractEventLoop

    async def serve(self, sock: socket.socket, *, grace_seconds: float) -> bool:
        """Serve until a signal says stop; return whether everything that was begun is answered."""
        self._loop = asyncio.get_running_loop()
        self.waits.begin()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, stop.set)
        listener = await self._loop.create_server(
            lambda: Connection(self), sock=sock, backlog=BACKLOG
        )
        sweeping = asyncio.create_task(self._sweep())
        await stop.wait()
        self.is_stopping = True
        self.waits.end_all()
        listener.close()
        is_done = await self._drain(grace_seconds)
        sweeping.cancel()
        return is_done

    def admit(self, connection: Connection) -> None:
        """Take a connection; when there are too many the oldest that owes us its request goes, else the oldest that
        takes its time to read our answer."""
        if len(self._connections) >= self.most_connections:
            owing = (each for each in self._connections if not each.is_busy)
            reading = (each for each in self._connections if each.outgoing)
            oldest = next(chain(owing, reading), None)
            # Told of the loss later, it would be chosen again by the next that comes in the same moment.
            self.forget(oldest or connection)
            (oldest or connection).transport.abort()
            logger.warning("all %s connections are taken", self.most_connections)
            if oldest is None:
                return
        self._connections[connection] = None

    def forget(self, connection: Connection) -> None:
        """Let a connection go."""
        self._connections.pop(connection, None)
        if ticket := self._parked.pop(connection, None):
            self.waits.drop(ticket)

    def submit(self, connection: Connection, request: Incoming) -> None:
        """Have a whole request answered by a thread, unless too many wait already: clients may go and come again."""
        is_health = request.environ["PATH_INFO"] in HEALTH_PATHS
        if self._under_way >= self.most_connections and not is_health:
            busy = make_reply(HubBusy(headers=RETRY_AFTER), request.environ)
            connection.begin_reply(request, busy)
            return
        if is_passed_on(request.environ):
            connection.pass_on(request)
            return
        request.environ |= {OFFER: self.waits, ARRIVED: request.began_at}
        threads = self._health_threads if is_health else self._threads
        self._begin(threads, connection, request, request.environ, self._reply)

    def _begin(
        self,
        threads: ThreadPoolExecutor,
        connection: Connection,
        request: Incoming,
        environ: dict[str, Any],
        then: Callable[[Connection, Incoming, Reply], None],
    ) -> None:
        job = Job(
            self.application,
            environ,
            room=self.room,
            tell=lambda reply: self._call(connection, then, connection, request, reply),
            tell_more=lambda: self._call(connection, connection.pump),
        )
        self._under_way += 1
        running = threads.submit(self._run, job, connection, request)
        running.add_done_callback(lambda _: self._call(connection, self._end_one))

    def _reply(self, connection: Connection, request: Incoming, reply: Reply) -> None:
        """Send an answer, or hold it until what it waits for has come, or have it streamed."""
        if streamed := request.environ.pop(STREAM, None):
            self._stream(connection, request, reply, streamed)
            return
        ticket: Ticket | None = request.environ.pop(ASKED, None)
        may_wait = request.environ.pop(MEANT, False) or reply.status.startswith("2")
        is_final = self.is_stopping or connection.is_lost or not may_wait
        if ticket is None or is_final:
            if ticket:
                self.waits.drop(ticket)
            connection.begin_reply(request, reply)
            return
        request.body.close()
        self._parked[connection] = ticket
        self.waits.park(ticket, lambda: self._ask_again(connection, request, reply, ticket.wait))

    def _stream(
        self, connection: Connection, request: Incoming, reply: Reply, streamed: Streamed
    ) -> None:
        """Have the events process answer; where it cannot, the application says how things stand."""

        def ask_again() -> None:
            self._ask_again(connection, request, reply, Wait(streamed.key, 0))

        if self.is_stopping or connection.is_lost:
            ask_again()
        else:
            connection.pass_on(request, address=streamed.address, otherwise=ask_again)

    def _ask_again(
        self, connection: Connection, request: Incoming, first: Reply, wait: Wait
    ) -> None:
        """Have the application say how things stand now; where it cannot, they are told as they stood."""
        self._parked.pop(connection, None)
        environ = {
            **request.environ,
            DONE: wait,
            "wsgi.input": io.BytesIO(),
            "CONTENT_LENGTH": "0",
        }
        del environ[OFFER]

        def choose(connection: Connection, request: Incoming, second: Reply) -> None:
            is_good = MEANT in environ or second.status.startswith(("2", "304"))
            given, other = (second, first) if is_good else (first, second)
            other.body.close()
            connection.begin_reply(request, given)

        self._begin(self._threads, connection, request, environ, choose)

    def _end_one(self) -> None:
        self._under_way -= 1

    def _run(self, job: Job, connection: Connection, request: Incoming) -> None:
        if connection.is_lost and job.environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            # Nobody waits for what would change nothing.
            request.body.close()
            return
        job.run()

    def _call(self, connection: Connection, function: Any, *arguments: Any) -> None:
        # The loop may have ended while a thread was at work.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._contain, connection, function, *arguments)

    def _contain(self, connection: Connection, function: Any, *arguments: Any) -> None:
        """Call for one connection; what breaks ends that one, so that its client waits for nothing."""
        try:
            function(*arguments)
        except Exception:
            logger.exception("a connection broke and is cut")
            connection.transport.abort()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = time.monotonic()
            for connection in list(self._connections):
                if not connection.is_lost:
                    self._contain(connection, connection.sweep, now)

    async def _drain(self, grace_seconds: float) -> bool:
        deadline = time.monotonic() + grace_seconds
        for connection in list(self._connections):
            if connection.passage:
                # It would end with its client only, who comes again.
                connection.passage.close()
        while self._connections and time.monotonic() < deadline:
            for connection in list(self._connections):
                if not connection.is_busy and not connection.incoming:
                    connection.transport.close()
            await asyncio.sleep(0.05)
        return not self._connections


def raise_file_limit(wanted: int) -> int:
    """Let this process open as many files as it may; return how many connections that is, each with one spool."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * wanted + OTHER_FILES
    if soft < needed or soft == resource.RLIM_INFINITY:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max((soft - OTHER_FILES) // 2, 1)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit both.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.bind((host, port))
    sock.listen(BACKLOG)
    sock.settimeout(0)
    return sock
