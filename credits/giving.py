"""Grants, corrections and stated balances by staff: at once up to a limit, else by a second person's word.

Lock order: person, request, purse, then the ledger's own.
"""

import uuid
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from credits import freezes, ledger
from credits.errors import GrantDecided, KeyReused, OwnGrant
from credits.last_moves import check_seen
from credits.models import GrantKind, GrantRequest, GrantState, Purse, Transfer
from credits.moves import lock
from credits.selectors import sum_given_alone
from genhub.lib.errors import NotFound, gettext_noop
from genhub.lib.reasons import check_reason
from genhub.users.alone import ALONE_FOR, lock_person

ASKED = ("purse_id", "kind", "expires_at", "stated", "requested_by_id")


@transaction.atomic
def request_move(new: GrantRequest, *, seen: str = "") -> tuple[GrantRequest, bool]:
    """Move credits by hand, or let the wish wait for a second person, as its state then says.

    `new` is unsaved: id, purse, kind, reason, requested_by, and an amount, or of a freeze the balance stated and the
    purse's version that the person looked at. The flag is False when this id asked for the same before: then nothing
    more was done. `seen` is the mark of the last move that the person saw. Raises SeenChanged, KeyReused, or what
    moving it now is refused for, also where it would wait: PurseUnknown, PurseErased, InvalidAmount, ExpiryPast,
    InsufficientCredits, NotFrozen, BooksMoved.
    """
    lock_person(new.requested_by)
    if earlier := GrantRequest.objects.filter(pk=new.pk).first():
        check_same(earlier, new)
        return earlier, False
    purse = lock(new.purse_id)
    check_seen(purse, seen)
    if new.kind == GrantKind.UNFREEZE and new.stated is not None:
        new.amount = freezes.find_difference(purse.pk, new.stated)
    if needs_approval(new.requested_by_id, new.amount):
        prove(new)
    else:
        new.transfer = carry_out(new)
        new.state = GrantState.DONE
    new.save(force_insert=True)
    return new, True


def check_same(earlier: GrantRequest, new: GrantRequest) -> None:
    """Raise KeyReused unless a wish is one that was written before; of a freeze the amount was found out then."""
    names = ASKED if new.kind == GrantKind.UNFREEZE else (*ASKED, "amount")
    if any(getattr(earlier, name) != getattr(new, name) for name in names):
        raise KeyReused


def needs_approval(person_id: int, amount: int) -> bool:
    """Return whether a second person must approve: with this, a person would move too much alone within a day, whether
    given or taken."""
    if not amount:
        return False
    alone = sum_given_alone(person_id, ALONE_FOR)
    return bool(alone + abs(amount) > settings.GRANT_APPROVAL_ABOVE)


@transaction.atomic
def approve_move(
    request_id: uuid.UUID, *, person: Any, reason: str, seen: str = ""
) -> GrantRequest:
    """Move what another person asked for, in the transaction that approves it.

    Raises ReasonTooShort, NotFound, OwnGrant, GrantDecided, SeenChanged, or what moving is refused for, as
    `request_move` does: then the request waits on.
    """
    reason, row = check_reason(reason), find_waiting(request_id, person)
    check_seen(lock(row.purse_id), seen)
    row.transfer = carry_out(row)
    return decide(row, GrantState.DONE, person, reason)


@transaction.atomic
def reject_move(request_id: uuid.UUID, *, person: Any, reason: str) -> GrantRequest:
    """Refuse what another person asked for; raises as approve_move does, and nothing moves."""
    reason, row = check_reason(reason), find_waiting(request_id, person)
    return decide(row, GrantState.REJECTED, person, reason)


def find_waiting(request_id: uuid.UUID, person: Any) -> GrantRequest:
    """Return a request that waits, locked, if this person may decide about it."""
    found = GrantRequest.objects.select_for_update(of=("self",)).select_related("requested_by")
    row = found.filter(pk=request_id).first()
    if row is None:
        raise NotFound(thing=gettext_noop("grant"))
    if row.requested_by_id == person.pk:
        raise OwnGrant
    if row.state != GrantState.PENDING:
        raise GrantDecided
    return row


def decide(row: GrantRequest, state: GrantState, person: Any, reason: str) -> GrantRequest:
    """Write a second person's decision and what it moved."""
    row.state, row.decided_by, row.decision = state, person, reason
    GrantRequest.objects.filter(pk=row.pk).update(
        state=state,
        decided_by=person,
        decision=reason,
        decided_at=Now(),
        transfer_id=row.transfer_id,
    )
    return row


def carry_out(row: GrantRequest) -> Transfer | None:
    """Move what a request is about, once for each request, and return the transfer; None where nothing had to move."""
    why = ledger.Why(row.requested_by.get_username(), row.reason)
    key, kind = f"staff:{row.pk}", GrantKind.ADJUST
    if row.kind == GrantKind.GRANT:
        kind = GrantKind.GRANT
        ledger.grant(row.purse_id, row.amount, key=key, why=why, expires_at=row.expires_at)
    elif row.kind == GrantKind.ADJUST:
        ledger.adjust(row.purse_id, row.amount, key=key, why=why)
    else:
        stated: Any = row.stated
        freezes.unfreeze(row.purse_id, available=stated, key=key, why=why, seen=row.purse_version)
    return Transfer.objects.filter(key=f"{kind}:{key}").first()


def prove(row: GrantRequest) -> None:
    """Raise what a move would be refused for now: who asks hears of it, not only who approves. Nothing stays moved."""
    with transaction.atomic():
        carry_out(row)
        transaction.set_rollback(True)


def find_waiting_of(purse: Purse) -> list[GrantRequest]:
    """Return what waits for a second person at a purse, the oldest first."""
    rows = GrantRequest.objects.filter(purse=purse, state=GrantState.PENDING)
    return list(rows.select_related("requested_by").order_by("created_at", "pk"))
