"""What a receipt of a deletion says: what went, what stays and why, and under which legal hold."""

from typing import Any

from django.conf import settings

from genhub.lib.ids import to_wire
from genhub.retention import holds
from genhub.retention.erasing import Owner, list_left, list_steps, name_alias
from genhub.retention.models import ERASURE, HOLD, Erasure
from genhub.retention.reports import iso

State = Erasure.State


def is_ready(row: Erasure) -> bool:
    """Return whether there is anything to sign: all has gone that goes, or a hold keeps the rest."""
    return row.state in {State.DONE, State.HELD}


def describe(row: Erasure) -> dict[str, Any]:
    """Return what the hub signs: no name, but what proves it to whoever knows it."""
    return {
        "iss": settings.PUBLIC_URL,
        "id": to_wire(ERASURE, row.pk),
        "state": row.state,
        "platform": row.platform.code,
        "user_sha256": row.user_sha256,
        "asked_at": iso(row.asked_at),
        "done_at": iso(row.done_at),
        "deleted": list_deleted(row),
        "kept": list_kept(row),
        "holds": list_holds(row),
    }


def list_deleted(row: Erasure) -> list[dict[str, Any]]:
    """Return what went so far, step by step; of another release's steps the names alone are known."""
    meanings = {step.name: str(step.meaning) for step in list_steps()}
    return [
        {"name": name, "meaning": meanings.get(name, name), **counts}
        for name, counts in row.deleted.items()
    ]


def list_kept(row: Erasure) -> list[dict[str, Any]]:
    """Return what stays under another name, and why."""
    owner = Owner(row.platform_id, row.user, name_alias(row))
    found = [
        {
            "name": left.name,
            "meaning": str(left.meaning),
            "rows": left.count(owner),
            "why": str(left.why),
        }
        for left in list_left()
    ]
    return [one for one in found if one["rows"]]


def list_holds(row: Erasure) -> list[dict[str, Any]]:
    """Return the legal holds that keep all else, and why; none once it is done."""
    if row.state == State.DONE:
        return []
    lying = holds.find_holds(row.platform_id, row.user)
    return [
        {"id": to_wire(HOLD, one.pk), "since": iso(one.laid_at), "why": one.reason} for one in lying
    ]
