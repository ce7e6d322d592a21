"""A crowd of slow clients in a process of its own: `python -m tests.front.crowd PORT SENDERS READERS`.

It writes a line once all are connected, keeps on until its input ends, and then says in JSON what they were told.
"""

import asyncio
import collections
import contextlib
import json
import resource
import socket
import sys
from itertools import cycle, islice
from typing import cast

COOKIE = "Cookie: csrftoken=abcdefghijklmnopqrstuvwxyz012345"
LARGE_FILE = "/static/drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js.map"
FORM = "application/x-www-form-urlencoded"
HOST = "Host: localhost"
# How each sender begins; all then send a byte now and again, or nothing.
BEGINNINGS = [
    f"POST /admin/login/ HTTP/1.1\r\n{HOST}\r\n{COOKIE}\r\nContent-Length: 500\r\nContent-Type: {FORM}\r\n\r\n",
    f"POST /api/v1/generate HTTP/1.1\r\n{HOST}\r\nContent-Length: 900\r\nContent-Type: application/json\r\n\r\n",
    f"POST /api/v1/artifacts HTTP/1.1\r\n{HOST}\r\nContent-Length: 20000000\r\nContent-Type: image/png\r\n\r\n",
    f"POST /api/v1/quote HTTP/1.1\r\n{HOST}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n",
    f"GET /api/v1/health HTTP/1.1\r\n{HOST}\r\nX-Half: ",
    "",
]
DRIPS_SECONDS = 1.0


class Crowd:
    """The clients, and what became of them."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.told: collections.Counter[str] = collections.Counter()
        self.connected = 0

    async def send(self, beginning: str, key: str) -> None:
        """Begin a request and never end it."""
        reader, writer = await self.open(4096)
        text = beginning.replace(HOST, f"{HOST}\r\nAuthorization: Bearer {key}", 1)
        writer.write(text.encode())
        drips = len(beginning) % 2 == 0
        try:
            while not writer.is_closing():
                with contextlib.suppress(TimeoutError):
                    line = await asyncio.wait_for(reader.read(12), DRIPS_SECONDS)
                    self.told[line[9:12].decode() or "closed"] += 1
                    break
                if drips:
                    writer.write(b"a")
        except OSError:
            self.told["closed"] += 1
        writer.transport.abort()

    async def read(self) -> None:
        """Ask for a large file and take none of it."""
        _reader, writer = await self.open(4096)
        writer.write(f"GET {LARGE_FILE} HTTP/1.1\r\n{HOST}\r\n\r\n".encode())
        cast("asyncio.Transport", writer.transport).pause_reading()
        await asyncio.Event().wait()

    async def open(self, receive_bytes: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect with a small buffer, so that the server feels how slow the client is."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
        self.connected += 1
        return await asyncio.open_connection(sock=sock, limit=receive_bytes)


async def main(port: int, senders: int, readers: int, key: str) -> None:
    """Keep the crowd until the input ends."""
    crowd = Crowd(port)
    tasks = [
        asyncio.create_task(crowd.send(beginning, key))
        for beginning in islice(cycle(BEGINNINGS), senders)
    ]
    tasks += [asyncio.create_task(crowd.read()) for _ in range(readers)]
    while crowd.connected < senders + readers:
        await asyncio.sleep(0.05)
    print("connected", flush=True)  # noqa: T201 (its answer)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(crowd.told))  # noqa: T201 (its answer)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    port, senders, readers = map(int, sys.argv[1:4])
    asyncio.run(main(port, senders, readers, sys.argv[4]))
