"""What an order starts from: input pictures of its owner."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generation.order import Order
from generation.orders.brought import Found, Owner, bring, is_brought
from generation.orders.modes import FAST, Usual
from generation.spec import PICTURES, USUAL_STRENGTH, ModelCard, name_references
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop
from genhub.lib.ids import from_wire
from genhub.lib.limits import SIDE_MULTIPLE_PIXELS
from storage.selectors import PREFIX, find_artifact
from storage.services import use_pictures

# Rounding while shrinking an upload moves its shape by less.
SAME_SHAPE = 0.02

NOT_AN_ID = gettext_noop(
    "Send the id of a picture of yours (POST /api/v1/artifacts answers one), its https:// address, or the picture itself "
    "as data:image/png;base64,…"
)
UNKNOWN = gettext_noop("There is no picture of this id among yours. Upload it first.")
A_CLIP = gettext_noop("This is a clip; name a picture.")
NO_IMAGE = gettext_noop("It belongs to an input picture; send “image” with it, or leave it out.")
# Of the pictures that an order names, those that must have the shape of the first, and what is said if not.
SHAPED = {
    "mask": gettext_noop("The mask must have the shape of the picture: %(width)sx%(height)s."),
    "last_image": gettext_noop(
        "The last picture must have the shape of the first: %(width)sx%(height)s."
    ),
}
WITH_IMAGE = (*SHAPED, "strength")


@dataclass(frozen=True)
class Inputs:
    """What an order starts from, as a spec has it, and the picture's size in pixels."""

    image: str = ""
    mask: str = ""
    last_image: str = ""
    references: tuple[str, ...] = ()
    strength: float | None = None
    size: tuple[int, int] | None = None

    def words(self) -> dict[str, Any]:
        """Return what a spec says of them."""
        return {
            "image": self.image,
            "mask": self.mask,
            "last_image": self.last_image,
            "references": self.references,
            "strength": self.strength,
        }


def find_inputs(order: Order, owner: Owner, card: ModelCard) -> Inputs:
    """Return an order's input pictures; raise InvalidRequest naming each word that is wrong."""
    mistakes: list[FieldError] = []
    if order.image is None:
        said = [name for name in WITH_IMAGE if getattr(order, name) is not None]
        if said:
            errors = [FieldError(name, "no_image", NO_IMAGE) for name in said]
            raise InvalidRequest(errors=errors)
    named = name_references(order.references or ())
    wanted = {name: getattr(order, name) for name in PICTURES} | named
    found = find_pictures(wanted, owner, mistakes)
    image = found.get("image")
    mistakes += find_unlike(image, found) if image else []
    if mistakes:
        raise InvalidRequest(errors=mistakes)
    references = tuple(found[name].id for name in named)
    if image is None:
        return Inputs(references=references)
    return Inputs(
        references=references,
        image=image.id,
        **{name: found[name].id if name in found else "" for name in SHAPED},
        strength=usual_strength(card) if order.strength is None else order.strength,
        size=(image.width, image.height),
    )


def fit_references(style: Sequence[str], own: Sequence[str], card: ModelCard) -> tuple[str, ...]:
    """Return those of a style's reference pictures for which a model has room after the order's own."""
    return tuple(style[: max(card.most_references - len(own), 0)])


def find_unlike(image: Found, found: Mapping[str, Found]) -> list[FieldError]:
    """Return the pictures that must have the first one's shape, and have another."""
    size = {"width": image.width, "height": image.height}
    return [
        FieldError(name, "shape_differs", message, size)
        for name, message in SHAPED.items()
        if name in found and not are_alike(image, found[name])
    ]


def usual_strength(card: ModelCard) -> float | None:
    """Return how much is drawn anew where nobody says it; None: the vendor decides."""
    return USUAL_STRENGTH if card.takes("strength") else None


def find_pictures(
    wanted: Mapping[str, str | None], owner: Owner, mistakes: list[FieldError]
) -> dict[str, Found]:
    """Return the pictures that an order names, by field, adding what is wrong to the mistakes; what it brings along is
    looked at last, and only when nothing else is wrong."""
    said = {field: text for field, text in wanted.items() if text is not None}
    brought = {field: text for field, text in said.items() if is_brought(text)}
    found = {}
    for field in said.keys() - brought:
        if picture := find_picture(field, said[field], owner, mistakes):
            found[field] = picture
    if brought and not mistakes:
        found |= bring(brought, owner, mistakes)
    return found


def find_picture(
    field: str, wire_id: str, owner: Owner, mistakes: list[FieldError]
) -> Found | None:
    """Return a picture of the owner, there or promised; None, with a mistake added, for no id, or that of nobody's or
    somebody else's."""
    if promised := owner.promised.get(wire_id):
        return promised
    if not wire_id.startswith(f"{PREFIX}_"):
        mistakes.append(FieldError(field, "not_an_id", NOT_AN_ID))
        return None
    found = find_artifact(owner.platform_id, owner.user, wire_id)
    if found is None:
        mistakes.append(FieldError(field, "unknown", UNKNOWN))
        return None
    if found.is_clip:
        mistakes.append(FieldError(field, "a_clip", A_CLIP))
        return None
    return Found(wire_id, found.width, found.height)


def keep_inputs(*wanted: Mapping[str, str]) -> None:
    """Keep the pictures that orders start from, in the transaction that writes them; raise InvalidRequest when one was
    deleted since it was found. All of them at once: in one order, so that no two batches wait for each other."""
    ids = {wire_id: from_wire(PREFIX, wire_id) for named in wanted for wire_id in named.values()}
    there = use_pictures(set(ids.values())) if ids else set()
    gone = {
        name for named in wanted for name, wire_id in named.items() if ids[wire_id] not in there
    }
    if gone:
        raise InvalidRequest(errors=[FieldError(name, "unknown", UNKNOWN) for name in sorted(gone)])


def are_alike(one: Found, other: Found) -> bool:
    """Return whether two pictures have the same shape, whatever their size."""
    return abs(math.log(shape(one.width, one.height) / shape(other.width, other.height))) < (
        SAME_SHAPE
    )


def shape(width: int, height: int) -> float:
    """Return how wide a picture is for its height."""
    return width / height


def fit_usual(
    usual: Usual,
    inputs: Inputs,
    said: tuple[int | None, int | None],
    card: ModelCard,
    mode: str,
) -> Usual:
    """Return what is usual of an order that starts from a picture: its size is the picture's, as far as nobody said
    otherwise; a fast mode with a size of its own bounds the long side."""
    if inputs.size is None:
        return usual
    longest = max(card.fast.width or 0, card.fast.height or 0) if mode == FAST else 0
    width, height = fit_size(inputs.size, card, said, longest or card.largest_side)
    return replace(usual, width=width, height=height)


def bound(card: ModelCard, usual: Usual, said: tuple[int | None, int | None]) -> ModelCard:
    """Return a model's card without sizes that are longer than the usual one: a template's price is for that."""
    width, height = said
    return replace(card, largest_side=max(width or usual.width, height or usual.height))


def fit_size(
    picture: tuple[int, int],
    card: ModelCard,
    said: tuple[int | None, int | None],
    longest: int,
) -> tuple[int, int]:
    """Return the size nearest to a picture's own that a model makes; a side that was said stays as it is."""
    wide, high = picture
    width, height = said
    if sizes := [s for s in card.sizes if width in {None, s[0]} and height in {None, s[1]}]:
        small = [size for size in sizes if max(size) <= longest]
        return min(small or sizes, key=lambda size: distance(picture, size))
    if width is not None:
        scale = width / wide
    elif height is not None:
        scale = height / high
    else:
        scale = min(1.0, longest / max(picture))
        scale = max(scale, card.smallest_side / min(picture))
    return (
        whole_side(wide * scale, card) if width is None else width,
        whole_side(high * scale, card) if height is None else height,
    )


def distance(picture: tuple[int, int], size: tuple[int, int]) -> tuple[float, float]:
    """Return how far a size is from a picture's: in shape first, then in area."""
    in_shape = abs(math.log(shape(*picture) / shape(*size)))
    return round(in_shape, 3), abs(math.log(math.prod(picture) / math.prod(size)))


def whole_side(pixels: float, card: ModelCard) -> int:
    """Return the nearest side that a model makes."""
    step = SIDE_MULTIPLE_PIXELS
    least, most = math.ceil(card.smallest_side / step) * step, card.largest_side // step * step
    return min(max(round(pixels / step) * step, least), most)
