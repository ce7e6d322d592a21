"""What only a clip has: how long it is, how many frames a second, how large by name, how it ends, whether it sounds."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from django.conf import settings

from generation.accounts import routing
from generation.orders.modes import Usual
from generation.spec import GenerationSpec, ModelCard
from genhub.api.order_words import CLIP_WORDS
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop, refuse_field
from genhub.lib.limits import FOUR_K_PIXELS

CLIP = "video"
# Words of an order that mean nothing for a picture.
OF_CLIPS = (*CLIP_WORDS, "last_image")
ONE_OF_THESE = gettext_noop("The model “%(model)s” takes one of these: %(choices)s.")


class Words(Protocol):
    """What was said, by the order or by what it is made from."""

    def get(self, name: str) -> Any:
        """Return a word's value, or None when nobody said it."""


def name_size(width: int, height: int) -> str:
    """Return what the size of a clip is called: `4k`, or by its short side, such as `720p`."""
    return "4k" if width * height >= FOUR_K_PIXELS else f"{min(width, height)}p"


def seconds_of(card: ModelCard) -> tuple[int, ...]:
    """Return the lengths that a model's clips may have."""
    return card.durations or (card.default_seconds,)


def resolutions_of(card: ModelCard) -> tuple[str, ...]:
    """Return the sizes of a model's clips by name, the smallest first."""
    sizes = card.sizes or ((card.default_width, card.default_height),)
    return tuple(dict.fromkeys(name_size(*size) for size in sorted(sizes, key=math.prod)))


def check_kind(words: Words, media_type: str, card: ModelCard) -> None:
    """Refuse a model that makes no such thing, a word that only clips have in the order of a picture, and more than one
    clip."""
    if media_type not in card.media_types:
        message = gettext_noop("The model “%(model)s” does not make this.")
        raise refuse_field("type", "unsupported", message, model=card.alias)
    if media_type == CLIP:
        if (words.get("num_images") or 1) > 1:
            message = gettext_noop("A clip is ordered alone; order several of them as a batch.")
            raise refuse_field("num_images", "one_clip", message)
        return
    message = gettext_noop("Only a clip has this: say “type”: “video”, or leave it out.")
    if said := [name for name in OF_CLIPS if words.get(name) is not None]:
        raise InvalidRequest(errors=[FieldError(name, "only_clips", message) for name in said])


def narrow(card: ModelCard, words: Words, usual: Usual) -> tuple[ModelCard, Usual]:
    """Return a model with the sizes alone of the resolution that an order of a clip means, and the usual one of these.

    Whoever says a width or a height means no other resolution than theirs, and whoever says nothing the usual one.
    """
    wanted = words.get("resolution")
    is_sized = words.get("width") is not None or words.get("height") is not None
    if wanted is None and is_sized:
        return card, usual
    own = (usual.width, usual.height)
    name = wanted or name_size(*own)
    sizes = tuple(size for size in card.sizes or (own,) if name_size(*size) == name)
    if not sizes:
        if wanted is None:
            return card, usual
        choices = {"model": card.alias, "choices": ", ".join(resolutions_of(card))}
        raise refuse_field("resolution", "unsupported", ONE_OF_THESE, **choices)
    width, height = own if own in sizes else sizes[0]
    card = replace(card, sizes=sizes) if card.sizes else card
    return card, replace(usual, width=width, height=height)


def with_clip(spec: GenerationSpec, words: Words, card: ModelCard) -> GenerationSpec:
    """Return the spec of a clip with what only clips have; raise InvalidRequest naming what the model does not make."""
    said: Mapping[str, Any] = {
        "seconds": words.get("duration") or card.default_seconds,
        "fps": words.get("fps") or next(iter(card.frame_rates), None),
        "audio": bool(words.get("audio")),
    }
    spec = replace(spec, **said, resolution=name_size(spec.width, spec.height))
    if mistakes := find_clip_mistakes(spec, words.get("resolution"), card):
        raise InvalidRequest(errors=mistakes)
    return spec


def find_clip_mistakes(
    spec: GenerationSpec, resolution: str | None, card: ModelCard
) -> list[FieldError]:
    """Return what a model does not make of a clip's length, frames and size."""
    wrong = {
        "duration": (spec.seconds, seconds_of(card)),
        "fps": (spec.fps, card.frame_rates or (None,)),
        "resolution": (resolution or spec.resolution, (spec.resolution,)),
    }
    return [
        FieldError(
            name,
            "unsupported",
            ONE_OF_THESE,
            {"model": card.alias, "choices": ", ".join(str(choice) for choice in listed)},
        )
        for name, (value, listed) in wrong.items()
        if value not in listed
    ]


def find_usual_model() -> str:
    """Return the model of clips of an order that names none; refuse it where nobody said which that is."""
    if settings.DEFAULT_VIDEO_MODEL:
        return str(settings.DEFAULT_VIDEO_MODEL)
    makes = [alias for alias, card in routing.list_models().items() if CLIP in card.media_types]
    if not makes:
        message = gettext_noop("No model of this hub makes clips yet.")
        raise refuse_field("type", "unsupported", message)
    message = gettext_noop("Name a model that makes clips: %(models)s.")
    raise refuse_field("model", "required", message, models=", ".join(sorted(makes)))
