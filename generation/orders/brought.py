"""Pictures that an order brings along: at an address, or in itself as a data URI. They go through the same gate as
uploads, and become one of their owner's.

Never in a transaction: somebody else's host may take half a minute.
"""

import base64
import binascii
import logging
import re
import threading
import time
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from django.conf import settings

from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop
from genhub.lib.fetch import MOST_REDIRECTS, FetchRefused, Reason, fetch
from genhub.lib.ids import to_wire
from storage import decoding
from storage.selectors import PREFIX
from storage.uploads import OTHER_NAMES, UNREADABLE, look_at_picture, take_picture, taking_turns

logger = logging.getLogger(__name__)

BROUGHT: Final = ("https:", "http:", "data:")
# The parameters between type and data say nothing about a picture.
DATA_URI: Final = re.compile(r"data:([^;,]*)(?:;[^;,]*)*;base64,", re.IGNORECASE)
# For all the pictures of an order; its caller waits.
FETCH_SECONDS: Final = 30.0
# How many orders of this process may wait for somebody else's hosts at once, so that slow ones do not take all of its
# threads; the others wait for a moment.
FETCHERS: Final = 3
TURN_SECONDS: Final = 2.0
turns = threading.BoundedSemaphore(FETCHERS)

NOT_FETCHED = gettext_noop(
    "No picture came from this address. It must give one to everybody within %(seconds)s seconds, after %(redirects)s "
    "redirects at most. Or upload it (POST /api/v1/artifacts)."
)
BAD_ADDRESS = gettext_noop(
    "Only plain https:// addresses are fetched: without name and password, and without a port of their own."
)
TOO_LARGE = gettext_noop("A picture may have %(limit)s bytes; send it smaller.")
BAD_DATA = gettext_noop(
    "This is not data:image/png;base64,… with all of the picture's bytes. Encode it again."
)


class Owner(NamedTuple):
    """Whose pictures an order may start from, and whether those that it brings along become theirs: a question for the
    price keeps nothing."""

    platform_id: uuid.UUID
    user: str
    keeps: bool = True
    # Those that earlier steps of the same order will make, by the names that its later ones have for them.
    promised: "Mapping[str, Found]" = MappingProxyType({})


class Found(NamedTuple):
    """A picture to start from: its id on the wire, empty when it is not kept, and its size in pixels."""

    id: str
    width: int
    height: int


class Sent(NamedTuple):
    """A picture as it came, and what its sender calls it, if anything."""

    data: bytes
    content_type: str = ""


def is_brought(said: str) -> bool:
    """Return whether a word for a picture is no id but an address or the picture itself."""
    return said.lower().startswith(BROUGHT)


def bring(said: Mapping[str, str], owner: Owner, mistakes: list[FieldError]) -> dict[str, Found]:
    """Return the pictures that fields of an order bring along, adding what is wrong with them to the mistakes.

    Raises UploadsBusy when too many others are at it.
    """
    end = time.monotonic() + FETCH_SECONDS
    found = {}
    # One after the other, and none after one that is refused.
    for field in sorted(said):
        try:
            sent = read(said[field], owner, end - time.monotonic())
            found[field] = pass_gate(sent, owner)
        except InvalidRequest as error:
            mistakes += [FieldError(field, e.code, e.message, e.params) for e in error.errors]
            break
    return found


def pass_gate(sent: Sent, owner: Owner) -> Found:
    """Return a picture that the gate of uploads lets in, kept where the owner keeps it."""
    if not owner.keeps:
        image = look_at_picture(sent.data, sent.content_type)
        return Found("", image.width, image.height)
    row = take_picture(sent.data, sent.content_type, platform_id=owner.platform_id, user=owner.user)
    return Found(to_wire(PREFIX, row.pk), row.width, row.height)


def read(said: str, owner: Owner, seconds: float) -> Sent:
    """Return what an address or a data URI stands for; raise InvalidRequest."""
    if said[:5].lower() == "data:":
        return read_data(said)
    with taking_turns(turns, TURN_SECONDS):
        return read_address(said, owner, seconds)


def read_data(said: str) -> Sent:
    """Return the picture in a data URI."""
    head = DATA_URI.match(said)
    if head is None:
        raise refuse("bad_data", BAD_DATA)
    limit: int = settings.UPLOAD_MAX_BYTES
    text = said[head.end() :]
    if len(text) // 4 * 3 > limit + 2:
        raise refuse("too_large", TOO_LARGE, limit=limit)
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise refuse("bad_data", BAD_DATA) from error
    if not data:
        raise refuse("bad_data", BAD_DATA)
    if len(data) > limit:
        raise refuse("too_large", TOO_LARGE, limit=limit)
    return Sent(data, head[1].strip().lower())


def read_address(said: str, owner: Owner, seconds: float) -> Sent:
    """Return the picture at an address. Callers are told no more of a failure than that: what answers inside of our
    network, and how, is not theirs to learn. Staff find it in the log."""
    try:
        fetched = fetch(
            said,
            most_bytes=settings.UPLOAD_MAX_BYTES,
            types={*decoding.TYPES, *OTHER_NAMES},
            seconds=seconds,
            private_hosts=settings.INPUT_HOSTS,
        )
    except FetchRefused as error:
        logger.info("no picture for %s of %s: %s", owner.user, owner.platform_id, error)
        raise word(error) from error
    with fetched:
        return Sent(fetched.read())


def word(refused: FetchRefused) -> InvalidRequest:
    """Return what a caller is told."""
    match refused.code:
        case Reason.BAD_ADDRESS:
            return refuse("bad_address", BAD_ADDRESS)
        case Reason.TOO_LARGE:
            return refuse("too_large", TOO_LARGE, limit=settings.UPLOAD_MAX_BYTES)
        case Reason.WRONG_TYPE:
            return refuse("unreadable", UNREADABLE)
        case _:
            words = {"seconds": int(FETCH_SECONDS), "redirects": MOST_REDIRECTS}
            return refuse("not_fetched", NOT_FETCHED, **words)


def refuse(code: str, message: str, **params: Any) -> InvalidRequest:
    """Return the refusal of a picture; who knows its field names it."""
    return InvalidRequest(errors=[FieldError("", code, message, params)])
