"""A turn of the loop that deletes: each rule in bites, the oldest first, for a few seconds.

Any number of processes may take turns: a bite leaves out what another one holds. A process that is killed leaves a bite
whole or undone; a rule that touches files says for itself why none is lost and none stays.
"""

import logging
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q, QuerySet

from genhub.retention import holds, reports
from genhub.retention.rules import Gone, Rule, list_rules

logger = logging.getLogger(__name__)

MOST_ROWS = 1000
# What speaks to a store is no hurry, and each may be many files.
MOST_APART = 100
# The loop says that it lives at the end of a turn; what is left after so long waits for the next one.
RULE_SECONDS = 5.0
# A store that is away answers late: one turn need not ask it more often.
MOST_FAILURES = 3


@dataclass(frozen=True)
class Place:
    """Where a rule goes on: what cannot be deleted must not hold up what lies behind it."""

    since: datetime
    pk: Any

    def behind(self, rule: Rule) -> Q:
        """Return the condition of what comes after this place."""
        later = Q(**{f"{rule.since}__gt": self.since})
        return later | Q(**{rule.since: self.since, "pk__gt": self.pk})


# Of this process; another one, or the next, meets what failed once more.
places: dict[tuple[str, uuid.UUID | None], Place] = {}


def delete_old() -> None:
    """Carry out every rule and note what came of it; the first error is raised once all others had their turn."""
    errors: list[Exception] = []
    for rule in list_rules():
        gone, failures = Gone(), 1
        try:
            gone, failures = carry_out(rule, time.monotonic() + RULE_SECONDS)
        except Exception as error:
            logger.exception("retention rule %s failed; the next turn tries again", rule.name)
            errors.append(error)
        reports.note(rule, gone, failures)
    if errors:
        raise errors[0]


@dataclass(frozen=True)
class Bite:
    """What came of one bite: what went, how many rows could not be deleted, the last row that was tried, and whether
    there is nothing behind it."""

    gone: Gone
    failures: int = 0
    last: Any = None
    is_end: bool = True


def carry_out(rule: Rule, ends_at: float = float("inf")) -> tuple[Gone, int]:
    """Delete what a rule says until nothing is left or the time is over; return what went, and how many rows could not
    be deleted. Where platforms have ages of their own, each has its bite however late it is."""
    gone, failures = Gone(), 0
    for one in rule.spread():
        went, stuck = carry_out_one(one, ends_at)
        gone, failures = gone + went, failures + stuck
    return gone, failures


def carry_out_one(rule: Rule, ends_at: float) -> tuple[Gone, int]:
    """Carry out a rule for everybody, or for its one platform."""
    gone, failures = Gone(), 0
    name = rule.name, rule.platform_id
    while (age := rule.age) is not None:
        bite = (take_apart if rule.is_apart else take_rows)(rule, age)
        gone, failures = gone + bite.gone, failures + bite.failures
        if bite.is_end:
            places.pop(name, None)
            break
        places[name] = Place(getattr(bite.last, rule.since), bite.last.pk)
        if failures >= MOST_FAILURES or time.monotonic() > ends_at:
            break
    return gone, failures


def find_next(rule: Rule, age: timedelta) -> QuerySet[Any]:
    """Return what is to go now, from the rule's place on."""
    rows = rule.find_old(age)
    place = places.get((rule.name, rule.platform_id))
    return rows.filter(place.behind(rule)) if place else rows


def take_rows(rule: Rule, age: timedelta) -> Bite:
    """Delete some rows in one transaction; where one of them stands in the way, each in its own."""
    rows: list[Any] = []
    failures = 0
    # Of most platforms nothing is due: no transaction, and no lock that others wait for, to find that out.
    if not find_next(rule, age).exists():
        return Bite(Gone())
    try:
        with transaction.atomic():
            holds.keep_out()
            rows = list(locked(find_next(rule, age))[:MOST_ROWS])
            gone = rule.delete(rows) if rows else Gone()
    except (OperationalError, InterfaceError):
        # It is not about any row.
        raise
    except Exception:
        if not rows:
            raise
        logger.exception("%s: %s rows are tried one by one", rule.name, len(rows))
        gone, failures = take_singly(rule, age, rows)
    return Bite(gone, failures, rows[-1] if rows else None, is_end=len(rows) < MOST_ROWS)


def take_singly(rule: Rule, age: timedelta, rows: Sequence[Any]) -> tuple[Gone, int]:
    """Delete rows one by one; return what went, and how many could not be deleted."""
    gone, failures = Gone(), 0
    for row in rows:
        try:
            with transaction.atomic():
                holds.keep_out()
                if found := list(locked(rule.find_old(age).filter(pk=row.pk))):
                    gone += rule.delete(found)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("%s: not deleted: %s", rule.name, row.pk)
            failures += 1
    return gone, failures


def locked(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows that nobody else holds, to be held until the transaction ends."""
    return rows.select_for_update(skip_locked=True, of=("self",))


def take_apart(rule: Rule, age: timedelta) -> Bite:
    """Let the store go of what belongs to some rows, one by one; stop early where it fails again and again."""
    rows = list(find_next(rule, age)[:MOST_APART])
    gone, failures = Gone(), 0
    for place, row in enumerate(rows, start=1):
        try:
            # The store may have been slow with those before: a hold may lie on it since.
            if not rule.owner or rule.find_old(age).filter(pk=row.pk).exists():
                gone += rule.delete([row])
        except Exception:
            logger.exception("%s: not deleted: %s", rule.name, row)
            failures += 1
            if failures == MOST_FAILURES:
                return Bite(gone, failures, row, is_end=place == len(rows) < MOST_APART)
    return Bite(gone, failures, rows[-1] if rows else None, is_end=len(rows) < MOST_APART)
