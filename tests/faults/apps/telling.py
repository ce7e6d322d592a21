"""A hub's worker in one small process: `draw` makes what waits, `tell` tells whoever asked; until it is killed.

`here`: the stub is a device of this machine, whose orders may be made anew. `dies=N`: so it is, and the process is
killed in the middle of its order of that number.
"""

import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import django


def repeat(act: Callable[[], object]) -> None:
    """Do it again and again, as bells would have it."""
    while True:
        act()
        time.sleep(0.02)


def stay_here(number: int = 0) -> None:
    """Let no order leave the machine, and be killed at the order of this number; 0: at none."""
    from generation.providers.base import Capabilities  # noqa: PLC0415 (once Django is set up)
    from generation.providers.stub import StubProvider  # noqa: PLC0415 (once Django is set up)

    submit = StubProvider.submit
    orders = itertools.count(1)

    def submit_or_die(self: StubProvider, work: Any) -> Any:
        if next(orders) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return submit(self, work)

    StubProvider.capabilities = Capabilities(is_remote=False)
    StubProvider.submit = submit_or_die  # type: ignore[method-assign]


def work() -> None:
    """Do what the command line says, each beside the other."""
    from generation.work.run import run_queue  # noqa: PLC0415 (once Django is set up)
    from genhub.webhooks.pump import pump  # noqa: PLC0415 (once Django is set up)

    acts = {"draw": lambda: run_queue("local"), "tell": pump.run}
    for word in sys.argv[1:]:
        name, _, number = word.partition("=")
        if name in {"here", "dies"}:
            stay_here(int(number or 0))
    for word in acts.keys() & {*sys.argv[1:]}:
        threading.Thread(target=repeat, args=[acts[word]], daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    django.setup()
    work()
