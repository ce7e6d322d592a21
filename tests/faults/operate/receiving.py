"""A receiver of webhooks that fails now and then, and what each task was told by."""

import threading
from collections import defaultdict
from itertools import count

from tests.providers.vendors.server import Asked, Reply, Server

FAILS_EVERY = 20
END_TYPES = {"task.completed", "task.failed", "task.canceled"}


class Receiver:
    """Takes what it is told, but for each so-manieth, which it takes the next time: after three failures it would wait
    for half an hour. `told` holds the messages of each task's end, by their ids."""

    def __init__(self, fails_every: int = FAILS_EVERY) -> None:
        self.fails_every = fails_every
        self.server = Server(self.respond)
        self.told: dict[str, set[str]] = defaultdict(set)
        self.calls = 0
        self._failed: set[str] = set()
        self._turns = count(1)
        self._lock = threading.Lock()

    def respond(self, asked: Asked) -> Reply:
        """Answer one call."""
        with self._lock:
            # The server keeps each call as it came; an hour of them is no part of what is measured.
            self.server.asked.clear()
            self.calls += 1
            message = asked.headers["webhook-id"]
            is_turn = self.fails_every and next(self._turns) % self.fails_every == 0
            if is_turn and message not in self._failed:
                self._failed.add(message)
                return Reply(500)
            said = asked.json
            if said["type"] in END_TYPES:
                self.told[said["data"]["id"]].add(message)
        return Reply(204, b"")
