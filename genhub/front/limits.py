"""How long and how large: what one request may take of the server."""

import re
from dataclasses import dataclass

from django.conf import settings

from genhub.api.outside import API_PATHS
from genhub.lib.limits import with_picture

UPLOAD_PATHS = frozenset({"/api/v1/artifacts", "/replicate/v1/files"})
# Where files come in that become artifacts later, where there is no bucket.
INCOMING_PATH = "/incoming/"
# Whose bodies may bring a picture along.
ORDER_PATHS = re.compile(
    r"/api/v1/(generate|quote)|/v1/images/edits|/sdapi/v1/(img2img|png-info)"
    r"|/replicate/v1/(models/[^/]+/[^/]+/)?predictions"
)
# Where staff send pictures of a training set, several at once.
PICTURE_FORMS = re.compile(r"/admin/generation/trainingset/\d+/pictures/")
MOST_PICTURES_A_FORM = 10
# What a form may need around its file.
FORM_BYTES = 65_536
# Without a word for so long, a connection that was of use before is closed.
KEEP_ALIVE_SECONDS = 75.0
# A caller who is refused in the middle of its body may send on for so long, lest it miss the answer.
LINGER_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The settings of `WEB`."""

    threads: int
    connections: int
    head_seconds: float
    body_seconds: float
    slowest_bytes: int
    stall_seconds: float
    spool_bytes: int
    waits: int


def largest_body(path: str) -> tuple[int, int]:
    """Return how many bytes of a body are read at an address, and how many are said to be."""
    if path.startswith(INCOMING_PATH):
        return settings.UPLOAD_MAX_BYTES, settings.UPLOAD_MAX_BYTES
    if path in UPLOAD_PATHS:
        most: int = settings.UPLOAD_MAX_BYTES
        return most + FORM_BYTES, most
    if PICTURE_FORMS.fullmatch(path):
        most = MOST_PICTURES_A_FORM * settings.UPLOAD_MAX_BYTES + FORM_BYTES
    elif ORDER_PATHS.fullmatch(path):
        most = with_picture(settings.API_MAX_BODY_BYTES, settings.UPLOAD_MAX_BYTES)
    elif path.startswith(API_PATHS):
        most = settings.API_MAX_BODY_BYTES
    else:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return most, most
