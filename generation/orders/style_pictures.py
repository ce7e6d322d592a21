"""Reference pictures of styles: they come through the gate of all uploads, and are the house's, never an app's."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from django.db import transaction

from generation.orders.resolved import Resolved
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop
from genhub.lib.ids import from_wire, to_wire
from genhub.lib.limits import MOST_REFERENCES
from genhub.platforms.house import find_house
from storage.selectors import PREFIX, find_lasting
from storage.services import use_pictures
from storage.uploads import FIELD, take_picture
from templates.services import lock_references, set_references

# The house's user whose pictures are those of styles.
STYLIST: Final = "styles"
FULL: Final = gettext_noop("A style has %(limit)s reference pictures at most.")


def add_reference(style_id: int, data: bytes, content_type: str) -> str:
    """Store a picture and put it last among those of a style; return its id. Raises InvalidRequest or UploadsBusy for
    what is not taken, and then nothing is."""
    artifact = take_picture(data, content_type, platform_id=find_house().pk, user=STYLIST)
    with transaction.atomic():
        there = lock_references(style_id)
        if len(there) >= MOST_REFERENCES:
            # It goes with the uploads that nobody named.
            error = FieldError(FIELD, "too_many", FULL, {"limit": MOST_REFERENCES})
            raise InvalidRequest(errors=[error])
        use_pictures([artifact.pk])
        wire_id = to_wire(PREFIX, artifact.pk)
        set_references(style_id, [*there, wire_id])
    return wire_id


@transaction.atomic
def arrange(style_id: int, wanted: Sequence[str], going: Collection[str]) -> bool:
    """Put the pictures of a style into this order and take some out; return whether that changed anything.

    What somebody else added meanwhile stays, after these. The files go later, when no order looks at them any more.
    """
    there = lock_references(style_id)
    known = [wire_id for wire_id in wanted if wire_id in there]
    others = [wire_id for wire_id in there if wire_id not in known]
    kept = [wire_id for wire_id in [*known, *others] if wire_id not in going]
    if kept == there:
        return False
    set_references(style_id, kept)
    return True


def with_kept(resolved: Resolved) -> Resolved:
    """Return an order, and each step of its chain, without those pictures of its style that are gone since it was made
    whole, in the transaction that writes it: nobody asked for one by name."""
    parts = [resolved, *resolved.chain]
    named = {wire_id for part in parts for wire_id in part.spec.style_references}
    if not named:
        return resolved
    there = find_lasting(map(to_id, named))
    chain = tuple(without_gone(step, there) for step in resolved.chain)
    return replace(without_gone(resolved, there), chain=chain)


def without_gone(resolved: Resolved, there: Collection[uuid.UUID]) -> Resolved:
    """Return an order with those pictures of its style alone that are there. What is drawn without one of them is kept
    under no key: the key is of all."""
    spec = resolved.spec
    kept = tuple(one for one in spec.style_references if to_id(one) in there)
    if kept == spec.style_references:
        return resolved
    spec = replace(spec, style_references=kept)
    return replace(resolved, spec=spec, cache_key="", cached_quote=None)


def to_id(wire_id: str) -> uuid.UUID:
    """Return the id of a picture."""
    return from_wire(PREFIX, wire_id)
