"""Entries: transfers in the words that their owner reads. Who of the staff moved them is nobody's business there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from credits.ledger import SYSTEM
from credits.models import Bucket, Kind, Reason, Transfer
from credits.moves import Line
from genhub.lib.ids import to_wire

PREFIX = "entry"
# The wire's prefixes of what a hold pays for: a task, or an edited picture.
ORDER, PICTURE = "task", "art"
# A staff member's name holds no colon.
APP = "app:"
KINDS = list(Kind.values)
REASONS = dict(Reason.choices)


@dataclass(frozen=True)
class Filters:
    """Which entries are wanted; None: all. `task` is the order's id, `since` counts in and `until` does not."""

    kind: Kind | None = None
    task: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


def describe_entry(move: Transfer) -> dict[str, Any]:
    """Return a transfer, as `selectors` reads it, as an entry of a statement, in the active language."""
    return {
        **describe_line(line_of(move)),
        "available_change": change(move, Bucket.AVAILABLE),
        "held_change": change(move, Bucket.HELD),
        "available_after": move.available_after,
        "held_after": move.held_after,
        "by": mover(move),
        **name_paid(move),
        # Read beside the transfer, not a column of it.
        "expires_at": vars(move)["expires_at"],
    }


def name_paid(move: Transfer) -> dict[str, str | None]:
    """Return the task or the edited picture that a transfer's hold pays for."""
    is_edit = move.reason == Reason.EDIT
    return {
        "task": to_wire(ORDER, move.hold.reference) if move.hold and not is_edit else None,
        "artifact": to_wire(PICTURE, move.hold.reference) if move.hold and is_edit else None,
    }


def line_of(move: Transfer) -> Line:
    """Return what is told of a transfer that was read."""
    return Line(*(getattr(move, name) for name in Line._fields))


def describe_line(line: Line) -> dict[str, Any]:
    """Return what a task's answer says of a transfer, in the active language."""
    code, words = word_reason(line)
    return {
        "id": to_wire(PREFIX, line.id),
        "kind": line.kind,
        "amount": line.amount,
        "reason_code": code,
        "reason": words,
        "created_at": line.created_at,
    }


def change(move: Transfer, bucket: Bucket) -> int:
    """Return what a transfer added to a bucket of the purse."""
    return move.amount * ((move.target == bucket) - (move.source == bucket))


def mover(move: Transfer) -> str:
    """Return `system`, `app` or `staff`."""
    if move.actor == SYSTEM:
        return "system"
    return "app" if move.actor.startswith(APP) else "staff"


def word_reason(move: Transfer | Line) -> tuple[str | None, str]:
    """Return a reason's code and words: the hub's own are translated, an app's begin with the kind of its grant, and
    those of staff have no code."""
    if move.actor.startswith(APP):
        kind, _, words = move.reason.partition(" ")
        return kind, words or kind
    # Staff may happen to write one of those words.
    if move.actor == SYSTEM and move.reason in REASONS:
        return move.reason, str(REASONS[move.reason])
    return None, move.reason
