"""Orders that cost nothing: judged by freezes and budgets as those that pay, though nothing is held for them.

A budget of credits has nothing to count of them; one of tasks at the same time counts each until it ends.
"""

import uuid
from collections.abc import Sequence

from django.db import connection

from credits import budgets
from credits.errors import PurseErased, PurseFrozen, UserStopped
from credits.models import FreeUse
from credits.moves import lock
from credits.terms import PLAIN, Terms

LEAVE = """
    WITH counted AS (
        SELECT c.id, u.id AS use_id
          FROM credits_freeuse u
          JOIN credits_count c ON c.id = u.count_id
         WHERE u.reference = %(reference)s
         ORDER BY c.limit_id
           FOR UPDATE OF c, u
    ), gone AS (
        DELETE FROM credits_freeuse u USING counted WHERE u.id = counted.use_id
    )
    UPDATE credits_count c SET used = c.used - 1 FROM counted WHERE c.id = counted.id
"""


def admit(purse_id: uuid.UUID, *, reference: uuid.UUID, terms: Terms = PLAIN) -> None:
    """Count an order that costs nothing: `admit_many` for one."""
    admit_many(purse_id, [reference], terms=terms)


def admit_many(
    purse_id: uuid.UUID, references: Sequence[uuid.UUID], *, terms: Terms = PLAIN
) -> None:
    """Count orders that cost nothing, all or none; raise PurseFrozen, PurseErased, UserStopped, or what their budgets
    refuse: then the caller's transaction cannot commit."""
    if not references:
        return
    purse = lock(purse_id)
    if purse.frozen_at:
        raise PurseFrozen
    if purse.erased_at:
        raise PurseErased
    if purse.stopped_at:
        raise UserStopped
    prices = dict.fromkeys(references, 0)
    counted = budgets.count_orders(purse_id, terms.api_key_id, prices, terms.at)
    FreeUse.objects.bulk_create(
        FreeUse(reference=reference, count_id=count_id)
        for count_id, amounts in counted
        for reference in amounts
    )


def leave(reference: uuid.UUID) -> int:
    """Count an order that costs nothing out again and return what it paid: 0. The second time it does nothing."""
    with connection.cursor() as cursor:
        cursor.execute(LEAVE, {"reference": reference})
    return 0
