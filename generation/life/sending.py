"""The moment in which an order leaves for its vendor, written before it does: it may be billed from then on."""

import uuid
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from generation.accounts import standing
from generation.accounts.costs import dearest_of
from generation.life import claims
from generation.life.claims import Claim, LeaseLost
from generation.models import AccountKey, Attempt
from genhub.lib.clock import NOW
from genhub.lib.prepared import NO_ID, NO_NUMBER, Prepared, PreparedUpdate

NO_USD: Final = Decimal(-1)


@transaction.atomic
def note_sending(claim: Claim) -> AccountKey | None:
    """Write that the order leaves for the vendor now, before it does, and return the key it goes with.

    Raises LeaseLost when the attempt is not ours, NotNow when the account takes none now; then nothing was written.
    """
    found = HELD.find(claim.attempt_id, claim.token)
    if not found:
        raise LeaseLost
    [attempt] = found
    dearest = dearest_of(claim.card, claim.spec)
    key = standing.admit(attempt, attempt.now, dearest, key_id=find_key_of(claim.follows_id))
    LEAVES.run(claim.attempt_id, claim.token, key.pk if key else None, dearest)
    return key


def hold(attempt_id: uuid.UUID, token: int) -> QuerySet[Attempt]:
    """Return an attempt that this token holds, with its account, both locked and as they are now."""
    rows = claims.fence(attempt_id, token).select_related("account").annotate(now=NOW)
    return rows.select_for_update(of=("self", "account"), no_key=True)


# The vendor waits for each round trip that comes before it, and for the writing of each statement.
HELD: Prepared[Any] = Prepared(hold, NO_ID, NO_NUMBER)
LEAVES: Final = PreparedUpdate(
    lambda attempt_id, token, key_id, dearest: (
        claims.fence(attempt_id, token),
        {"sending_at": Now(), "key": key_id, "dearest_usd": dearest},
    ),
    NO_ID,
    NO_NUMBER,
    NO_NUMBER + 1,
    NO_USD,
)


def find_key_of(attempt_id: uuid.UUID | None) -> int | None:
    """Return the key with which an attempt was sent; None where there is none."""
    if attempt_id is None:
        return None
    return Attempt.objects.values_list("key_id", flat=True).get(pk=attempt_id)
