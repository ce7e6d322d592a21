"""What a doorbell's job says when it ends, for those who read Celery's own records: Flower and the workers' logs."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from generation.work.storing import Ended

FAILED: Final = "failed"
# Of those that failed, the first are named.
MOST_NAMED: Final = 10


class OrdersFailed(Exception):
    """Orders that a bell's worker had in hand failed, for good: nothing is tried again by that."""


def tell(queue: str, ended: Sequence[Ended]) -> str:
    """Return what came of a bell: how many orders ended how; raise OrdersFailed, with the same words, when any failed,
    so that its row does not read as a success."""
    said = f"bell of queue {queue}: {count(ended)}"
    failed = [entry["task"] for entry in ended if entry["ended"] == FAILED]
    if not failed:
        return said
    more = ["…"] * (len(failed) > MOST_NAMED)
    raise OrdersFailed(f"{said}: {', '.join([*failed[:MOST_NAMED], *more])}")


def count(ended: Sequence[Ended]) -> str:
    """Return how many orders ended how, the failed last."""
    if not ended:
        return "no order waited"
    found = Counter(entry["ended"] for entry in ended)
    words = sorted(found, key=lambda word: (word == FAILED, word))
    return ", ".join(f"{found[word]} {word.replace('_', ' ')}" for word in words)
