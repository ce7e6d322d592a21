"""Looking after an order of ours on a server that others may use, too."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import msgspec
import pybase64

from generation.providers.base import Work
from generation.providers.errors import ProviderError, Stopped
from generation.providers.http import VendorApi
from generation.providers.previews import preview_of

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
NOT_FOUND = 404


class OfOrder(msgspec.Struct):
    """How far one order is."""

    active: bool = False
    progress: float | None = None
    live_preview: str | None = None
    id_live_preview: int | None = None


class State(msgspec.Struct):
    """What a server does."""

    job_count: int = 0


class OfServer(msgspec.Struct):
    """How far is what is under way; not every server says what that is."""

    progress: float = 0.0
    state: State = msgspec.field(default_factory=State)
    current_image: str | None = None
    current_task: str | None = None


@dataclass(frozen=True)
class Sight:
    """How far an order of ours is that is under way, and how it looks, in base64."""

    progress: float
    picture: str | None


class Watch:
    """Looks after an order of ours on a server that others may use, too."""

    def __init__(self, api: VendorApi, order: str, *, is_exclusive: bool) -> None:
        self.api = api
        self.order = order
        self.is_exclusive = is_exclusive
        self.look = self.look_at_order
        self.seen = Sight(0.0, None)
        self.preview = -1

    def tell(self, work: Work) -> None:
        """Report how far the order is; when nobody wants it any more, stop it if it is the one under way.

        One that still waits for others cannot be taken back, and nobody waits for it.
        """
        try:
            now = self.look()
        except ProviderError as error:
            # Nobody's picture ends for want of its progress.
            logger.debug("order %s not seen: %s", self.order, error)
            now = None
        self.seen = now or self.seen
        preview = partial(read_preview, now.picture) if now and now.picture else None
        try:
            work.report(self.seen.progress, preview)
        except Stopped:
            if now:
                self.interrupt()
            raise

    def look_at_order(self) -> Sight | None:
        """Return how far the order is, where the server tells orders apart; None while it is not under way."""
        asked = {"id_task": self.order, "id_live_preview": self.preview}
        try:
            told = self.api.post("internal/progress", json=asked).parse(OfOrder)
        except ProviderError as error:
            if error.status != NOT_FOUND:
                raise
            self.look = self.look_at_server
            return self.look()
        if not told.active:
            return None
        if told.id_live_preview is not None:
            self.preview = told.id_live_preview
        return Sight(told.progress or 0.0, told.live_preview)

    def look_at_server(self) -> Sight | None:
        """Return how far is what is under way, if it is the order; None if it is another, or nobody knows."""
        told = self.api.get("sdapi/v1/progress").parse(OfServer)
        is_ours = told.current_task == self.order
        if self.is_exclusive and not told.current_task:
            is_ours = told.state.job_count > 0
        return Sight(told.progress, told.current_image) if is_ours else None

    def interrupt(self) -> None:
        """Stop what is under way."""
        try:
            self.api.post("sdapi/v1/interrupt")
        except ProviderError as error:
            logger.warning("order %s not interrupted: %s", self.order, error)


def begin(act: Callable[[], Result]) -> Future[Result]:
    """Act in a thread of its own, which no ending process waits for."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(act())
        except Exception as error:  # noqa: BLE001 (raised by whoever takes the result)
            future.set_exception(error)

    threading.Thread(target=run, name="sdwebui", daemon=True).start()
    return future


def read_preview(picture: str) -> bytes:
    """Return a small JPEG of a picture in base64, with or without the prefix of a data URI."""
    return preview_of(pybase64.b64decode(picture.rpartition(",")[2]))
