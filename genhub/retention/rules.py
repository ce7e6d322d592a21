"""A rule says what may go, by which time, after how long, and how: rows in bounded transactions, files one by one."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from genhub.retention import ages, holds


@dataclass(frozen=True)
class Gone:
    """What was deleted, or would be."""

    rows: int = 0
    files: int = 0
    size_bytes: int = 0

    def __add__(self, other: "Gone") -> "Gone":
        return Gone(
            self.rows + other.rows, self.files + other.files, self.size_bytes + other.size_bytes
        )

    def __bool__(self) -> bool:
        return any(vars(self).values())


def delete_rows(rows: Sequence[Any]) -> Gone:
    """Delete rows of one model that nothing refers to."""
    model = type(rows[0])
    model._base_manager.filter(pk__in=[row.pk for row in rows]).delete()  # noqa: SLF001 (Django's name)
    return Gone(rows=len(rows))


def count_rows(rows: QuerySet[Any]) -> Gone:
    """Return what it would be to delete all of these rows."""
    return Gone(rows=rows.count())


@dataclass(frozen=True)
class Rule:
    """What may go. `find` leaves out whatever must stay, however old it is; `since` is the column that tells the age.

    `delete` gets a bite of locked rows inside a transaction. With `is_apart` it gets one row at a time and no
    transaction: it speaks to a store that may be slow, and is to bear that another process does the same.
    """

    name: str
    meaning: str | Promise
    find: Callable[[], QuerySet[Any]]
    # Either an entry of settings.KEEP_DAYS, which operators change, or a margin that nobody needs to.
    days: str = ""
    margin: timedelta | None = None
    since: str = "created_at"
    delete: Callable[[Sequence[Any]], Gone] = delete_rows
    weigh: Callable[[QuerySet[Any]], Gone] = count_rows
    is_apart: bool = False
    # The columns of whose it is, the platform's and the user's: what lies under a legal hold stays. None: nobody's.
    owner: tuple[str, str] | None = None
    # The one platform that it is carried out for: the ages of `ages.KINDS` are each platform's own.
    platform_id: uuid.UUID | None = None

    @property
    def age(self) -> timedelta | None:
        """Return after how long it goes; None: it stays for ever."""
        if self.margin is not None:
            return self.margin
        days = settings.KEEP_DAYS[self.days]
        return timedelta(days=days) if days else None

    def spread(self) -> "list[Rule]":
        """Return the rule as it is for each platform of which anything goes, or the rule itself if all are alike."""
        if self.margin is not None or self.days not in ages.KINDS:
            return [self]
        return [
            replace(self, platform_id=platform_id, margin=age)
            for platform_id, age in ages.list_ages(self.days)
        ]

    def find_all(self) -> QuerySet[Any]:
        """Return what the rule is about, whether it is to go now or later."""
        rows = self.find()
        if self.platform_id and self.owner:
            rows = rows.filter(**{self.owner[0]: self.platform_id})
        return rows

    def find_old(self, age: timedelta) -> QuerySet[Any]:
        """Return what is to go now, oldest first."""
        old = self.find_all().filter(**{f"{self.since}__lt": Now() - age})
        if self.owner:
            old = old.filter(~holds.is_held(*self.owner))
        return old.order_by(self.since, "pk")


def list_rules() -> list[Rule]:
    """Return the rules of every app."""
    return [rule for path in settings.RETENTION_RULES for rule in import_string(path)]
