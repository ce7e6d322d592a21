"""What a task made, as an assistant gets it: links that open for anybody for some minutes, and pictures small enough
for a conversation."""

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generation.selectors.tasks import find_task
from storage import thumbnails
from storage.selectors import read_bytes, read_thumbnail, sign_link

if TYPE_CHECKING:
    from storage.models import Artifact

# Of one answer's pictures together; what does not fit is shown by its thumbnail.
MOST_BYTES = 1024 * 1024
THUMBNAIL_TYPE = "image/jpeg"


@dataclass(frozen=True)
class Shown:
    """One picture: its link, and its bytes or its thumbnail's; empty where there is none."""

    link: str
    content_type: str
    data: bytes


def show_pictures(platform_id: uuid.UUID, user: str | None, wire_id: str) -> list[Shown]:
    """Return the pictures of an owner's task."""
    task = find_task(platform_id, user, wire_id)
    shown, left = [], MOST_BYTES
    for output in task.outputs.all() if task else ():
        if output.shown:
            shown.append(show(output.shown, left))
            left -= len(shown[-1].data)
    return shown


def show(artifact: "Artifact", most_bytes: int) -> Shown:
    """Return one picture, as its thumbnail where it is larger than that or no picture."""
    link = sign_link(artifact)
    if artifact.size_bytes <= most_bytes and artifact.content_type.startswith("image/"):
        return Shown(link, artifact.content_type, read_bytes(artifact))
    thumbnails.draw_missing(artifact)
    data = read_thumbnail(artifact) if artifact.has_thumbnail else b""
    return Shown(link, THUMBNAIL_TYPE, data)
