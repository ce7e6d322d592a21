"""Whether a reader takes what is sent to it."""

import asyncio
import fcntl
import sys
import termios


class Stall:
    """What the reader of one connection took, and when."""

    def __init__(self) -> None:
        # When it last took something, and how much lay there then.
        self.taken_at, self.pending_bytes = 0.0, 0

    def begin(self, now: float) -> None:
        """Count from here: an answer begins."""
        self.taken_at = now

    def lasts(self, transport: asyncio.Transport, now: float, *, seconds: float) -> bool:
        """Return whether it took nothing of what lies there for so long."""
        pending = transport.get_write_buffer_size()
        if pending:
            # A slow reader takes from the kernel's share for long before there is room for more in it.
            pending += count_unsent(transport)
        if not pending or pending != self.pending_bytes or not self.taken_at:
            self.taken_at, self.pending_bytes = now, pending
            return False
        return now - self.taken_at > seconds


def count_unsent(transport: asyncio.Transport) -> int:
    """Return how many bytes the kernel still has to send."""
    sock = transport.get_extra_info("socket")
    said = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))
    return int.from_bytes(said, sys.byteorder)
