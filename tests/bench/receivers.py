"""Receivers of webhooks in a process of their own: `python -m tests.bench.receivers FAST HANGING`.

The fast ones answer at once; those that hang answer when they are told to. It says its ports, then answers `count`
with how many calls it has answered and how many it holds, and `release` by answering all that it holds.
"""

import asyncio
import json
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Receivers:
    """All of them."""

    def __init__(self) -> None:
        self.answered = 0
        self.held: list[asyncio.StreamWriter] = []

    async def listen(self, *, hangs: bool) -> int:
        """Open one receiver and return its port."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while await read_call(reader):
                    if hangs:
                        self.held.append(writer)
                    else:
                        self.answer(writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port: int = server.sockets[0].getsockname()[1]
        return port

    def answer(self, writer: asyncio.StreamWriter) -> None:
        """Say that a call was taken."""
        writer.write(ANSWER)
        self.answered += 1

    def release(self) -> None:
        """Answer all that is held."""
        held, self.held = self.held, []
        for writer in held:
            self.answer(writer)


async def read_call(reader: asyncio.StreamReader) -> bool:
    """Read one call to its end; False when there is none any more."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return False
    length = next(
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length")
    )
    await reader.readexactly(length)
    return True


async def main(fast: int, hanging: int) -> None:
    """Listen, and do what the lines on stdin say."""
    receivers = Receivers()
    ports = {
        "fast": [await receivers.listen(hangs=False) for _ in range(fast)],
        "hanging": [await receivers.listen(hangs=True) for _ in range(hanging)],
    }
    say(ports)
    while line := await asyncio.to_thread(sys.stdin.readline):
        if json.loads(line) == "release":
            receivers.release()
        say({"answered": receivers.answered, "held": len(receivers.held)})


def say(answer: object) -> None:
    """Answer a question."""
    print(json.dumps(answer), flush=True)  # noqa: T201 (its answer)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
