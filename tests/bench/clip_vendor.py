"""A vendor at which clips wait and none is ever done, in a process of its own: it notes how long each is not asked for.

`GET /task/ID` tells of one, `GET /tasks?ids=ID,ID` of several.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.bench import child
from tests.bench.vendor import read_head, send

# A clip seems to take so long: its progress has moved whenever it is asked for.
SEEMING_SECONDS = 3600


class Vendor:
    """When each clip was asked for last, and the pauses between two questions."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.calls = 0
        self.asked_at: dict[str, float] = {}
        self.pauses: list[tuple[float, float]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests until it closes."""
        try:
            while head := await read_head(reader):
                path = head.split(b" ", 2)[1].decode()
                answer = json.dumps(self.answer(path)).encode()
                await send(writer, b"200 OK", b"application/json", answer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    def answer(self, path: str) -> dict[str, Any]:
        """Tell of the clips that a path names."""
        self.calls += 1
        kind, _, names = path.lstrip("/").replace("?ids=", "/").partition("/")
        told = [self.tell_of(name) for name in names.split(",")]
        return {"tasks": told} if kind == "tasks" else told[0]

    def tell_of(self, name: str) -> dict[str, Any]:
        """Note that a clip is asked for, and tell of it."""
        now = time.monotonic()
        if name in self.asked_at:
            self.pauses.append((now, now - self.asked_at[name]))
        self.asked_at[name] = now
        progress = round((now - self.began) / SEEMING_SECONDS, 4)
        return {"task_id": name, "status": "running", "progress": progress}

    def tell(self, question: str) -> dict[str, Any]:
        """Count what was asked since the last time that somebody began to measure."""
        now = time.monotonic()
        if question == "begin":
            self.pauses, self.calls = [], 0
            return {}
        pauses = [pause for _, pause in self.pauses] or [0.0]
        half = (self.pauses[0][0] + now) / 2 if self.pauses else now
        return {
            "clips": len(self.asked_at),
            "calls": self.calls,
            "polls": len(self.pauses),
            "polls_of_first_half": sum(at < half for at, _ in self.pauses),
            "median_seconds": statistics.median(pauses),
            "p99_seconds": statistics.quantiles(pauses, n=100)[-1] if len(pauses) > 1 else 0.0,
            # Those that are not asked for now are waited for, too.
            "longest_seconds": max([*pauses, *(now - at for at in self.asked_at.values())]),
        }


class RunningVendor:
    """The process, seen from a benchmark."""

    def __init__(self, process: child.Child) -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{process.facts['port']}"

    def begin(self) -> None:
        """Count from now on."""
        self._process.ask("begin")

    def count(self) -> dict[str, Any]:
        """Return what was counted."""
        told: dict[str, Any] = self._process.ask("count")
        return told


@contextmanager
def running() -> Iterator[RunningVendor]:
    """Start the vendor, and end it after the block."""
    with child.running(__name__) as process:
        yield RunningVendor(process)


async def main() -> None:
    """Serve, and tell what was counted whenever a line asks."""
    vendor = Vendor()
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0, backlog=512)
    facts = {"port": server.sockets[0].getsockname()[1]}
    await asyncio.to_thread(child.answer, vendor.tell, facts)


if __name__ == "__main__":
    asyncio.run(main())
