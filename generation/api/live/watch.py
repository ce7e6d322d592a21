"""What one stream follows, for whom, and from where on."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from django.http import HttpResponseBase, StreamingHttpResponse

from generation.selectors.events import Told
from genhub.lib.errors import Problem

if TYPE_CHECKING:
    from generation.api.live.lines import Step


@dataclass(frozen=True)
class Reader:
    """In which language and under which address a client reads; those who share both share the text."""

    language: str
    base: str

    def build_absolute_uri(self, location: str) -> str:
        """Return an address of the hub as this client reaches it."""
        return f"{self.base}{location}"


class Dialect(Protocol):
    """How one stream of one task speaks, when not by the hub's own events."""

    def word_step(self, step: "Step") -> bytes:
        """Return what is sent of how far the task is, if anything; the loop calls, so it must be quick."""

    def word_end(self) -> Iterator[bytes]:
        """Yield what is sent once the stream is over, piece by piece; threads call, one after the other."""

    def word_refusal(self, problem: Problem) -> HttpResponseBase:
        """Return why the stream is not opened."""


@dataclass(frozen=True)
class Watch:
    """One stream: a task's, or all of an owner's."""

    # How the secret begins that opened it: a rotated key's earlier one ends before the key does.
    key: str
    platform_id: uuid.UUID
    # None: all users of the platform.
    user: str | None
    task_id: uuid.UUID | None
    reader: Reader
    # The place after which it goes on; None: a task's from its start, an owner's from now on.
    after: int | None
    # The task ended, and the events of that are gone.
    is_past: bool = False
    is_token: bool = False
    dialect: Dialect | None = None

    def follows(self, told: Told) -> bool:
        """Return whether an event is for this stream."""
        if self.task_id is not None:
            return told.task_id == self.task_id
        return self.owns(told.platform_id, told.user)

    def owns(self, platform_id: uuid.UUID, user: str) -> bool:
        """Return whether an owner's rows are for this stream."""
        return platform_id == self.platform_id and self.user in {None, user}


class Opening(StreamingHttpResponse):
    """What the view of a stream answers: the stream is filled by whoever serves it."""

    def __init__(self, watch: Watch) -> None:
        super().__init__((), content_type="text/event-stream; charset=utf-8")
        self.watch = watch
        self["Cache-Control"] = "no-store"
        # nginx would gather events until its buffer is full.
        self["X-Accel-Buffering"] = "no"
