"""What an order may cost the operator, before it is placed, and, where the hub wants it so, none of unknown cost; how
long it usually takes."""

from decimal import Decimal

from django.conf import settings

from generation.accounts.costs import dearest_of
from generation.accounts.routing import Route, is_remote
from generation.errors import GenerationProblem
from generation.life.paces import size_of
from generation.models import Pace
from generation.selectors.line import rounded
from generation.spec import GenerationSpec
from genhub.lib.errors import gettext_noop

REFUSE = "refuse"


class CostUnknown(GenerationProblem):
    """A vendor's price is not known, and the hub sends no order out that may cost anything."""

    code = "cost_unknown"
    title = gettext_noop("It is not known what this costs the hub")
    detail = gettext_noop(
        "The hub's staff have written no price of “%(model)s” for this size and quality, and allow no order without "
        "one. Nothing was created or held. Name another model, size or quality, or ask them for a price."
    )


def estimate_usd(route: Route, spec: GenerationSpec) -> Decimal | None:
    """Return what an order may cost the operator at most, as its prices stand; None: not known.

    Raises CostUnknown where that is not allowed. The hub's own engine is no vendor that sends a bill.
    """
    cost = dearest_of(route.card, spec)
    if cost is None and settings.MISSING_PRICE == REFUSE and is_remote(route.account):
        raise CostUnknown(model=spec.model)
    return cost


def estimate_seconds(account_id: int, spec: GenerationSpec) -> float | None:
    """Return how many seconds such an order took of late from its begin to its end; None: there was none such."""
    kind = {"size": size_of(spec.width, spec.height), "steps": spec.steps or 0}
    paces = Pace.objects.filter(account_id=account_id, model=spec.model, **kind)
    seconds = paces.values_list("seconds", flat=True).first()
    return None if seconds is None else rounded(seconds * spec.number)
