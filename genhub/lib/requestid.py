"""Which request an answer, a line of a log and an order belong to: one id, the caller's own or a new one."""

import logging
import re
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from genhub.lib import tracing
from genhub.lib.hiding import hide_secrets, keep_on_one_line
from genhub.lib.ids import new_id, to_wire

HEADER = "X-Request-ID"
SENT = "HTTP_X_REQUEST_ID"
SETTLED = "genhub.request_id"
LONGEST = 128
# It comes back in headers and stands in lines of logs: nothing that breaks either, or reads as something else there.
SAFE = re.compile(rf"[A-Za-z0-9._~:+/=@-]{{1,{LONGEST}}}")

current: ContextVar[str] = ContextVar("request_id", default="")
# What a worker is at: the ids of its tasks.
at_work: ContextVar[str] = ContextVar("at_work", default="")


def request_id_of(environ: Mapping[str, Any]) -> str:
    """Return the id of a request: the one it was given before, else the caller's if it is safe, else a new one."""
    if settled := environ.get(SETTLED):
        return str(settled)
    sent = str(environ.get(SENT, ""))
    return sent if SAFE.fullmatch(sent) else to_wire("req", new_id())


def settle(environ: MutableMapping[str, Any]) -> str:
    """Return the id of a request, the same for all who ask from now on."""
    environ[SETTLED] = request_id_of(environ)
    return str(environ[SETTLED])


@contextmanager
def working_for(request_id: str, tasks: str = "") -> Iterator[None]:
    """Say for whom this thread works, and at which tasks, until the body ends."""
    token, of_tasks = current.set(request_id), at_work.set(tasks)
    try:
        yield
    finally:
        current.reset(token)
        at_work.reset(of_tasks)


class LineFormatter(logging.Formatter):
    """Lines for people; each names the request and tasks that it was written for, and no key that came with it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the whole, its traceback too."""
        return hide_secrets(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        """Return the line with its request, its tasks and its trace, before any traceback."""
        line = keep_on_one_line(super().formatMessage(record))
        trace = tracing.trace_id()
        named = " ".join(filter(None, (current.get(), at_work.get(), trace and f"trace={trace}")))
        return f"{line} [{named}]" if named else line
