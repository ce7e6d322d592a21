"""The loops' turns."""

from genhub.alerts import conditions, noting
from genhub.alerts.telling import teller


class LooksBroke(RuntimeError):
    """Some looks broke; the others were done."""


def watch_alerts() -> int:
    """Look at everything, and write what begins and ends; return how many did. A look that breaks fails the turn, once
    the others are done."""
    found = conditions.look()
    changed = noting.note(found)
    if found.broken:
        raise LooksBroke(", ".join(found.broken))
    return changed


def tell_alerts() -> int:
    """Begin to tell what is due, and return by how many channels."""
    return teller.tell_due()
