"""The front door for what was made for an order: pixels to encode, or a file as its vendor made it.

Callers say whose it is and know neither folders nor names. Files before, rows after: `services.record_artifact` writes
the row.
"""

import datetime
import uuid

from PIL import Image

from storage import labels
from storage.content import Content, StoredFile
from storage.keys import output_key
from storage.services import save_picture
from storage.vendor_pictures import save_vendor_picture


def save_output(
    content: Content, *, day: datetime.date, owner: uuid.UUID, attempt: uuid.UUID, position: int
) -> StoredFile:
    """Store an output, labelled, and its thumbnail; a repetition writes the same files.

    Raises OutputRefused for a vendor's file that is not taken, or whatever the store raises; then nothing stays.
    """
    folder, name = output_key(day, owner, attempt, ""), str(position)
    if isinstance(content, Image.Image):
        return save_picture(content, folder=folder, name=name, label=labels.GENERATED)
    return save_vendor_picture(content, folder=folder, name=name)
