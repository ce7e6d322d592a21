"""Claims and draws for ever: a worker that is at its drawing when it is killed. Its adapter's name comes with it."""

import sys
import time
from collections.abc import Sequence

import django

from generation.providers.base import Work
from tests.easel import Easel

BEGUN = "drawing has begun"


class Slow(Easel):
    """Says that it draws, and comes to no end."""

    def submit_batch(self, works: Sequence[Work]) -> list[object]:  # type: ignore[override]  # it never returns
        """Say so, and go on until it is killed."""
        print(BEGUN, flush=True)  # noqa: T201 (for the test that reads it)
        while True:
            time.sleep(1)


def work(name: str) -> None:
    """Take what comes."""
    from generation.providers import registry  # noqa: PLC0415 (once Django is set up)
    from generation.work.run import run_queue  # noqa: PLC0415 (once Django is set up)

    registry.ADAPTERS[name] = "tests.faults.dialects.drawing.Slow"
    while True:
        run_queue("local")


if __name__ == "__main__":
    django.setup()
    work(sys.argv[1])
