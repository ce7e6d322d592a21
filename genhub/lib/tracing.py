"""Traces: what is done for one request, in whichever process, told as spans of one trace (W3C Trace Context).

A traceparent names the trace and the span at hand. It comes with requests, stands in rows that another process goes on
with, and leaves with webhooks, whether spans are sent anywhere or not. They are where OTEL_EXPORTER_OTLP_ENDPOINT says
to; only then is anything of OpenTelemetry imported. No attribute holds a prompt, a key or a name of a user.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from django.conf import settings

if TYPE_CHECKING:
    from genhub.lib.spans import Sent

HEADER: Final = "traceparent"
BROUGHT: Final = "HTTP_TRACEPARENT"
# Version, trace, span and flags, in hexadecimal digits.
LONGEST: Final = 55
# A later version may say more behind the flags.
PARENT: Final = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)
FIRST_VERSION: Final = "00"
# Whom a span talks to: nobody else, a caller, a callee, a queue.
Kind = Literal["internal", "server", "client", "producer"]

current: ContextVar[str] = ContextVar("traceparent", default="")


@dataclass(frozen=True)
class Span:
    """Something that is being done; without a place to send it to it says nothing."""

    sent: "Sent | None" = None

    def note(self, **attributes: str | float) -> None:
        """Add what is known by now."""
        if self.sent:
            self.sent.note(attributes)

    def rename(self, name: str) -> None:
        """Call it by what it turned out to be."""
        if self.sent:
            self.sent.rename(name)

    def fail(self, why: str) -> None:
        """Say that it went wrong, by a word that quotes nobody."""
        if self.sent:
            self.sent.fail(why)


NOTHING: Final = Span()


def is_on() -> bool:
    """Return whether spans are sent anywhere."""
    return bool(settings.OTEL_EXPORTER_OTLP_ENDPOINT)


def read_parent(text: str) -> str:
    """Return a traceparent as the first version writes it; empty for what is none."""
    found = PARENT.fullmatch(text.strip())
    if not found or (found[5] and found[1] == FIRST_VERSION):
        return ""
    return f"{FIRST_VERSION}-{found[2]}-{found[3]}-{found[4]}"


def trace_id() -> str:
    """Return which trace this thread works in, in 32 digits; empty: none."""
    return trace_of(current.get())


def trace_of(traceparent: str) -> str:
    """Return the trace that a traceparent names, in 32 digits; empty: none."""
    return traceparent[3:35]


def moment() -> int:
    """Return the time that spans are told in: nanoseconds since 1970, by this machine's clock."""
    return time.time_ns()


@contextmanager
def span(
    name: str, *, parent: str = "", kind: Kind = "internal", **attributes: str | float
) -> Iterator[Span]:
    """Tell what is done until the body ends, as part of `parent`, else of what this thread does already; a trace of its
    own begins with nothing but a request."""
    above = parent or current.get()
    is_told = is_on() and (above or kind == "server")
    sent = begin(name, above, kind, attributes) if is_told else None
    token = current.set(sent.traceparent if sent else above)
    try:
        yield Span(sent) if sent else NOTHING
    except BaseException as error:
        if sent:
            sent.fail(type(error).__name__)
        raise
    finally:
        current.reset(token)
        if sent:
            sent.end()


def record(name: str, *, parent: str, began: int, **attributes: str | float) -> None:
    """Tell what was done from a moment until now, as part of `parent`, if that is any."""
    if parent and is_on():
        begin(name, parent, "internal", attributes, began).end()


def begin(
    name: str, parent: str, kind: Kind, attributes: dict[str, Any], began: int | None = None
) -> "Sent":
    """Return a span that has begun, now or at a moment."""
    from genhub.lib.spans import Sent  # noqa: PLC0415 (OpenTelemetry, for whoever asked for it)

    return Sent(name, parent, kind, attributes, began)
