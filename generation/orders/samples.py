"""Sample orders: what staff see the price of before they save a price rule. Writes nothing."""

from collections.abc import Iterator
from dataclasses import replace

from django.utils.translation import gettext

from credits.pricing import EDIT, Item
from generation.accounts import routing
from generation.orders.clips import CLIP, name_size
from generation.orders.maker import default_model
from generation.orders.modes import FAST, FINE, find_usual
from generation.spec import ModelCard

FOUR_K_PIXELS = (3840, 2160)
EDITED_SIDE_PIXELS = 1024
# As clips are while no model makes any.
NO_MODEL = ModelCard("", default_width=1280, default_height=720)
SOME = 4


def list_samples() -> list[tuple[str, Item]]:
    """Return sample orders, each with what it is in the reader's language."""
    cards = routing.list_models()
    usual = cards.get(default_model()) or next(iter(cards.values()), ModelCard(""))
    edit = Item(EDIT, width=EDITED_SIDE_PIXELS, height=EDITED_SIDE_PIXELS)
    pictures = [*list_pictures(usual), *list_models(cards)]
    return [*pictures, *list_clips(cards), (gettext("An edit of a picture"), edit)]


def list_pictures(card: ModelCard) -> Iterator[tuple[str, Item]]:
    """Yield pictures of the hub's default model."""
    one = picture_of(card)
    high = picture_of(card, quality="high")
    width, height = FOUR_K_PIXELS
    yield gettext("A picture"), one
    yield gettext("A picture, high quality"), high
    yield gettext("A picture, 4k"), replace(one, width=width, height=height)
    yield gettext("A picture, high quality, 4k"), replace(high, width=width, height=height)
    yield gettext("%(number)s pictures") % {"number": SOME}, replace(one, number=SOME)
    for mode, words in ((FAST, gettext("A picture, fast")), (FINE, gettext("A picture, fine"))):
        yield words, picture_of(card, mode)
    yield gettext("A picture from the cache"), replace(one, cached=True)


def list_models(cards: dict[str, ModelCard]) -> Iterator[tuple[str, Item]]:
    """Yield one picture or clip of each configured model."""
    for alias, card in sorted(cards.items()):
        makes_pictures = "image" in card.media_types
        item = picture_of(card) if makes_pictures else clip_of(card)
        yield gettext("The model %(model)s") % {"model": alias}, item


def list_clips(cards: dict[str, ModelCard]) -> Iterator[tuple[str, Item]]:
    """Yield clips of the first model that makes them; of no model while there is none."""
    alias = min((a for a, card in cards.items() if CLIP in card.media_types), default="")
    one = clip_of(cards.get(alias, NO_MODEL))
    width, height = FOUR_K_PIXELS
    large = {"width": width, "height": height, "resolution": "4k"}
    seconds = {"seconds": one.seconds}
    yield gettext("A clip of %(seconds)s seconds") % seconds, one
    high = replace(one, quality="high")
    yield gettext("A clip of %(seconds)s seconds, high quality") % seconds, high
    words = gettext("A clip of %(seconds)s seconds, high quality, 4k") % seconds
    yield words, replace(high, **large)  # type: ignore[arg-type]


def picture_of(card: ModelCard, mode: str = "", quality: str = "standard") -> Item:
    """Return one picture as a model makes it when no size, steps or guidance are said."""
    usual = find_usual(card, mode, quality)
    return Item(
        "image",
        model=card.alias,
        quality=quality,
        mode=mode,
        width=usual.width,
        height=usual.height,
        steps=usual.steps if card.takes("steps") else None,
    )


def clip_of(card: ModelCard) -> Item:
    """Return one clip as a model makes it when nothing is said."""
    width, height = card.default_width, card.default_height
    return Item(
        CLIP,
        model=card.alias,
        resolution=name_size(width, height),
        width=width,
        height=height,
        seconds=card.default_seconds,
    )
