"""The accounts of vision models: who may be asked about a picture now."""

from generation.models import Describer
from genhub.lib import remembered
from genhub.lib.remembered import Remembered, Table

STEADY = Remembered(
    lambda: list(Describer.objects.filter(is_enabled=True)),
    [Table(Describer)],
)


def list_all() -> list[Describer]:
    """Return the accounts that are switched on, in their order."""
    return STEADY.get()


def list_usable() -> list[Describer]:
    """Return those that do not rest now."""
    with remembered.together():
        found, now = STEADY.get(), remembered.now()
    return [row for row in found if not row.is_resting(now)]


def choose(usable: list[Describer], *, local_only: bool, tries: int) -> Describer | None:
    """Return who is asked at this try, from 1: the next one after each failure; of what stays in the house nobody
    outside."""
    found = [row for row in usable if row.is_in_house or not local_only]
    return found[(tries - 1) % len(found)] if found else None
