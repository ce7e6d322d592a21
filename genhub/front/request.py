"""One request while it is read: its head, then its body, or why it is refused."""

import time
from typing import Any

from genhub.api.parsers import BodyTooLarge
from genhub.front.head import Head, make_environ
from genhub.front.limits import largest_body
from genhub.front.refusals import RETRY_AFTER, HubBusy
from genhub.front.spool import NoRoom, Room, Spool
from genhub.lib.errors import Problem

PIECE_BYTES = 64 * 1024


class Incoming:
    """A request on its way in."""

    def __init__(self, room: Room) -> None:
        self.head = Head()
        self.environ: dict[str, Any] = {}
        self.body = Spool(room)
        self.refusal: Problem | None = None
        self.keep_alive = False
        self.has_head = False
        # As they came, since the last of its body did: of the head, or of what follows the body.
        self.bodiless_bytes = 0
        self.is_whole = False
        self.began_at = time.monotonic()
        # When the body's present stretch began, and how much of it was there then.
        self.stretch_at, self.stretch_bytes = 0.0, 0
        self._largest = self._told = 0
        self._has_grown = False
        # Of the body, not kept yet: it may come in pieces of one byte.
        self._gathered = bytearray()

    def finish_head(self, method: str, *, version: str, peer: Any, here: Any) -> None:
        """Judge the head; a body that says it is too large is refused before it comes."""
        self.has_head = True
        self.began_at = self.stretch_at = time.monotonic()
        self.environ, self.refusal = make_environ(
            method, self.head, version=version, peer=peer, here=here
        )
        self._largest, self._told = largest_body(self.environ["PATH_INFO"])
        announced = self.environ.get("CONTENT_LENGTH", "")
        if not self.refusal and announced.isdecimal() and self._is_too_large(announced):
            self.refusal = BodyTooLarge(limit_bytes=self._told)

    def add_body(self, data: bytes) -> None:
        """Keep a piece of the body, or refuse it."""
        self._gathered += data
        if len(self._gathered) >= PIECE_BYTES:
            self._keep()

    def settle(self) -> bool:
        """Keep what came of the body, if it is not refused; return whether something came since the last time."""
        self._keep()
        has_grown, self._has_grown = self._has_grown, False
        return has_grown

    def _keep(self) -> None:
        if not self._gathered:
            return
        data, self._gathered = bytes(self._gathered), bytearray()
        self._has_grown = True
        if self.refusal:
            return
        try:
            self.body.write(data)
        except NoRoom:
            self.refusal = HubBusy(headers=RETRY_AFTER)
        if self.body.size_bytes > self._largest:
            self.refusal = BodyTooLarge(limit_bytes=self._told)

    def finish(self) -> None:
        """Give the application its body, whichever way that was framed."""
        self.is_whole = True
        self._keep()
        if self.refusal:
            return
        self.environ["CONTENT_LENGTH"] = str(self.body.size_bytes)
        self.environ["wsgi.input"] = self.body.open()

    @property
    def awaits_continue(self) -> bool:
        """Return whether the caller waits for a word before it sends the body."""
        return "HTTP_EXPECT" in self.environ and not self.body.size_bytes and not self.refusal

    def is_too_slow(self, now: float, *, stretch_seconds: float, slowest_bytes: int) -> bool:
        """Return whether less came in a whole stretch than the slowest caller may send."""
        if now - self.stretch_at < stretch_seconds:
            return False
        came = self.body.size_bytes - self.stretch_bytes
        stretch = now - self.stretch_at
        self.stretch_at, self.stretch_bytes = now, self.body.size_bytes
        return came < slowest_bytes * stretch

    def _is_too_large(self, announced: str) -> bool:
        # Thousands of digits are no number that int() reads.
        digits = announced.lstrip("0")
        return len(digits) > 18 or int(digits or "0") > self._largest  # noqa: PLR2004
