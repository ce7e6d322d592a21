"""Edits of stored pictures: planned here, drawn apart, stored as pictures of their own.

Files before, rows after: `record_edit` writes the rows, in the transaction that pays.
"""

import io
import logging
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import msgspec
from django.conf import settings

from genhub.lib.errors import FieldError, InvalidRequest
from genhub.lib.ids import new_id
from storage.content import StoredFile
from storage.credentials import PARENT, History, Ingredient, sign_encoded
from storage.edits import geometry
from storage.edits.drawing import Answer, Job, Refusal
from storage.edits.fonts import find_font
from storage.edits.geometry import EditRefused, Size
from storage.edits.lettering import FontFile
from storage.edits.lineage import is_any_generated
from storage.edits.operations import Operations, Overlay, Text, list_changes
from storage.edits.wording import A_CLIP, REASONS, TOO_MUCH, UNKNOWN_PICTURE, NotAPicture
from storage.encoding import EXTENSIONS, Encoded
from storage.keys import edit_folder
from storage.labels import NONE
from storage.media import PHOTO_QUALITY
from storage.models import Artifact, Edit, UploadFolder
from storage.seals import label_output
from storage.selectors import find_artifact, read_bytes
from storage.services import folder_of, record_artifact, save_encoded, use_pictures
from storage.uploads import run_in_turn

logger = logging.getLogger(__name__)
PROGRAM: Final = "from storage.edits.drawing import main; main()"
PREVIEW_FORMAT, PREVIEW_QUALITY, PREVIEW_SIDE_PIXELS = "webp", 80, 1024


@dataclass(frozen=True)
class Wanted:
    """What a caller wants done: operations in their order, and how the result is encoded (quality 1 to 100; None: the
    usual)."""

    said: Sequence[Mapping[str, Any]]
    format: str | None = None
    quality: int | None = None

    @property
    def operations(self) -> Operations:
        """Return the operations as values."""
        return msgspec.convert(self.said, Operations)


@dataclass(frozen=True)
class Plan:
    """An edit that can be done: all that it takes, the size in pixels that comes out of it, and what it will be called;
    its label says so before there is a row."""

    artifact_id: uuid.UUID
    parent: Artifact
    wanted: Wanted
    format: str
    quality: int | None
    logos: Mapping[str, Artifact]
    fonts: Mapping[str, FontFile]
    size: Size
    is_generated: bool
    producer: str = ""
    # Where people see that a model made it, and in which language; empty: nowhere.
    corner: str = ""
    language: str = ""

    @cached_property
    def parent_bytes(self) -> bytes:
        """The picture's file, read once: the result is drawn from it, and tells of it."""
        return read_bytes(self.parent)


@dataclass(frozen=True)
class Drawn:
    """An edited picture that is not stored yet; a preview has no thumbnail."""

    data: bytes
    thumbnail: bytes
    content_type: str
    width: int
    height: int


def plan_edit(
    parent: Artifact, wanted: Wanted, *, producer: str = "", corner: str = "", language: str = ""
) -> Plan:
    """Return how a picture is edited; raise NotAPicture, or InvalidRequest naming each word that cannot be followed.
    `producer` is who its label names; empty: the hub's usual one. People see a mark in this `corner`
    (`storage.visible.CORNERS`), in this language."""
    if parent.is_clip:
        raise NotAPicture
    operations = wanted.operations
    logos, fonts = find_logos(parent, operations), find_fonts(operations)
    size = find_size(operations, (parent.width, parent.height))
    form, quality = choose_format(parent, wanted)
    is_generated = is_any_generated([parent, *logos.values()])
    return Plan(
        new_id(), parent, wanted, form, quality, logos, fonts, size, is_generated, producer, corner, language
    )  # fmt: skip


def find_size(operations: Operations, size: Size) -> Size:
    """Return the size that comes out of operations on a picture of this one, width and height in pixels; raise
    InvalidRequest naming the word that does not fit it."""
    try:
        return geometry.measure_all(operations, size)[-1]
    except EditRefused as refused:
        raise word(refused) from refused


def find_logos(parent: Artifact, operations: Operations) -> dict[str, Artifact]:
    """Return the pictures that are laid over another, of the same owner, by the ids that name them."""
    found, mistakes = {}, []
    for place, operation in enumerate(operations):
        if not isinstance(operation, Overlay) or operation.image in found:
            continue
        logo = find_artifact(parent.platform_id, parent.user, operation.image)
        if logo and not logo.is_clip:
            found[operation.image] = logo
            continue
        code, message = ("a_clip", A_CLIP) if logo else ("unknown", UNKNOWN_PICTURE)
        mistakes.append(FieldError(f"operations[{place}].image", code, message))
    if mistakes:
        raise InvalidRequest(errors=mistakes)
    return found


def find_fonts(operations: Operations) -> dict[str, FontFile]:
    """Return the fonts that are written with, by name; refuse each that there is not, or that lacks a sign."""
    found: dict[str, FontFile] = {}
    mistakes: list[FieldError] = []
    for place, operation in enumerate(operations):
        if not isinstance(operation, Text):
            continue
        try:
            found[operation.font] = find_font(operation)
        except EditRefused as refused:
            refused.place = place
            mistakes += word(refused).errors
    if mistakes:
        raise InvalidRequest(errors=mistakes)
    return found


def choose_format(parent: Artifact, wanted: Wanted) -> tuple[str, int | None]:
    """Return the format and the quality of the result: of a JPEG a JPEG, which has lost as much before, else without
    loss."""
    is_photo = parent.content_type == "image/jpeg"
    form = wanted.format or ("jpeg" if is_photo else settings.PICTURE_FORMAT)
    if form == "png" and wanted.quality is not None:
        raise word(EditRefused("output_compression", "lossless"))
    return form, wanted.quality or (PHOTO_QUALITY if form == "jpeg" else None)


def draw_edit(plan: Plan) -> Drawn:
    """Return the edited picture and its thumbnail; raise InvalidRequest for what only drawing shows, UploadsBusy."""
    return draw_apart(plan, plan.format, plan.quality)


def draw_preview(plan: Plan) -> Drawn:
    """Return what an edit would look like, as a WebP of at most 1,024 pixels a side; raise as `draw_edit` does."""
    return draw_apart(plan, PREVIEW_FORMAT, PREVIEW_QUALITY, PREVIEW_SIDE_PIXELS)


def draw_apart(
    plan: Plan, form: str, quality: int | None, longest_side: int | None = None
) -> Drawn:
    """Return the picture, drawn by a process that may die of it."""
    pictures = [plan.parent_bytes, *map(read_bytes, plan.logos.values())]
    counts = [len(one) for one in pictures]
    job = Job(
        operations=plan.wanted.operations,
        format=form,
        quality=quality,
        label=label_output(plan.artifact_id, producer=plan.producer) if plan.is_generated else NONE,
        fonts=dict(plan.fonts),
        picture_bytes=counts[0],
        logo_bytes=dict(zip(plan.logos, counts[1:], strict=True)),
        longest_side=longest_side,
        corner=plan.corner if plan.is_generated else "",
        language=plan.language,
    )
    given = [msgspec.json.encode(job), b"\n", *pictures]
    return read_answer(run_in_turn(PROGRAM, [], given), f"image/{form}")


def read_answer(done: "subprocess.CompletedProcess[bytes]", content_type: str) -> Drawn:
    """Return what the program drew, or raise what it refused; it may have died of what it was asked for."""
    head, _, rest = done.stdout.partition(b"\n")
    kind, _, told = head.partition(b" ")
    if kind == b"ok":
        answer = msgspec.json.decode(told, type=Answer)
        data, thumbnail = rest[: answer.picture_bytes], rest[answer.picture_bytes :]
        return Drawn(data, thumbnail, content_type, answer.width, answer.height)
    if kind == b"edit_refused":
        refusal = msgspec.json.decode(told, type=Refusal)
        refused = EditRefused(refusal.field, refusal.code, **refusal.params)
        refused.place = refusal.place
        raise word(refused)
    last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    logger.warning("edit not drawn: rc %s, %.200r", done.returncode, last)
    raise InvalidRequest(errors=[FieldError("operations", "too_much", TOO_MUCH)])


def word(refused: EditRefused) -> InvalidRequest:
    """Return the refusal of an operation's word, or of a word of the edit as a whole."""
    field = (
        refused.field if refused.place is None else f"operations[{refused.place}].{refused.field}"
    )
    message = REASONS[refused.code]
    return InvalidRequest(errors=[FieldError(field, refused.code, message, refused.params)])


def store_edit(plan: Plan, drawn: Drawn) -> StoredFile:
    """Store an edited picture and its thumbnail in a folder of their own, or nothing."""
    folder = edit_folder(datetime.now(UTC).date(), plan.parent.platform_id, new_id())
    encoded = Encoded(drawn.data, drawn.content_type, EXTENSIONS[drawn.content_type])
    if plan.is_generated:
        encoded = sign_encoded(encoded, history_of(plan))
    # First, so that a sweep finds what is left by a process that dies before the artifact's row is written.
    owner = {"platform_id": plan.parent.platform_id, "user": plan.parent.user}
    UploadFolder.objects.create(folder=folder, **owner)
    return save_encoded(
        encoded,
        (drawn.width, drawn.height),
        lambda: drawn.thumbnail,
        stem=f"{folder}0",
        artifact_id=plan.artifact_id,
    )


def history_of(plan: Plan) -> History:
    """Return what the file tells of how it came to be."""
    parent = plan.parent
    before = Ingredient(PARENT, str(parent), parent.content_type, io.BytesIO(plan.parent_bytes))
    changes = list_changes(plan.wanted.said)
    return History(plan.artifact_id, changes=changes, ingredients=(before,))


def record_edit(plan: Plan, stored: StoredFile, *, price: int) -> Artifact:
    """Write the rows of an edited picture, in the caller's transaction, which keeps what it was made of."""
    parent = plan.parent
    record_artifact(stored, platform_id=parent.platform_id, user=parent.user)
    edit = Edit.objects.create(
        artifact_id=plan.artifact_id,
        parent=parent,
        operations=list(plan.wanted.said),
        is_generated=plan.is_generated,
        price=price,
    )
    edit.logos.add(*plan.logos.values())
    UploadFolder.objects.filter(folder=folder_of(stored.key)).delete()
    return Artifact.objects.select_related("edit").get(pk=plan.artifact_id)


def keep_pictures(plan: Plan) -> bool:
    """Keep all that an edit is made of until the transaction ends, and for good; return whether it is still there."""
    pictures = {plan.parent.pk, *(logo.pk for logo in plan.logos.values())}
    return use_pictures(pictures) == pictures
