"""One request run by the application, in a thread that never waits for the client."""

import contextlib
import io
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from genhub.front.refusals import RETRY_AFTER, HubBusy
from genhub.front.spool import MEMORY_BYTES, FilePart, NoRoom, Room, Spool
from genhub.front.wording import word_problem
from genhub.lib import requestid
from genhub.lib.errors import Problem

logger = logging.getLogger(__name__)
BLOCK_BYTES = 65_536


@dataclass
class Reply:
    """An answer as far as it is known; its body may still grow."""

    status: str
    headers: list[tuple[str, str]]
    body: Spool | FilePart


class SentFile:
    """What the application returns for a file: the loop sends it without a thread."""

    def __init__(self, file: Any, block_bytes: int = BLOCK_BYTES) -> None:
        self.file, self.block_bytes = file, block_bytes

    def __iter__(self) -> Any:
        """Yield the file's blocks, for one that is no file of the system."""
        return iter(lambda: self.file.read(self.block_bytes), b"")

    def close(self) -> None:
        """Close the file; Django has put the answer's own end there."""
        self.file.close()

    def part(self, length: str | None) -> FilePart | None:
        """Return the rest of the file, or None when it is none of the system's."""
        try:
            fd, offset = self.file.fileno(), self.file.tell()
        except (AttributeError, OSError, io.UnsupportedOperation):
            return None
        rest = max(os.fstat(fd).st_size - offset, 0)
        return FilePart(fd, offset, min(int(length), rest) if length else rest)


class Job:
    """One call of the application; whoever asked is told when there is something to send, and when there is more."""

    def __init__(
        self,
        application: Any,
        environ: dict[str, Any],
        *,
        room: Room,
        tell: Callable[[Reply], None],
        tell_more: Callable[[], None],
    ) -> None:
        self.application, self.environ, self.room = application, environ, room
        self.tell, self.tell_more = tell, tell_more
        self.reply: Reply | None = None
        self._head: tuple[str, list[tuple[str, str]]] = ("500", [])

    def run(self) -> None:
        """Call the application and tell of its answer; whatever it raises is logged and answered."""
        with requestid.working_for(requestid.settle(self.environ)):
            try:
                self._answer()
            except NoRoom:
                self._fail(HubBusy(headers=RETRY_AFTER))
            except Exception:
                logger.exception(
                    "unhandled error outside of any view at %s", self.environ.get("PATH_INFO")
                )
                self._fail(Problem())

    def _start(self, status: str, headers: list[tuple[str, str]], *_error: Any) -> None:
        self._head = (status, headers)

    def _answer(self) -> None:
        chunks = self.application(self.environ, self._start)
        try:
            part = None
            if isinstance(chunks, SentFile) and self.environ["REQUEST_METHOD"] != "HEAD":
                part = chunks.part(dict(self._head[1]).get("Content-Length"))
            if part:
                self._tell(part)
            else:
                self._copy(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()

    def _copy(self, chunks: Iterable[bytes]) -> None:
        body = Spool(self.room)
        try:
            if self.environ["REQUEST_METHOD"] != "HEAD":
                self._fill(body, chunks)
        except BaseException:
            body.is_broken = True
            if not self.reply:
                # Nobody else knows of it.
                body.close()
            raise
        body.is_complete = True
        if self.reply:
            self.tell_more()
        else:
            self._tell(body)

    def _fill(self, body: Spool, chunks: Iterable[bytes]) -> None:
        for chunk in chunks:
            body.write(chunk)
            if body.is_closed:
                return
            if self.reply:
                self.tell_more()
            elif body.size_bytes > MEMORY_BYTES:
                self._tell(body)

    def _tell(self, body: Spool | FilePart) -> None:
        self.reply = Reply(*self._head, body)
        self.tell(self.reply)

    def _fail(self, problem: Problem) -> None:
        if self.reply:
            # Half of the answer is out: the connection's end says that it is not whole.
            with contextlib.suppress(RuntimeError):
                self.tell_more()
        else:
            self.tell(make_reply(problem, self.environ))


def make_reply(problem: Problem, environ: dict[str, Any]) -> Reply:
    """Return a problem as an answer."""
    status, headers, text = word_problem(problem, environ)
    body = Spool(Room(0))
    body.write(text)
    body.is_complete = True
    return Reply(status, headers, body)
