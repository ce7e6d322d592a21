"""The numbers beside entries of the side bar, which every page shows: one statement counts them all."""

import threading
from typing import Any, Final

from django.conf import settings
from django.core.signals import request_started
from django.utils.module_loading import import_string

from genhub.lib.prepared import count_together


class Counted(threading.local):
    """What was counted in the request that this thread answers."""

    numbers: dict[str, int] | None = None


counted: Final = Counted()


def read(path: str) -> int:
    """Return how many there are, in this request, of what a PreparedCount of this dotted path counts; it is one of
    COUNTED_IN_SIDE_BAR."""
    if counted.numbers is None:
        paths = settings.COUNTED_IN_SIDE_BAR
        found = count_together([import_string(one) for one in paths])
        counted.numbers = dict(zip(paths, found, strict=True))
    return counted.numbers[path]


def forget(**_: Any) -> None:
    """Have all counted anew in the next request."""
    counted.numbers = None


request_started.connect(forget)
