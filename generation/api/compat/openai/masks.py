"""OpenAI's masks say by transparency where to draw anew; the hub's say it by white."""

import base64
from typing import Final

from generation.orders import brought
from generation.orders.brought import Owner, is_brought
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop, refuse_field
from storage.encoding import encode_as
from storage.labels import NONE
from storage.uploads import look_at_holes

MASK: Final = "mask"
OPAQUE: Final = gettext_noop(
    "Nothing in it is transparent. Send a PNG or WebP whose transparent parts are to be drawn anew."
)


def whiten(said: str, owner: Owner) -> str:
    """Return a mask that was brought along as the hub's own, as a data URI; raise InvalidRequest, or UploadsBusy. One
    that is named by its id is the hub's already."""
    if not is_brought(said):
        return said
    try:
        sent = brought.read(said, owner, brought.FETCH_SECONDS)
        holes = look_at_holes(sent.data, sent.content_type)
    except InvalidRequest as error:
        raise InvalidRequest(
            errors=[FieldError(MASK, e.code, e.message, e.params) for e in error.errors]
        ) from error
    if holes.getbbox() is None:
        raise refuse_field(MASK, "opaque", OPAQUE)
    data = encode_as(holes, NONE, "png").data
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"
