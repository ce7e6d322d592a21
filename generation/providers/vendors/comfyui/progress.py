"""How far a prompt is that runs: only a websocket tells, to whoever listens at that moment.

`progress_state` goes to everybody with the state of each node that has begun, `progress` (of older servers) to the
client of the prompt that runs, of the node at hand alone. A node weighs as many as it has steps.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpcore2
import httpx2
import msgspec
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import CloseConnection, TextMessage
from wsproto.utilities import ProtocolError

from generation.providers.http import VendorApi, client_of
from genhub.lib.dial import within

logger = logging.getLogger(__name__)
FAILURES = (
    httpx2.HTTPError, httpx2.InvalidURL, httpcore2.NetworkError, httpcore2.TimeoutException, ProtocolError,
)  # fmt: skip
SWITCHING = 101
# Steps of clips take longer: then the next poll hears of one.
LISTEN_SECONDS = 2.0
MOST_BYTES = 4 * 2**20
UPGRADE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    # It proves nothing but that the other side read it.
    "sec-websocket-key": "Z2VuaHViLWxpc3RlbnMhIQ==",
}


class Node(msgspec.Struct):
    """How far a node is."""

    value: float = 0.0
    max: float = 1.0


class Facts(msgspec.Struct):
    """Of whichever news: the prompt, its nodes, or how far the one at hand is."""

    prompt_id: str | None = None
    nodes: dict[str, Node] | None = None
    value: float | None = None
    max: float | None = None


class News(msgspec.Struct):
    """What the server tells."""

    type: str
    data: Facts = msgspec.field(default_factory=Facts)


def hear_progress(
    api: VendorApi, client: str, prompt: str, nodes: Mapping[str, Any]
) -> float | None:
    """Return how far a prompt of these nodes is, 0 to 1, as it is told within a moment; None where nothing is."""
    try:
        for text in listen(api, f"ws?clientId={quote(client, safe='')}"):
            news = read_news(text)
            if news and (done := done_of(news, prompt, nodes)) is not None:
                return done
    except FAILURES as error:
        # A proxy lets none through, or nothing is told now: it is made all the same.
        logger.info("no progress of %s: %r", api.account.alias, error)
    return None


def listen(api: VendorApi, path: str) -> Iterator[bytes]:
    """Yield the texts of a websocket, for a moment; raise one of FAILURES."""
    account, came, text = api.account, 0, ""
    client = client_of(account.connect_seconds, account.answer_seconds, account.private_hosts)
    headers = {**api.headers, **UPGRADE}
    with (
        within(LISTEN_SECONDS),
        client.stream("GET", api.url_of(path), headers=headers) as response,
    ):
        if response.status_code != SWITCHING:
            return
        frames = Connection(ConnectionType.CLIENT)
        while came < MOST_BYTES:
            part = response.extensions["network_stream"].read(2**16)
            came += len(part)
            frames.receive_data(part or None)
            for event in frames.events():
                if isinstance(event, CloseConnection):
                    return
                if isinstance(event, TextMessage):
                    text += event.data
                    if event.message_finished:
                        yield text.encode()
                        text = ""


def read_news(text: bytes) -> News | None:
    """Return what was told; None for what nobody understands."""
    try:
        return msgspec.json.decode(text, type=News)
    except (msgspec.DecodeError, RecursionError):
        return None


def done_of(news: News, prompt: str, nodes: Mapping[str, Any]) -> float | None:
    """Return how far a prompt is by a piece of news, None for news of something else."""
    told = news.data
    if told.prompt_id not in {None, prompt}:
        return None
    if news.type == "progress" and told.value is not None and told.max:
        return share_of(told.value, told.max)
    if news.type != "progress_state" or told.prompt_id is None or not told.nodes:
        return None
    # Nodes that came while it ran have ids of their own.
    waiting = len(nodes.keys() - told.nodes.keys())
    steps = sum(max(node.max, 1.0) for node in told.nodes.values()) + waiting
    return share_of(sum(node.value for node in told.nodes.values()), steps)


def share_of(value: float, most: float) -> float:
    """Return a part of a whole, 0 to 1."""
    return min(max(value / most, 0.0), 1.0)
