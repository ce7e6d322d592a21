"""Many clients of one stream in a process of their own: `python -m tests.bench.followers`.

`{"port": …, "path": …, "key": …, "number": …}` opens so many and answers when each has its first bytes; `heard`
answers how many events, and how many bytes, all of them have read together since then.
"""

import asyncio
import json
import resource
import sys
from typing import Any

EVENT = b"event: "
# That many open at a time: whoever listens is not to be swamped by those who come.
AT_ONCE = 20


class Followers:
    """All clients."""

    def __init__(self) -> None:
        self.heard = self.size = 0
        self._reading: list[asyncio.Task[None]] = []

    async def open(self, port: int, path: str, key: str, number: int) -> None:
        """Open so many streams, and read them from then on."""
        gate = asyncio.Semaphore(AT_ONCE)
        request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
            "Accept: text/event-stream\r\n\r\n"
        ).encode()

        async def follow() -> None:
            async with gate:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(request)
                head = await reader.readuntil(b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 200"):
                    raise AssertionError(head + await reader.read(1000))
                await reader.readuntil(b"\n\n")
            self._reading.append(asyncio.create_task(self._read(reader, writer)))

        await asyncio.gather(*(follow() for _ in range(number)))

    async def _read(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        tail = b""
        while data := await reader.read(65_536):
            self.size += len(data)
            data = tail + data
            self.heard += data.count(EVENT)
            tail = data[-len(EVENT) + 1 :]


async def main() -> None:
    """Do what the lines on stdin say."""
    followers = Followers()
    say({})
    while line := await asyncio.to_thread(sys.stdin.readline):
        question: Any = json.loads(line)
        if question != "heard":
            await followers.open(**question)
        say({"heard": followers.heard, "bytes": followers.size})


def say(answer: object) -> None:
    """Answer a question."""
    print(json.dumps(answer), flush=True)  # noqa: T201 (its answer)


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(main())
