"""The front door for what was made for an order: pixels to encode, or a file as its vendor made it.

Callers say whose it is and know neither folders nor names. Files before, rows after: `services.record_artifact` writes
the row.
"""

import datetime
import io
import logging
import uuid
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PIL import Image

from storage.content import AS_USUAL, IMAGE, Content, Finish, OutputRefused, StoredFile
from storage.credentials import INPUT, History, Ingredient, sign_encoded
from storage.decoding import flatten
from storage.edits.finishing import finish_picture
from storage.edits.fonts import fonts_of
from storage.edits.geometry import EditRefused
from storage.edits.operations import list_changes
from storage.encoding import encode_thumbnail
from storage.keys import output_id, output_key
from storage.labels import Label
from storage.media import encode_picture
from storage.models import Artifact
from storage.seals import label_output
from storage.selectors import read_bytes
from storage.services import save_encoded
from storage.vendor_clips import save_vendor_clip
from storage.vendor_pictures import Marking, save_vendor_picture
from storage.visible import draw_mark

logger = logging.getLogger(__name__)


def save_output(
    content: Content,
    *,
    day: datetime.date,
    owner: uuid.UUID,
    attempt: uuid.UUID,
    position: int,
    finish: Finish = AS_USUAL,
) -> StoredFile:
    """Store an output with all its labels, and its thumbnail; whoever does so again writes the same pixels and ids.
    What was ordered decides which files are taken: of an `image` pictures, of a `video` clips.

    Raises OutputRefused for a vendor's file that is not taken, or whatever the store raises; then nothing stays.
    """
    artifact_id = output_id(attempt, position)
    label = label_output(artifact_id, producer=finish.producer, parameters=finish.parameters)
    stem = output_key(day, owner, attempt, str(position))
    # A clip's file has no credentials that could tell of them.
    inputs = open_inputs(finish.parents, owner) if finish.media_type == IMAGE else []
    if isinstance(content, Image.Image):
        changes = list_changes(finish.operations)
        history = History(artifact_id, finish.model, changes, inputs)
        return save_pixels(content, label, history, finish, stem=stem)
    marking = Marking(label, artifact_id, finish, inputs)
    save = save_vendor_picture if finish.media_type == IMAGE else save_vendor_clip
    return save(content, marking, stem=stem)


def save_pixels(
    image: Image.Image, label: Label, history: History, finish: Finish, *, stem: str
) -> StoredFile:
    """Edit, encode, label, sign and store RGB pixels, and their thumbnail."""
    image = show_finished(image, finish)
    encoded = encode_picture(image, label, finish.form, finish.quality)
    stored = save_encoded(
        sign_encoded(encoded, history),
        image.size,
        partial(encode_thumbnail, image, label),
        stem=stem,
        artifact_id=history.artifact_id,
    )
    return replace(stored, operations=finish.operations)


def show_finished(image: Image.Image, finish: Finish) -> Image.Image:
    """Return RGB pixels as people will see them: after what a template does, and with the words of its platform; raise
    OutputRefused for what cannot be done."""
    if finish.operations:
        try:
            image = flatten(finish_picture(image, finish.operations, fonts_of(finish.operations)))
        except EditRefused as refused:
            raise OutputRefused("output_edit_refused") from refused
    return draw_mark(image, finish.language, finish.corner) if finish.corner else image


def open_inputs(artifact_ids: Sequence[uuid.UUID], owner: uuid.UUID) -> list[Ingredient]:
    """Return a platform's stored pictures as what another is made of; one that is gone, or cannot be read now, is
    passed over, and logged: the other labels do not need it."""
    found: list[Ingredient] = []
    if not artifact_ids:
        return found
    for row in Artifact.objects.filter(pk__in=artifact_ids, platform_id=owner):
        try:
            file = io.BytesIO(read_bytes(row))
        except Exception:
            logger.exception("%s is not told of as an input", row)
        else:
            found.append(Ingredient(INPUT, str(row), row.content_type, file))
    return found
