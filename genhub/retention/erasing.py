"""Delete what is kept of a user: each app says what of its rows goes, here it is done, in bites, until nothing is left.

Whoever orders under the same name afterwards is somebody new. Books stay, under a name that tells nobody who it was:
amounts are proved against them. A process that dies leaves a wish that the next turn goes on with; each step can be
taken twice.
"""

import hashlib
import logging
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Model, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from genhub.retention import holds
from genhub.retention.models import Erasure, LegalHold
from genhub.retention.rules import Gone, delete_rows

logger = logging.getLogger(__name__)
State = Erasure.State
Row = TypeVar("Row", bound=Model)
MOST_ROWS: Final = 1000
MOST_LOOKED_AT: Final = 1000
# The loop says that it lives at the end of a turn.
TURN_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Owner:
    """Whose data goes, and what the books call them afterwards."""

    platform_id: uuid.UUID
    user: str
    alias: str


@dataclass(frozen=True)
class Step:
    """A part of what goes. `take` deletes some of it and returns what went: nothing once there is nothing left."""

    name: str
    meaning: str | Promise
    take: Callable[[Owner], Gone]
    # It speaks to a store, or each of its rows has a transaction of its own: then it is to bear being taken twice.
    is_apart: bool = False


class StillBusy(Exception):
    """Something came in between: the next turn goes on."""


@dataclass(frozen=True)
class Left:
    """What stays of a user, under another name, and why; `count` tells how many rows that are."""

    name: str
    meaning: str | Promise
    why: str | Promise
    count: Callable[[Owner], int]


def list_left() -> list[Left]:
    """Return what each app keeps of a user whose data was deleted."""
    return [left for path in settings.ERASURE_KEPT for left in import_string(path)]


def list_steps() -> list[Step]:
    """Return the steps of every app, in the order in which they are taken."""
    return [step for path in settings.ERASURE_STEPS for step in import_string(path)]


def ask(platform_id: uuid.UUID, user: str, *, by: str, reason: str = "") -> Erasure:
    """Note that a user's data is to go, or return the wish that is under way."""
    with suppress(IntegrityError):
        return find_or_note(platform_id, user, by=by, reason=reason)
    # Somebody else wished it at the same moment. Theirs may be fulfilled by now; then this one comes after it.
    return find_or_note(platform_id, user, by=by, reason=reason)


def find_or_note(platform_id: uuid.UUID, user: str, *, by: str, reason: str) -> Erasure:
    """Return the wish that is under way, or a new one; raise IntegrityError where another came first."""
    open_ones = Erasure.objects.filter(platform_id=platform_id, user=user).exclude(state=State.DONE)
    if found := open_ones.first():
        return found
    row = Erasure(platform_id=platform_id, user=user, asked_by=by, reason=reason)
    row.user_sha256 = hash_name(row, user)
    with transaction.atomic():
        row.save(force_insert=True)
    row.refresh_from_db()
    return row


def find_erasures(platform_id: uuid.UUID, user: str | None) -> QuerySet[Erasure]:
    """Return the wishes of a platform (and user, unless None), the newest first; done ones are nobody's by name."""
    rows = Erasure.objects.filter(platform_id=platform_id).order_by("-pk")
    return rows if user is None else rows.filter(user=user)


def find_named(platform_id: uuid.UUID, user: str) -> Erasure | None:
    """Return the newest wish about a user of this very name, fulfilled or not: of a fulfilled one only the hash of the
    name is kept, so no more than the newest wishes of the platform are looked at."""
    newest = find_erasures(platform_id, None).defer("deleted")[:MOST_LOOKED_AT]
    mine = (row for row in newest if row.user == user or row.user_sha256 == hash_name(row, user))
    return next(mine, None)


def hash_name(row: Erasure, user: str) -> str:
    """Return what proves to whoever knows a name that a wish was about it: the SHA-256 of its id and the name."""
    return hashlib.sha256(f"{row}:{user}".encode()).hexdigest()


def name_alias(erasure: Erasure) -> str:
    """Return what the books call a user afterwards."""
    return f"erased:{erasure.pk.hex}"


def erase_asked() -> None:
    """Go on with every wish for a few seconds; the first error is raised once all others had their turn."""
    errors: list[Exception] = []
    for row in Erasure.objects.exclude(state=State.DONE).order_by("turn_at", "pk"):
        try:
            go_on(row, time.monotonic() + TURN_SECONDS)
        except StillBusy:
            logger.info("%s: the user is still busy", row)
        except Exception as error:
            logger.exception("%s failed; the next turn goes on", row)
            errors.append(error)
            since = Coalesce(F("failing_since"), Now())
            Erasure.objects.filter(pk=row.pk).update(failing_since=since, turn_at=Now())
    if errors:
        raise errors[0]


def go_on(row: Erasure, ends_at: float = float("inf")) -> None:
    """Take the steps of a wish until all is done, the time is over, or a legal hold keeps what is left."""
    owner = Owner(row.platform_id, row.user, name_alias(row))
    for step in list_steps():
        while gone := take(row, owner, step):
            if gone is HELD or time.monotonic() > ends_at:
                return
    end(row, owner)


# Nothing was taken, and nothing more may be.
HELD: Final = Gone(rows=-1)


def take(row: Erasure, owner: Owner, step: Step) -> Gone:
    """Take a bite of a step and note what went, in one transaction unless it is apart; HELD when a legal hold lies on
    what is left."""
    if step.is_apart:
        with transaction.atomic():
            if begin(row) != State.WORKING:
                return HELD
        gone = step.take(owner)
        with transaction.atomic():
            begin(row)
            note(row, step, gone)
        return gone
    with transaction.atomic():
        holds.keep_out()
        if begin(row) != State.WORKING:
            return HELD
        gone = step.take(owner)
        note(row, step, gone)
    return gone


def note(row: Erasure, step: Step, gone: Gone) -> None:
    """Add what went to what a wish, held by the caller's transaction, has deleted so far."""
    if gone:
        before = row.deleted.get(step.name, {})
        added = describe(gone)
        row.deleted[step.name] = {name: before.get(name, 0) + added[name] for name in added}
    Erasure.objects.filter(pk=row.pk).update(deleted=row.deleted, failing_since=None)


def begin(row: Erasure) -> str:
    """Hold a wish for this transaction and return how it stands now; another process may have ended it."""
    locked = Erasure.objects.select_for_update().get(pk=row.pk)
    row.deleted, row.state = locked.deleted, locked.state
    if row.state == State.DONE:
        return row.state
    is_held = holds.find_holds(row.platform_id, row.user).exists()
    row.state = State.HELD if is_held else State.WORKING
    Erasure.objects.filter(pk=row.pk).update(state=row.state, turn_at=Now())
    return row.state


def describe(gone: Gone) -> dict[str, int]:
    """Return what went as receipts tell it."""
    return {"rows": gone.rows, "files": gone.files, "bytes": gone.size_bytes}


def end(row: Erasure, owner: Owner) -> None:
    """Give the books their new name and end the wish, all in one transaction: they agree at each moment."""
    with transaction.atomic():
        holds.keep_out()
        if begin(row) != State.WORKING:
            return
        # Those that were lifted: none lies here.
        LegalHold.objects.filter(platform_id=row.platform_id, user=row.user).update(
            user=owner.alias
        )
        for path in settings.ERASURE_RENAMES:
            import_string(path)(owner)
        Erasure.objects.filter(pk=row.pk).update(
            user=owner.alias, state=State.DONE, done_at=Now(), failing_since=None
        )


def of(model: Any, owner: Owner) -> QuerySet[Any]:
    """Return the rows of a model that are the user's."""
    rows: QuerySet[Any] = model.objects.filter(platform_id=owner.platform_id, user=owner.user)
    return rows


def count_left(model: Any) -> Callable[[Owner], int]:
    """Return what counts the user's rows of a model, under the old name or the new one."""

    def count(owner: Owner) -> int:
        names = (owner.user, owner.alias)
        number: int = model.objects.filter(platform_id=owner.platform_id, user__in=names).count()
        return number

    return count


def bite(rows: QuerySet[Row]) -> list[Row]:
    """Return some rows, locked for this transaction."""
    return list(rows.select_for_update(of=("self",))[:MOST_ROWS])


def delete(rows: QuerySet[Any]) -> Gone:
    """Delete some of the rows of one model."""
    found = bite(rows)
    return delete_rows(found) if found else Gone()
