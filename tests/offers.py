"""Offers as tests want them."""

from typing import Any

from generation.models import LocalWeights, Offer


def place(offer: Offer, **words: Any) -> Offer:
    """Say where an offer's weights lie, or which LoRAs it has; what is not said stays as it was."""
    LocalWeights.objects.update_or_create(offer=offer, defaults=words)
    return offer
