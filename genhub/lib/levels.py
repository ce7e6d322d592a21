"""Short texts by key, at hand for a while: the last few in this process, the rest in the broker's server.

Only hints: whoever finds one asks the database whether it still holds. Where the server is away, nothing is at hand
that other processes know.
"""

import logging
import threading
from collections import OrderedDict
from typing import Any

from genhub.lib.throttle import Away, counters

logger = logging.getLogger(__name__)


class Levels:
    """What is at hand under one name: `most` in this process, for `seconds` in the server, which forgets by itself."""

    def __init__(self, name: str, *, most: int, seconds: int) -> None:
        self.name, self.most, self.seconds = name, most, seconds
        self.own: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> str:
        """Return what is at hand, empty where nothing is."""
        with self._lock:
            if found := self.own.get(key, ""):
                self.own.move_to_end(key)
                return found
        if found := self._ask("GET", self._name(key)):
            self._keep(key, found)
        return found

    def put(self, key: str, text: str) -> None:
        """Have a text at hand, here and in other processes."""
        self._keep(key, text)
        self._ask("SET", self._name(key), text, "EX", self.seconds)

    def forget(self, key: str) -> None:
        """Have nothing at hand; what another process holds it asks the database about."""
        with self._lock:
            self.own.pop(key, None)
        self._ask("DEL", self._name(key))

    def _keep(self, key: str, text: str) -> None:
        with self._lock:
            self.own[key] = text
            self.own.move_to_end(key)
            while len(self.own) > self.most:
                self.own.popitem(last=False)

    def _name(self, key: str) -> str:
        return f"genhub-{self.name}-{key}"

    def _ask(self, *command: Any) -> str:
        def ask(limiter: Any) -> Any:
            return limiter.storage.get_connection().execute_command(*command)

        try:
            answer = counters().ask_shared(ask)
        except Away:
            # Said once by the counters; the database knows all of it.
            return ""
        return answer.decode() if isinstance(answer, bytes) else ""
