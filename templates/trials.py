"""The sample order of a recipe. What an order becomes is known by those who take orders: a setting names them."""

from dataclasses import dataclass, field

from django.conf import settings
from django.utils.module_loading import import_string

from genhub.lib.errors import FieldError
from templates.rendering import Recipe


@dataclass(frozen=True)
class Trial:
    """What became of a sample order: why none can be taken, at the fields of the version; or what it would make."""

    mistakes: list[FieldError] = field(default_factory=list)
    prompt: str = ""
    negative_prompt: str = ""
    model: str = ""
    width: int = 0
    height: int = 0
    # None: the vendor decides.
    steps: int | None = None
    number: int = 0
    price: int = 0
    # What each step would make, with its price, of a template that has several.
    chain: tuple[str, ...] = ()
    # A grey picture of its size, edited as its pictures are: a small JPEG, for people to look at; empty: it is not.
    edited: bytes = b""


def try_recipe(recipe: Recipe) -> Trial:
    """Return what would become of a sample order of a recipe now; nothing is written."""
    trial: Trial = import_string(settings.RECIPE_TRIAL)(recipe)
    return trial
