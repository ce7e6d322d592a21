"""An assistant: the official SDK's own client, with a key of the hub's."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx2
from mcp import MCPError
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, ImageContent, Tool
from rest_framework.test import APIClient

from tests.api.refusals import header_of
from tests.front.web import HOST, Web
from tests.patience import patience


@dataclass
class Assistant:
    """Whoever calls the hub's tools; `told` is the progress that it heard of."""

    web: Web
    client: APIClient
    threads: ThreadPoolExecutor
    mode: str = "auto"
    headers: dict[str, str] = field(default_factory=dict)
    told: list[tuple[float, str | None]] = field(default_factory=list)

    def begin(self, tool: str, **arguments: Any) -> Future[CallToolResult]:
        """Call a tool in a thread."""
        return self.threads.submit(self.call, tool, **arguments)

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        """Call a tool and return what it answers."""

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            assert total == 1.0
            self.told.append((progress, message))

        async def talk(client: Client) -> Any:
            # As each does first; the client would list them after the call else.
            await client.list_tools()
            return await client.call_tool(tool, arguments, progress_callback=hear)

        result: CallToolResult = self._talk(talk)
        return result

    def tools(self) -> list[Tool]:
        """Return what the hub offers."""

        async def talk(client: Client) -> Any:
            return (await client.list_tools()).tools

        found: list[Tool] = self._talk(talk)
        return found

    def _talk(self, talk: Any) -> Any:
        async def run() -> Any:
            said = {"Authorization": header_of(self.client)["HTTP_AUTHORIZATION"]}
            url = f"http://{HOST}:{self.web.port}/mcp"
            async with (
                httpx2.AsyncClient(headers=said | self.headers, timeout=patience()) as http,
                Client(streamable_http_client(url, http_client=http), mode=self.mode) as client,
            ):
                try:
                    return await talk(client)
                except MCPError as error:
                    # Raised here, it would come out as a group of one.
                    return error

        result = asyncio.run(run())
        if isinstance(result, MCPError):
            raise result
        return result


def text_of(result: CallToolResult) -> str:
    """Return what an assistant reads of an answer."""
    return "\n".join(part.text for part in result.content if part.type == "text")


def pictures_of(result: CallToolResult) -> list[ImageContent]:
    """Return the pictures that an assistant sees."""
    return [part for part in result.content if part.type == "image"]
