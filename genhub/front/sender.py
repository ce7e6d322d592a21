"""One answer on its way out, no faster than its reader takes it."""

import asyncio
import email.utils
import time
from typing import Any

from genhub.front.work import Reply

PIECE_BYTES = 64 * 1024
BODILESS = ("1", "204", "304")


class Outgoing:
    """Writes an answer to a connection: as much as is there whenever there is room."""

    def __init__(self, reply: Reply, environ: dict[str, Any], *, keeps_alive: bool) -> None:
        self.reply, self.keeps_alive = reply, keeps_alive
        self.is_bodiless = environ.get("REQUEST_METHOD") == "HEAD" or reply.status.startswith(
            BODILESS
        )
        self.is_old = environ.get("SERVER_PROTOCOL") == "HTTP/1.0"
        self.is_chunked = False
        self.is_finished = False
        self._left: int | None = None
        self._at = 0
        self._head = self._frame()

    def pump(self, transport: asyncio.Transport, *, may_write: Any) -> bool:
        """Write what is there while there is room; return False when the answer broke off."""
        piece = self._next_piece()
        while piece or self._head:
            transport.write(self._head + piece)
            self._head = b""
            if not may_write():
                return True
            piece = self._next_piece()
        body = self.reply.body
        if body.is_broken or (body.is_complete and self._left):
            return False
        # The application may have written more than it announced.
        is_out = self.is_bodiless or self._left == 0 or self._at >= body.size_bytes
        if body.is_complete and is_out and not self.is_finished:
            if self.is_chunked:
                transport.write(b"0\r\n\r\n")
            self.is_finished = True
        return True

    def _next_piece(self) -> bytes:
        if self.is_bodiless:
            return b""
        body = self.reply.body
        data = body.read_at(self._at, PIECE_BYTES) if self._at < body.size_bytes else b""
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        self._at += len(data)
        return b"%x\r\n%s\r\n" % (len(data), data) if data and self.is_chunked else data

    def _frame(self) -> bytes:
        reply = self.reply
        names = {name.lower(): value for name, value in reply.headers}
        lines = [f"HTTP/1.1 {reply.status}", *(f"{n}: {v}" for n, v in reply.headers)]
        if "content-length" in names:
            self._left = None if self.is_bodiless else int(names["content-length"])
        elif self.is_bodiless:
            pass
        elif reply.body.is_complete:
            lines.append(f"Content-Length: {reply.body.size_bytes}")
        elif self.is_old:
            self.keeps_alive = False
        else:
            self.is_chunked = True
            lines.append("Transfer-Encoding: chunked")
        if "date" not in names:
            lines.append(f"Date: {now_text()}")
        if not self.keeps_alive:
            lines.append("Connection: close")
        elif self.is_old:
            lines.append("Connection: keep-alive")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


_now: tuple[int, str] = (0, "")


def now_text() -> str:
    """Return the time as HTTP writes it."""
    global _now  # noqa: PLW0603 (made once a second, not once an answer)
    second = int(time.time())
    if _now[0] != second:
        _now = (second, email.utils.formatdate(second, usegmt=True))
    return _now[1]
