"""What a task cost the operator: the sum of its attempts, written by the statement that ends it."""

import uuid
from decimal import Decimal

from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.expressions import Combinable

from generation.accounts.costs import FREE
from generation.models import Attempt
from generation.models.attempt import USD
from generation.states import ATTEMPT_LIVE

# What an attempt costs that is ended from outside: what its order may cost if it has left, else nothing.
GIVEN_UP = Case(When(sending_at=None, then=Value(FREE)), default=F("dearest_usd"), output_field=USD)


def total_of_task(ending: uuid.UUID | None = None, cost_usd: Decimal | None = FREE) -> Combinable:
    """Return what a task cost in all, as a value for its own row: one attempt is ending at this cost, and what else is
    under way is given up.

    Unknown as soon as one attempt's is: a sum of the others would be read as all of it.
    """
    cost = Case(
        When(pk=ending, then=Value(cost_usd, output_field=USD)),
        When(state__in=sorted(ATTEMPT_LIVE), then=GIVEN_UP),
        default=F("cost_usd"),
        output_field=USD,
    )
    attempts = Attempt.objects.filter(task=OuterRef("pk")).annotate(bill=cost)
    sums = (
        attempts.order_by()
        .values("task")
        .annotate(total=Sum("bill"), unknown=Count("pk", filter=Q(bill=None)))
    )
    return Subquery(sums.filter(unknown=0).values("total"), output_field=USD)
