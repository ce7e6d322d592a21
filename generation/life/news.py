"""News of tasks: PostgreSQL tells them at commit (NOTIFY), and whoever waits for them hears at once.

Only hints: where they do not come through (a connection that broke, a pooler that hands out transactions where no
address past it is set), the next write of progress finds out that a task has ended, and whoever else waits looks into
the rows from time to time.
"""

import logging
import threading
import uuid
from collections.abc import Callable
from typing import Final

import psycopg
from django.db import connection

from genhub.lib import direct

logger = logging.getLogger(__name__)

# To those who draw: the order is not wanted any more. The payload is the task's id.
ENDED: Final = "task_ended"
# Each event row (“kind id”) and each step of progress (the task's id); triggers tell both.
EVENT: Final = "task_event"
PROGRESS: Final = "task_progress"
# How long the listener waits before it looks whether it should end, and after a connection broke.
PATIENCE_SECONDS = 1.0

# Takes what was told: of `ENDED` the id of a task, as text.
Hearer = Callable[[str], None]


def tell_ended(task_id: uuid.UUID) -> None:
    """Tell everybody that a task has ended, when this transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [ENDED, str(task_id)])


class Listener:
    """Hears for all who wait in this process, from one thread with its own connection; starts when it is needed."""

    def __init__(self, *channels: str) -> None:
        self.channels = channels
        self.hearers: set[Hearer] = set()
        self.lock = threading.Lock()
        self.is_listening = threading.Event()
        self.thread: threading.Thread | None = None

    def add(self, hearer: Hearer) -> None:
        """Call this with each piece of news."""
        with self.lock:
            self.hearers.add(hearer)
            if self.thread is None:
                self.thread = threading.Thread(target=self._listen, name="news", daemon=True)
                self.thread.start()

    def remove(self, hearer: Hearer) -> None:
        """Call it no more."""
        with self.lock:
            self.hearers.discard(hearer)

    def stop(self) -> None:
        """End the thread and its connection; the next hearer starts them anew."""
        with self.lock:
            thread, self.thread = self.thread, None
        if thread is not None:
            thread.join()

    def _is_wanted(self) -> bool:
        """Say whether the thread that asks is still the one; another may have been started since it was told to end."""
        return self.thread is threading.current_thread()

    def _listen(self) -> None:
        while self._is_wanted():
            try:
                self._hear()
            except psycopg.Error as error:
                logger.warning("no news of tasks: %s", error)
                threading.Event().wait(PATIENCE_SECONDS)
            finally:
                self.is_listening.clear()

    def _hear(self) -> None:
        with psycopg.connect(**direct.parameters(), autocommit=True) as own:
            for channel in self.channels:
                own.execute(f"LISTEN {channel}")
            self.is_listening.set()
            while self._is_wanted():
                for notify in own.notifies(timeout=PATIENCE_SECONDS):
                    with self.lock:
                        hearers = tuple(self.hearers)
                    for hearer in hearers:
                        hearer(notify.payload)


listener = Listener(ENDED)
