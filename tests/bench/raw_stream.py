"""The stream that `grow-sse` is compared with: raw asyncio, no HTTP beyond a fixed head, no rows, no words.

`python -m tests.bench.raw_stream` says its port; each line of stdin, a text, is put before all who listen. Each client
has a coroutine and a bounded queue of its own, so that a slow one holds up nobody: less would be no server of streams.
"""

import asyncio
import json
import resource
import sys

import uvloop

MOST_BEHIND = 1000
HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"d\r\n: greetings\n\n\r\n"
)


async def main() -> None:
    """Listen, and tell everybody what stdin says."""
    clients: set[asyncio.Queue[bytes]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        queue: asyncio.Queue[bytes] = asyncio.Queue(MOST_BEHIND)
        clients.add(queue)
        while True:
            data = await queue.get()
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))
            await writer.drain()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    say(server.sockets[0].getsockname()[1])
    while line := await asyncio.to_thread(sys.stdin.readline):
        data = json.loads(line).encode()
        for queue in clients:
            queue.put_nowait(data)
        say(len(clients))


def say(answer: object) -> None:
    """Answer a question."""
    print(json.dumps(answer), flush=True)  # noqa: T201 (its answer)


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
