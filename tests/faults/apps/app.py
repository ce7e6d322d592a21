"""An app that follows its tasks whatever dies: it comes again, and goes on after the last event that it read."""

import http.client
import threading
from pathlib import Path

from tests.front.web import Web
from tests.live.streams import Follower, Heard

EVENTS = "/api/v1/events"
PAUSE_SECONDS = 0.2


class App:
    """Reads one stream after the other until it is told to leave."""

    def __init__(self, port: int, key: str) -> None:
        self.web = Web(port, Path())
        self.key = key
        self.heard: list[Heard] = []
        self.last_id = ""
        self.first_id = ""
        self.visits = 0
        self.refusals: list[str] = []
        self._stream: Follower | None = None
        self._is_leaving = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def kept(self) -> list[Heard]:
        """Return what was heard so far, progress aside."""
        stream = self._stream
        now = stream.kept() if stream else []
        return [*self.heard, *now]

    def has_begun(self) -> bool:
        """Return whether it knows an id to go on after: before, it has nothing to miss."""
        stream = self._stream
        return bool(self.last_id or (stream and stream.last_id))

    def leave(self) -> None:
        self._is_leaving.set()
        if self._stream:
            self._stream.leave()
        self._thread.join()

    def replay(self) -> list[Heard]:
        """Return what one hears who was away all the time and comes now, up to the last that this app heard."""
        stream = Follower(self.web, EVENTS, self._headers(self.first_id))
        while stream.last_id != self.last_id and not stream.has_ended.wait(PAUSE_SECONDS):
            pass
        stream.leave()
        return stream.kept()

    def _follow(self) -> None:
        while not self._is_leaving.is_set():
            try:
                stream = Follower(self.web, EVENTS, self._headers(self.last_id))
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.refusals.append(str(error))
                self._is_leaving.wait(PAUSE_SECONDS)
                continue
            self.visits += 1
            self._stream = stream
            stream.has_ended.wait()
            stream.leave()
            self.last_id = stream.last_id or self.last_id
            self.first_id = self.first_id or stream.first_id
            self.heard += stream.kept()
            self._stream = None

    def _headers(self, last_id: str) -> dict[str, str]:
        named = {"Authorization": f"Bearer {self.key}"}
        return named | {"Last-Event-ID": last_id} if last_id else named
