"""The stream that `grow-sse` is compared with: raw asyncio, no HTTP beyond a fixed head, no rows, no words.

`python -m tests.bench.raw_stream` says its port; each line of stdin, a text, is written to all who listen.
"""

import asyncio
import json
import resource
import sys

import uvloop

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"d\r\n: greetings\n\n\r\n"
)


async def main() -> None:
    """Listen, and write what stdin says to everybody."""
    clients: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        clients.add(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    say(server.sockets[0].getsockname()[1])
    while line := await asyncio.to_thread(sys.stdin.readline):
        data = json.loads(line).encode()
        chunk = b"%x\r\n%s\r\n" % (len(data), data)
        for writer in clients:
            writer.write(chunk)
        say(len(clients))


def say(answer: object) -> None:
    """Answer a question."""
    print(json.dumps(answer), flush=True)  # noqa: T201 (its answer)


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
