"""Legal holds: what lies under one is deleted by nobody, however old it is and whoever asks.

Rows that are being deleted when a hold is laid go first: from the moment that `lay` returns, no row of what is held
goes, and of its files at most the one that the store is deleting at that moment.
"""

import uuid
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from genhub.lib import locks
from genhub.lib.errors import Problem, gettext_noop
from genhub.retention.models import LegalHold

# Of the advisory lock that deletions share and whoever lays a hold has alone; any number that nobody else uses.
DELETING: Final = 0x67683A6B65657073


class HoldLifted(Problem):
    """Somebody else has lifted it meanwhile."""

    code = "hold_lifted"
    status = 409
    title = gettext_noop("This hold has been lifted")
    detail = gettext_noop("It holds nothing any more. Lay another one where it is needed.")


class UnderHold(Problem):
    """Nobody deletes it while the hold lies."""

    code = "under_legal_hold"
    status = 409
    title = gettext_noop("This is kept under a legal hold")
    detail = gettext_noop(
        "Nothing of this user is deleted until staff of the hub lift the hold. Ask them."
    )


@transaction.atomic
def lay(platform_id: uuid.UUID, user: str, *, reason: str, by: int) -> LegalHold:
    """Hold a platform's data, or one user's of it (empty: everybody's), once what is being deleted now has gone."""
    locks.take(DELETING)
    return LegalHold.objects.create(
        platform_id=platform_id, user=user, reason=reason, laid_by_id=by
    )


def lift(hold_id: uuid.UUID, *, reason: str, by: int) -> None:
    """End a hold; raise HoldLifted when it has ended."""
    lying = LegalHold.objects.filter(pk=hold_id, lifted_at=None)
    if not lying.update(lifted_at=Now(), lifted_by_id=by, lifted_why=reason):
        raise HoldLifted


def keep_out() -> None:
    """Have whoever lays a hold wait until this transaction, which deletes, has ended."""
    locks.share(DELETING)


def refuse_held(platform_id: uuid.UUID, user: str) -> None:
    """Raise UnderHold where a user's data lies under a hold; none is laid until this transaction has ended."""
    keep_out()
    if find_holds(platform_id, user).exists():
        raise UnderHold


def find_holds(platform_id: uuid.UUID, user: str) -> QuerySet[LegalHold]:
    """Return the holds under which a user's data lies, the oldest first."""
    lying = LegalHold.objects.filter(platform_id=platform_id, lifted_at=None)
    return lying.filter(Q(user="") | Q(user=user)).order_by("pk")


def is_held(platform: str, user: str) -> Exists:
    """Return the condition that a row, whose owner stands in these columns, lies under a hold; of a row that names no
    user (empty), that there is any hold on its platform."""
    lying = LegalHold.objects.filter(platform=OuterRef(platform), lifted_at=None)
    if not user:
        return Exists(lying)
    return Exists(lying.filter(Q(user="") | Q(user=OuterRef(user))))
