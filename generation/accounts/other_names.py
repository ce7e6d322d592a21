"""What serves a model's other names: staff say it, and orders, lists and stock clients go by it."""

from typing import Final

from django.conf import settings

from generation.accounts.routing import OFFERS
from generation.models import OtherName
from genhub.lib import remembered
from genhub.lib.remembered import Remembered, Table

# What clients are set to out of habit, though its maker shut it down or the hub never had it.
FAMILIAR: Final = (
    "dall-e-2", "dall-e-3", "gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2",
    "chatgpt-image-latest", "sdxl", "flux-pro", "midjourney",
)  # fmt: skip
# The same of clips, which no usual model of pictures could serve.
FAMILIAR_OF_CLIPS: Final = ("sora-2", "sora-2-pro")


def find_model(name: str, usual: str) -> str:
    """Return the model that serves a name: the one of this name, if it is offered, else the one that staff named, or
    the usual one; the name itself where none of them is offered."""
    with remembered.together():
        offers = OFFERS.get()
        if name in offers:
            return name
        served = NAMES.get().get(name)
        model = usual if served == "" else served
        return model if model in offers else name


def is_name(name: str) -> bool:
    """Return whether a model has this name, or staff gave it to one."""
    with remembered.together():
        return name in OFFERS.get() or name in NAMES.get()


def list_names(usual: str) -> dict[str, str]:
    """Return the other names that orders may say now, each with the model that serves it."""
    with remembered.together():
        offers = OFFERS.get()
        named = {name: model or usual for name, model in NAMES.get().items()}
    return {name: model for name, model in named.items() if model in offers and name not in offers}


def read_names() -> dict[str, str]:
    """Return the model of each name in use; empty: the usual one."""
    return dict(OtherName.objects.filter(is_enabled=True).values_list("name", "model"))


NAMES = Remembered(read_names, [Table(OtherName)])


def seed_other_names() -> None:
    """Create the familiar names that are missing; what staff changed stays, since none is ever deleted. Those of clips
    wait until the hub has a usual model of clips."""
    model = settings.DEFAULT_VIDEO_MODEL
    rows = [OtherName(name=name) for name in FAMILIAR]
    rows += [OtherName(name=name, model=model) for name in FAMILIAR_OF_CLIPS if model]
    OtherName.objects.bulk_create(rows, ignore_conflicts=True)
