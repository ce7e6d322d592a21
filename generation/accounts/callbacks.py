"""Where vendors call back: an address of each attempt's own, which nobody else can make."""

import uuid

from django.conf import settings
from django.core.signing import Signer
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from genhub.lib.ids import to_wire

PREFIX = "att"
SIGNER = Signer(salt="generation.callback")


def sign(attempt_id: uuid.UUID) -> str:
    """Return what proves that the hub itself told somebody an attempt's address."""
    return SIGNER.signature(attempt_id.hex)


def is_signed(attempt_id: uuid.UUID, signature: str) -> bool:
    """Return whether somebody knows an attempt's address from the hub."""
    return constant_time_compare(signature, sign(attempt_id))


def callback_url(attempt_id: uuid.UUID) -> str:
    """Return the address at which the vendor of an attempt may call back."""
    path = reverse("callback", args=[to_wire(PREFIX, attempt_id), sign(attempt_id)])
    return f"{settings.PUBLIC_URL}{path}"
