"""What the rules did and left, for staff and operators; nothing here deletes."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce, Now

from genhub.retention.models import RuleReport
from genhub.retention.rules import Gone, Rule, list_rules


def note(rule: Rule, gone: Gone, failures: int) -> None:
    """Note a turn of a rule: what went, whether anything could not be deleted, and the oldest that is left."""
    now: dict[str, Any] = {"turn_at": Now(), "oldest_at": find_oldest(rule)}
    counts = {"rows": gone.rows, "files": gone.files, "bytes": gone.size_bytes}
    if gone:
        now |= {"deleted_at": Now()} | {f"last_{word}": count for word, count in counts.items()}
    added = {f"all_{word}": F(f"all_{word}") + count for word, count in counts.items()}
    since = {"failing_since": Coalesce(F("failing_since"), Now()) if failures else None}
    first = {f"all_{word}": count for word, count in counts.items()}
    RuleReport.objects.update_or_create(
        rule=rule.name,
        defaults=now | added | since,
        create_defaults=now | first | {"failing_since": Now() if failures else None},
    )


def find_oldest(rule: Rule) -> datetime | None:
    """Return the age of the oldest row that a rule is about, whether it is to go now or later; of a rule whose ages
    are the platforms' own, among those of which anything goes."""
    found = [
        one.find_all().order_by(one.since).values_list(one.since, flat=True).first()
        for one in rule.spread()
    ]
    return min((since for since in found if isinstance(since, datetime)), default=None)


def weigh_rules() -> dict[str, Gone]:
    """Return what would be deleted now, by rule; files are looked up in the store."""
    return {rule.name: weigh_rule(rule) for rule in list_rules()}


def weigh_rule(rule: Rule) -> Gone:
    """Return what a rule would delete now."""
    parts = [(one, one.age) for one in rule.spread()]
    return sum((one.weigh(one.find_old(age)) for one, age in parts if age is not None), Gone())


def weigh_for(
    platform_id: uuid.UUID, age_of: Mapping[str, timedelta | None]
) -> Iterator[tuple[Rule, Gone]]:
    """Yield what the rules of these kinds would delete of a platform now, were these their ages."""
    for rule in list_rules():
        if age := age_of.get(rule.days):
            one = replace(rule, platform_id=platform_id, margin=age)
            yield rule, one.weigh(one.find_old(age))


def describe() -> list[Mapping[str, Any]]:
    """Return each rule as programs read it: its age in days, its last turn, what it deleted, the oldest left."""
    found = RuleReport.objects.in_bulk()
    return [describe_rule(rule, found.get(rule.name)) for rule in list_rules()]


def describe_rule(rule: Rule, report: RuleReport | None) -> Mapping[str, Any]:
    """Return one rule; a rule that had no turn yet has no times."""
    seconds = rule.age.total_seconds() if rule.age is not None else None
    report = report or RuleReport(rule=rule.name)
    return {
        "rule": rule.name,
        "meaning": str(rule.meaning),
        "age_seconds": seconds,
        "turn_at": iso(report.turn_at),
        "failing_since": iso(report.failing_since),
        "oldest_at": iso(report.oldest_at),
        "deleted": {
            "rows": report.all_rows, "files": report.all_files, "bytes": report.all_bytes,
        },
    }  # fmt: skip


def iso(at: datetime | None) -> str | None:
    """Return a time as programs read it."""
    return at.isoformat() if at else None
