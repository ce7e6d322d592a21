"""Who orders, and who makes what is ordered: the model, and an account that offers it. Writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django.conf import settings

from generation.accounts import other_names, routing
from generation.orders.brand import ANY, Brand
from generation.orders.brought import Owner
from generation.orders.clips import CLIP, find_usual_model
from generation.providers.further import treatment_by
from generation.spec import REFERENCES
from genhub.lib import remembered
from genhub.lib.errors import InvalidRequest, gettext_noop, refuse_field
from genhub.platforms.models import Plan
from templates.rendering import Look

# So many models are named to whoever named none of them.
MOST_NAMED: Final = 5


@dataclass(frozen=True)
class Buyer:
    """Whose order it is, the model that the platform prefers, its plan, and the styles of its brand."""

    owner: Owner
    platform_model: str
    plan: Plan
    local_only: bool = False
    brand: Brand = ANY
    # A style that is tried on, active or not.
    fitting: Look | None = None


def find_route(
    named: Any, asked: Mapping[str, Any], buyer: Buyer, media_type: str
) -> routing.Route:
    """Return who makes the order: by the model that it names, else the platform's, else the hub's; of several accounts
    one that takes what the order says.

    Refuses a model that is not offered: to take another one in its place would be to guess.
    """
    usual = buyer.platform_model or default_model()
    with remembered.together():
        # What a platform prefers is its model of pictures.
        named_here = named or (find_usual_model() if media_type == CLIP else usual)
        alias = other_names.find_model(str(named_here), usual)
        wanted = len(asked.get(REFERENCES, ()))
        if route := routing.choose(
            alias, said=asked, references=wanted, local_only=buyer.local_only
        ):
            return route
    if card := routing.find_treating(alias):
        code, message = (
            "draws_nothing",
            gettext_noop(
                "The model “%(model)s” draws nothing: it goes on with a finished picture. Order that at the picture "
                "(POST …/follow): “%(action)s”."
            ),
        )
        raise refuse_field("model", code, message, model=alias, action=treatment_by(card))
    if buyer.local_only and routing.choose(alias):
        code, message = (
            "leaves_the_house",
            gettext_noop(
                "This order must stay in the house, and “%(model)s” is only made outside. Name a model of the house."
            ),
        )
    elif not named:
        code, message = (
            "default_unavailable",
            gettext_noop(
                "The order names no model, and the usual one, “%(model)s”, is not offered now. Name another."
            ),
        )
    elif routing.is_known(alias):
        code, message = (
            "switched_off",
            gettext_noop("The model “%(model)s” is switched off now. Name another."),
        )
    else:
        models = ", ".join(list_orderable(buyer, media_type)) or "–"
        raise lack_model(models)
    raise refuse_field("model", code, message, model=alias)


def list_orderable(buyer: Buyer, media_type: str) -> list[str]:
    """Return a few models that may be named instead: of what is ordered, and in the house where it must stay there."""
    fitting = (
        alias
        for alias, card in sorted(routing.list_models().items())
        if media_type in card.media_types
        and (not buyer.local_only or routing.choose(alias, local_only=True))
    )
    return list(islice(fitting, MOST_NAMED))


def default_model() -> str:
    """Return the model of orders that name none, offered or not."""
    return str(settings.DEFAULT_MODEL)


def lack_model(models: str) -> InvalidRequest:
    """Return the refusal of an order for a model that there is not."""
    message = gettext_noop(
        "There is no model of this name. GET models lists those there are, such as: %(models)s."
    )
    return refuse_field("model", "unknown", message, models=models)
