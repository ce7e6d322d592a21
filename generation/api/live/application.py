"""The ASGI application of the events process: Django's view decides in a thread, and the loop serves the stream."""

import asyncio
import io
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from types import MappingProxyType
from typing import Any, TypeVar

from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.db import Error
from django.http import HttpResponseBase
from django.urls import set_script_prefix

from generation.api.compat.mcp.server import Assistants
from generation.api.compat.mcp.views import Conversation
from generation.api.live.board import Board, Stream
from generation.api.live.feed import Feed
from generation.api.live.lines import HEARTBEAT, greet, make_lines, word_past
from generation.api.live.refusals import RETRY_AFTER, EventsAway
from generation.api.live.watch import Dialect, Opening, Reader, Watch
from generation.models import Task
from generation.selectors import events
from generation.selectors.tasks import read_whole
from genhub.front.wording import word_problem
from genhub.lib import requestid
from genhub.lib.connections import tidily
from genhub.lib.errors import Problem

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Result = TypeVar("Result")
# Who opens a stream, or reads what it missed, waits for one of these; an open stream needs none.
THREADS = 4
READY_SECONDS = 5.0
HEARTBEAT_SECONDS = 15.0
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Handler(BaseHandler):
    """Django's middleware and views, called from a thread."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware()

    def answer(
        self, scope: Scope, body: bytes = b"", known: Mapping[str, Any] = NOTHING
    ) -> HttpResponseBase:
        """Answer a request; streams have no bodies to read. `known` is kept with it as its environment."""
        set_script_prefix("")
        request_started.send(sender=type(self), scope=scope)
        request = ASGIRequest(dict(scope), io.BytesIO(body))
        request.META.update(known)
        with requestid.working_for(requestid.settle(request.META)):
            response = self.get_response(request)
        # Gives the thread's connection back.
        response.close()
        return response


class Events:
    """Streams of events, from one feed, and what assistants say, who wait for events, too."""

    def __init__(self) -> None:
        self.board = Board()
        self.feed = Feed(
            self.board,
            tell=lambda lines, steps: self._call(self.board.tell, lines, steps),
            tell_places=lambda places: self._call(self.board.tell_places, places),
            end_of_keys=lambda keys: self._call(self.board.end_of_keys, keys),
        )
        self.handler = Handler()
        self._assistants = Assistants(self)
        self._begun = AsyncExitStack()
        self._threads = ThreadPoolExecutor(THREADS, "events")
        self._loop: asyncio.AbstractEventLoop

    async def begin(self) -> None:
        """Begin to hear, tell and beat; the loop runs."""
        self._loop = asyncio.get_running_loop()
        self.feed.start()
        await self._begun.enter_async_context(self._assistants.run())
        self._beating = asyncio.create_task(self._beat())

    def end(self) -> None:
        """End all streams, so that their clients come again; any thread may call."""
        self._call(self.board.end_all)

    async def close(self) -> None:
        """Give back all that was taken."""
        self._beating.cancel()
        await self._begun.aclose()
        await asyncio.to_thread(self.feed.stop)
        self._threads.shutdown()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        settle_client(scope)
        dialect: Dialect | None = None
        try:
            response = await self.read(self.handler.answer, without_body(scope))
            if isinstance(response, Conversation):
                await self._assistants.serve(response, scope, receive, send)
                return
            if not isinstance(response, Opening) or scope["method"] == "HEAD":
                await answer(send, response)
                return
            dialect = response.watch.dialect
            async with self._opened(response.watch) as (stream, newest):
                await start(send, response)
                await self._serve(stream, newest, receive, send)
        except Problem as problem:
            if dialect:
                await answer(send, dialect.word_refusal(problem))
            else:
                await refuse(send, problem, scope)

    @asynccontextmanager
    async def _opened(self, watch: Watch) -> AsyncIterator[tuple[Stream, int]]:
        """Give a stream and the newest event's place when it began, which is known before the client is told that it
        listens: what it orders then comes after that place."""
        stream = await self.open(watch)
        try:
            try:
                newest = await self.read(events.newest_position)
            except Error as error:
                logger.warning("a stream could not be begun: %s", error)
                raise EventsAway(headers=RETRY_AFTER) from error
            yield stream, newest
        finally:
            self.board.close(stream)

    async def open(self, watch: Watch) -> Stream:
        """Return a new stream; the first ones wait for the feed's first turn."""
        is_ready = self.feed.is_ready
        if not is_ready.is_set() and not await self.read(is_ready.wait, READY_SECONDS):
            raise EventsAway(headers=RETRY_AFTER)
        return self.board.open(watch)

    async def _serve(self, stream: Stream, newest: int, receive: Any, send: Any) -> None:
        """Write until the stream or its client ends."""
        leaving = asyncio.create_task(end_on_leave(stream, receive))
        try:
            await self._write(stream, newest, send)
        finally:
            leaving.cancel()

    async def _write(self, stream: Stream, newest: int, send: Any) -> None:
        try:
            await self._catch_up(stream, newest, send)
        except Exception:
            # The client comes again and asks for the rest; what it has is whole.
            logger.exception("a stream could not be begun")
            stream.end()
        while True:
            if data := stream.take():
                await send({"type": "http.response.body", "body": data, "more_body": True})
            if stream.is_over:
                break
            await stream.wake.wait()
        if stream.is_left:
            return
        if dialect := stream.watch.dialect:
            pieces = dialect.word_end()
            while piece := await self.read(next, pieces, b""):
                await send_body(send, piece)
        await send({"type": "http.response.body", "body": b""})

    async def _catch_up(self, stream: Stream, newest: int, send: Any) -> None:
        """Send from the rows what came before the stream began; what comes now lies ready behind it."""
        watch = stream.watch
        if watch.dialect:
            # At once, so that no proxy takes the silence until the end for a hub that is away.
            await send_body(send, HEARTBEAT)
            if await self.read(events.find_ended, [str(watch.task_id)]):
                stream.end()
            return
        is_new = watch.after is None and watch.task_id is None
        await send_body(send, greet(newest if is_new else None))
        if watch.is_past and watch.task_id is not None:
            await send_body(send, await self.read(tell_past, watch.task_id, watch.reader, newest))
            stream.end()
        elif is_new:
            stream.skip(newest)
        else:
            await self._tell_missed(stream, newest, send)

    async def _tell_missed(self, stream: Stream, newest: int, send: Any) -> None:
        at, is_whole = stream.watch.after or 0, False
        while not (is_whole or stream.is_over):
            data, at, is_whole, has_ended = await self.read(read_missed, stream.watch, at, newest)
            if data:
                await send_body(send, data)
            stream.skip(at)
            if has_ended:
                stream.end()

    async def read(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Call in a thread that may ask the database."""
        return await self._loop.run_in_executor(self._threads, tidily, function, *arguments)

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        self._loop.call_soon_threadsafe(function, *arguments)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS / 2)
            for stream in self.board.streams():
                stream.beat()


def read_missed(watch: Watch, at: int, newest: int) -> tuple[bytes, int, bool, bool]:
    """Return the next page of what a stream missed, how far that goes, and whether it is the last, or a task's end."""
    if watch.task_id is not None:
        told = events.read_of_task(watch.task_id, at)
        end, is_whole = (told[-1].position if told else at), len(told) < events.PAGE
    else:
        told, end = events.read_of_owner(watch.platform_id, watch.user, at, upto=newest)
        is_whole = end >= newest
    lines = make_lines(told, [watch.reader])
    data = b"".join(line.texts[watch.reader] for line in lines)
    has_ended = watch.task_id is not None and any(each.is_end for each in told)
    return data, end, is_whole, has_ended


def tell_past(task_id: uuid.UUID, reader: Reader, position: int) -> bytes:
    """Return the end of a task whose events are gone."""
    task = read_whole(Task.objects.filter(pk=task_id)).get()
    return word_past(task, reader, position=position)


def without_body(scope: Scope) -> Scope:
    """Return a request without what is said of its body: none is read here, and Django reads its type before any
    handler of errors stands."""
    kept = [line for line in scope["headers"] if not line[0].startswith(b"content-")]
    return {**scope, "headers": kept}


def settle_client(scope: Scope) -> None:
    """Say who asks: only the front and nginx reach this process, and both name the client in its last place."""
    named = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    if named:
        scope["client"] = (named[-1].decode("latin-1").rpartition(",")[2].strip(), 0)


async def end_on_leave(stream: Stream, receive: Any) -> None:
    """End a stream when its client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.leave()


async def start(send: Any, response: HttpResponseBase) -> None:
    """Send an answer's head."""
    headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})


async def send_body(send: Any, data: bytes) -> None:
    """Send a piece of a stream."""
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def answer(send: Any, response: HttpResponseBase) -> None:
    """Send what is no stream."""
    await start(send, response)
    await send({"type": "http.response.body", "body": getattr(response, "content", b"")})


async def refuse(send: Any, problem: Problem, scope: Scope) -> None:
    """Answer with a problem."""
    given = dict(scope["headers"])
    environ = {
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": scope["path"],
        "HTTP_ACCEPT_LANGUAGE": given.get(b"accept-language", b"").decode("latin-1"),
        requestid.SENT: given.get(b"x-request-id", b"").decode("latin-1"),
        "HTTP_ORIGIN": given.get(b"origin", b"").decode("latin-1"),
    }
    status, headers, body = word_problem(problem, environ)
    await send(
        {
            "type": "http.response.start",
            "status": int(status.split()[0]),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
        }
    )
    await send({"type": "http.response.body", "body": body})
