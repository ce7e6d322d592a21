"""What the hub has of words whose values its own state decides: models, their LoRAs, styles, fonts."""

from collections.abc import Iterable, Mapping

from django.conf import settings
from django.utils.module_loading import import_string

from templates.selectors import list_style_choices

# By word, its values and how a form offers each.
Offered = Mapping[str, Iterable[tuple[str, str]]]


def list_offered() -> Offered:
    """Return the values of such words; models, LoRAs and fonts are known by those who take orders."""
    found: Offered = import_string(settings.ORDER_CHOICES)()
    return {"style_preset": list_style_choices(), **found}
