"""Thumbnails that are drawn once their picture is published: nobody who paid waits for them.

Whoever published draws at once; one that was killed before leaves it to the first who asks for the thumbnail.
"""

import logging
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, Final

from django.core.files.storage import default_storage

from genhub.lib.prepared import Prepared
from storage.content import StoredFile
from storage.encoding import encode_thumbnail
from storage.labels import NONE, Label
from storage.models import Artifact
from storage.seals import label_output
from storage.services import put_thumbnail
from storage.vendor_pictures import draw_thumbnail

logger = logging.getLogger(__name__)


@contextmanager
def publishing(files: Collection[StoredFile]) -> Iterator[None]:
    """Draw the thumbnails that are still to be drawn, once the body has published their pictures; if it raises, none.

    What goes wrong with a thumbnail is logged, since all else is done.
    """
    with ExitStack() as stack:
        for file in files:
            if file.undrawn:
                stack.enter_context(file.undrawn)
        yield
        for file in files:
            if file.undrawn:
                draw_or_log(file, file.undrawn)


def draw_missing(artifact: Artifact) -> None:
    """Draw the thumbnail of a picture that has none; if that goes wrong, the picture itself is shown in its place."""
    if not artifact.has_thumbnail:
        with default_storage.open(artifact.key) as file:
            artifact.has_thumbnail = draw_or_log(artifact, file)


def label_of(key: str) -> Label:
    """Return the label of a stored output: that of the first who has it, where several do."""
    for first in BY_KEY.find(key):
        return label_output(first.pk, producer=first.platform.label_producer)
    return NONE


BY_KEY: Final[Prepared[Artifact]] = Prepared(
    lambda key: Artifact.objects.filter(key=key).order_by("pk").select_related("platform")[:1],
    "a key",
)


def draw_or_log(picture: StoredFile | Artifact, file: IO[bytes]) -> bool:
    """Draw and store a thumbnail, and return whether it is there."""
    small = picture.small if isinstance(picture, StoredFile) else None
    try:
        label = label_of(picture.key)
        drawn = encode_thumbnail(small, label) if small else draw_thumbnail(file, label)
        put_thumbnail(picture.thumbnail_key, drawn)
        if Artifact.objects.filter(key=picture.key).update(has_thumbnail=True):
            return True
        # The picture was deleted meanwhile.
        default_storage.delete(picture.thumbnail_key)
    except Exception:
        logger.exception("no thumbnail of %s is drawn", picture.key)
    return False
