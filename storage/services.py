"""Every change to stored files. `save_picture` writes files and no row; `record_artifact` writes the row, in the
transaction that publishes it: files before, rows after."""

import hashlib
import uuid
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from genhub.lib.ids import new_id
from storage.media import encode_png, encode_thumbnail
from storage.models import Artifact


@dataclass(frozen=True)
class StoredPicture:
    """A picture that lies in the store but belongs to nobody yet. Sizes in bytes and pixels."""

    key: str
    thumbnail_key: str
    sha256: str
    content_type: str
    size_bytes: int
    width: int
    height: int


def save_picture(image: Image.Image, *, folder: str, name: str) -> StoredPicture:
    """Encode and store a picture and its thumbnail under deterministic keys; a repetition writes the same objects."""
    data = encode_png(image)
    stored = StoredPicture(
        key=f"{folder}{name}.png",
        thumbnail_key=f"{folder}{name}_thumbnail.jpg",
        sha256=hashlib.sha256(data).hexdigest(),
        content_type="image/png",
        size_bytes=len(data),
        width=image.width,
        height=image.height,
    )
    default_storage.save(stored.key, ContentFile(data))
    default_storage.save(stored.thumbnail_key, ContentFile(encode_thumbnail(image)))
    return stored


def record_artifact(stored: StoredPicture, *, platform_id: uuid.UUID, user: str) -> uuid.UUID:
    """Give a stored picture to its owner and return the artifact's id."""
    row = Artifact(id=new_id(), platform_id=platform_id, user=user, **vars(stored))
    row.save(force_insert=True)
    return row.pk
