"""The Idempotency-Key of a request: the same key and body again do nothing twice."""

from typing import Any

from rest_framework.request import Request

from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop

HEADER = "Idempotency-Key"
LONGEST_IDEMPOTENCY_KEY_BYTES = 255


def read_idempotency_key(request: Request) -> str:
    """Return the Idempotency-Key, empty when none was sent; refuse one that cannot be kept as it is.

    WSGI hands headers over as latin-1, whatever their bytes mean.
    """
    given: Any = request.headers.get(HEADER)
    if given is None:
        return ""
    try:
        key = str(given).encode("latin-1").decode()
    except UnicodeError:
        key = ""
    is_long = len(key.encode()) > LONGEST_IDEMPOTENCY_KEY_BYTES
    if is_long or not key.strip() or not key.isprintable():
        message = gettext_noop("1 to %(limit)s bytes of printable UTF-8, or leave the header out.")
        params = {"limit": LONGEST_IDEMPOTENCY_KEY_BYTES}
        raise InvalidRequest(errors=[FieldError(HEADER, "invalid", message, params)])
    return key
