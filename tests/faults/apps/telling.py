"""A hub's worker in one small process: `draw` makes what waits, `tell` tells whoever asked; until it is killed."""

import sys
import threading
import time
from collections.abc import Callable

import django


def repeat(act: Callable[[], object]) -> None:
    """Do it again and again, as bells would have it."""
    while True:
        act()
        time.sleep(0.02)


def work() -> None:
    """Do what the command line says, each beside the other."""
    from generation.work.run import run_queue  # noqa: PLC0415 (once Django is set up)
    from genhub.webhooks.pump import pump  # noqa: PLC0415 (once Django is set up)

    acts = {"draw": lambda: run_queue("local"), "tell": pump.run}
    for word in sys.argv[1:]:
        threading.Thread(target=repeat, args=[acts[word]], daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    django.setup()
    work()
