"""Signs of life of loops that no test has to run."""

from datetime import timedelta

from django.db.models.functions import Now

from generation import loops
from generation.models import LoopBeat


def let_loops_be_well() -> None:
    """Have each loop give a sign of life that a slow machine does not outlast."""
    for loop in loops.list_loops():
        loop.beat()
    LoopBeat.objects.update(beat_at=Now() + timedelta(hours=1))
