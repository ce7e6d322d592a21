"""The Idempotency-Key of a request: the same key and body again do nothing twice."""

from typing import Any

from rest_framework.request import Request

from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop

LONGEST_IDEMPOTENCY_KEY = 255


def read_idempotency_key(request: Request) -> str:
    """Return the Idempotency-Key, empty when none was sent; refuse one that is too long or not printable ASCII."""
    key: Any = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_IDEMPOTENCY_KEY or not (key.isascii() and key.isprintable()):
        message = gettext_noop("At most %(limit)s printable ASCII characters.")
        error = FieldError(
            "Idempotency-Key", "invalid", message, {"limit": LONGEST_IDEMPOTENCY_KEY}
        )
        raise InvalidRequest(errors=[error])
    return str(key)
