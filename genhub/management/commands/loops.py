"""The loops that make lost doorbells and dead workers harmless; any number of copies is safe."""

import os
import signal
from typing import Any

from generation import loops
from genhub.lib.commands import HubCommand

STOPPING = {signal.SIGTERM, signal.SIGINT}


class Command(HubCommand):
    """Run sweeper, reaper, deadline and the others until told to stop."""

    help = "Ring forgotten tasks, take back what dead workers held, end what is too late."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run each loop when it is due, in a thread of its own."""
        # Blocked in every thread and waited for in this one: a handler could come while a lock is held.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        loops.run(
            loops.list_loops(),
            wait=lambda: signal.sigwait(STOPPING),
            # Whoever started this process starts it again.
            on_death=lambda: os.kill(os.getpid(), signal.SIGTERM),
        )
