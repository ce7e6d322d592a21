"""A vendor of the benchmarks, in a process of its own: answers with pictures that it has ready, after its think time.

The address says how it behaves: `/SIZE/THINK_MS/RATE/FORM/v1` is an images API whose pictures are of a size in
PICTURES, and whose links give RATE bytes a second on each connection (0: all that it can). FORM `any` honours
`response_format`, `url` gives a link whatever was asked. Links honour ranges.
"""

import asyncio
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pybase64
from PIL import Image

from tests.bench import child

# Names of pictures: bytes, side in pixels and noise that make a PNG as large. The usual answer, and the seed's.
PICTURES = {"1.8": (1_800_000, 1024, 2.37), "3.16": (3_160_000, 1152, 12.3)}
WITHIN = 0.02
RANGE = re.compile(rb"\r\nrange: *bytes=(\d+)-(\d*)", re.IGNORECASE)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TURN_SECONDS = 0.01


class Vendor:
    """The pictures, and how often each kind of request came."""

    def __init__(self) -> None:
        self.pictures = {name: make_picture(name) for name in PICTURES}
        self.base64 = {
            name: answer_json({"b64_json": pybase64.b64encode(data).decode()})
            for name, data in self.pictures.items()
        }
        self.counts = {"orders": 0, "files": 0}
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests until it closes."""
        try:
            while head := await read_head(reader):
                length = LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                await self.answer(head, body, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def answer(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        """Answer one request: an order, or a picture's link."""
        _, path, _ = head.split(b" ", 2)
        _, size, think_ms, rate, form, *rest = path.decode().split("/")
        if rest[-1] == "generations":
            self.counts["orders"] += 1
            await asyncio.sleep(int(think_ms) / 1000)
            data = self.base64[size]
            if "url" in {form, json.loads(body).get("response_format")}:
                data = answer_json({"url": link(self.port, size, int(rate))})
            await send(writer, b"200 OK", b"application/json", data)
            return
        self.counts["files"] += 1
        data, found = self.pictures[size], RANGE.search(head)
        status, more = b"200 OK", b""
        if found:
            start, end = int(found[1]), int(found[2] or len(data) - 1)
            status, more = b"206 Partial Content", b"content-range: bytes %d-%d/%d\r\n" % (
                start, min(end, len(data) - 1), len(data),
            )  # fmt: skip
            data = data[start : end + 1]
        more += b'accept-ranges: bytes\r\netag: "one"\r\n'
        await send(writer, status, b"image/png", data, more=more, rate=int(rate))


async def read_head(reader: asyncio.StreamReader) -> bytes:
    """Return a request's head, nothing when the connection closed."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


async def send(
    writer: asyncio.StreamWriter,
    status: bytes,
    kind: bytes,
    data: bytes,
    *,
    more: bytes = b"",
    rate: int = 0,
) -> None:
    """Send an answer, at most so many bytes a second."""
    head = b"HTTP/1.1 %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n%s\r\n"
    writer.write(head % (status, kind, len(data), more))
    if not rate:
        writer.write(data)
        await writer.drain()
        return
    loop = asyncio.get_running_loop()
    began, sent = loop.time(), 0
    while sent < len(data):
        await asyncio.sleep(TURN_SECONDS)
        due = int((loop.time() - began) * rate)
        writer.write(data[sent:due])
        sent = max(sent, due)
        await writer.drain()


def link(port: int, size: str, rate: int) -> str:
    """Return a picture's address."""
    return f"http://127.0.0.1:{port}/{size}/0/{rate}/any/picture.png"


def answer_json(item: dict[str, str]) -> bytes:
    """Return an answer of one picture."""
    return json.dumps({"created": 1, "data": [item], "size": "1024x1024"}).encode()


def make_picture(name: str) -> bytes:
    """Return the PNG of a name, as large as it says; raise where another library makes another size."""
    wanted, side, noise = PICTURES[name]
    random = np.random.default_rng(1)
    coarse = Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), dtype=np.float64)
    noisy = smooth + random.normal(0, noise, smooth.shape)
    file = io.BytesIO()
    image = Image.fromarray(np.clip(noisy.round(), 0, 255).astype(np.uint8))
    image.save(file, "PNG", compress_level=1)
    data = file.getvalue()
    if abs(len(data) / wanted - 1) > WITHIN:
        raise AssertionError(f"{name}: a picture of {len(data)} bytes")
    return data


class RunningVendor:
    """The process, seen from a benchmark."""

    def __init__(self, process: child.Child) -> None:
        self._process = process
        self.port: int = process.facts["port"]
        self.sizes: dict[str, int] = process.facts["sizes"]

    def base_url(self, size: str, *, think_ms: int = 0, rate: int = 0, form: str = "any") -> str:
        """Return the address of an API that behaves so."""
        return f"http://127.0.0.1:{self.port}/{size}/{think_ms}/{rate}/{form}/v1"

    def count(self) -> dict[str, int]:
        """Return how many orders and files were asked for so far."""
        counts: dict[str, int] = self._process.ask("count")
        return counts


@contextmanager
def running() -> Iterator[RunningVendor]:
    """Start the vendor, and end it after the block."""
    with child.running(__name__) as process:
        yield RunningVendor(process)


async def main() -> None:
    """Serve, and tell what was counted whenever a line asks."""
    vendor = Vendor()
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0)
    vendor.port = server.sockets[0].getsockname()[1]
    sizes = {name: len(data) for name, data in vendor.pictures.items()}

    def tell(_: Any) -> dict[str, int]:
        return vendor.counts

    await asyncio.to_thread(child.answer, tell, {"port": vendor.port, "sizes": sizes})


if __name__ == "__main__":
    asyncio.run(main())
