"""The server of assistants: the official SDK speaks the protocol, each message alone and without a session."""

import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import Any, Final

from django.conf import settings
from django.utils import translation
from mcp.server import Server, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    Tool,
    ToolAnnotations,
)

from generation.api.compat.mcp.calls import Answer, Api, Events, Hub, Scope
from generation.api.compat.mcp.deeds import DEEDS, Talk
from generation.api.compat.mcp.pictures import show_pictures
from generation.api.compat.mcp.results import word_answer, word_problem
from generation.api.compat.mcp.views import Conversation
from generation.api.compat.mcp.words import INSTRUCTIONS, TOOLS, ToolWords, describe_words
from generation.states import TaskState
from genhub.api.parsers import BodyTooLarge
from genhub.api.problems import problem_body
from genhub.lib import requestid
from genhub.lib.errors import Problem

logger = logging.getLogger(__name__)

NAME, ORDER = "genhub", "generate_image"
THREADS = 4
TALK: Final = "genhub.talk"
# Of the door's answer, which nobody else sends.
REPLACED = frozenset({"content-type", "content-length", "cache-control"})

Context = ServerRequestContext[Any, Any]


class Assistants:
    """Serves conversations, as long as `run` lasts."""

    def __init__(self, events: Events) -> None:
        self._hub = Hub(events, ThreadPoolExecutor(THREADS, "assistants"))
        server = Server(
            NAME,
            title="GenHub",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )
        self._manager = StreamableHTTPSessionManager(
            server, stateless=True, max_request_body_size=settings.API_MAX_BODY_BYTES
        )

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Be ready for conversations until the body ends."""
        async with self._manager.run():
            yield
        self._hub.threads.shutdown()

    async def serve(self, talk: Conversation, scope: Scope, receive: Any, send: Any) -> None:
        """Answer one message; raise BodyTooLarge where it says that it is larger than the hub reads."""
        limit: int = settings.API_MAX_BODY_BYTES
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if int(announced) > limit:
            raise BodyTooLarge(limit_bytes=limit)
        await self._manager.handle_request(
            {**scope, TALK: talk}, receive, partial(send_with, talk, send)
        )

    async def _list(
        self, context: Context, _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=list_tools(scope_of(context)[TALK].watch.reader.language))

    async def _call(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        if params.name not in DEEDS:
            raise MCPError(INVALID_PARAMS, f"Unknown tool: {params.name}")
        scope = scope_of(context)
        opened: Conversation = scope[TALK]
        api = Api(self._hub, scope, opened[requestid.HEADER])
        talk = Talk(api, opened.watch, partial(report, context))
        try:
            answer = await DEEDS[params.name](talk, params.arguments or {})
            result = await self._show(talk, answer)
        except Problem as problem:
            return refuse(problem, talk.watch.reader.language)
        except Exception:
            logger.exception("a tool of assistants broke")
            return refuse(Problem(), talk.watch.reader.language)
        if params.name == ORDER and answer.body.get("status") == TaskState.FAILED:
            result.is_error = True
        return result

    async def _show(self, talk: Talk, answer: Answer) -> CallToolResult:
        # One that failed may have pictures, too: those that staff released.
        if answer.body.get("status") != TaskState.COMPLETED and not answer.body.get("result"):
            return word_answer(answer)
        watch = talk.watch
        shown = await self._hub.read(
            show_pictures, watch.platform_id, watch.user, answer.body["id"]
        )
        return word_answer(answer, shown, base=watch.reader.base)


def scope_of(context: Context) -> Scope:
    """Return the request that brought a message."""
    request: Any = context.request
    scope: Scope = request.scope
    return scope


async def report(context: Context, done: float, message: str) -> None:
    """Tell the assistant how far its order is, if it asked to be told."""
    await context.session.report_progress(done, 1.0, message)


async def send_with(talk: Conversation, send: Any, message: Any) -> None:
    """Send on, and with the head of the answer what the door says in its headers."""
    if message["type"] == "http.response.start":
        said = [
            (name.lower().encode(), value.encode())
            for name, value in talk.items()
            if name.lower() not in REPLACED
        ]
        message = {**message, "headers": [*message["headers"], *said]}
    await send(message)


def refuse(problem: Problem, language: str) -> CallToolResult:
    """Return a problem in the assistant's language."""
    with translation.override(language):
        return word_problem(problem_body(problem))


@cache
def list_tools(language: str) -> list[Tool]:
    """Return all tools in a language."""
    with translation.override(language):
        return [describe(name, words) for name, words in TOOLS.items()]


def describe(name: str, words: ToolWords) -> Tool:
    """Return one tool as an assistant is told of it."""
    return Tool(
        name=name,
        title=str(words.title),
        description=str(words.description),
        input_schema=describe_words(words),
        annotations=ToolAnnotations(
            read_only_hint=words.reads,
            destructive_hint=False if words.reads else name == "cancel_task",
            idempotent_hint=words.reads or words.repeats,
            open_world_hint=False,
        ),
    )
