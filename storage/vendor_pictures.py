"""Pictures as their vendors made them: read in bounds, checked and labelled apart, stored without a second encoding."""

import hashlib
import logging
import mmap
import os
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from tempfile import TemporaryFile
from typing import IO, Any, Final

from django.conf import settings
from django.core.files.base import File
from PIL import Image

from genhub.lib.media_types import HEAD_BYTES, find_media_type
from storage import plain_png, relabelling
from storage.containers import RefusedPicture, find_format
from storage.content import AS_USUAL, Finish, OutputRefused, Show, StoredFile, VendorFile
from storage.converting import Wish
from storage.credentials import PARENT, History, Ingredient, sign_file
from storage.decoding import CONTENT_TYPES, decode_own
from storage.digest_signing import DigestSigner, open_signer
from storage.edits.fonts import fonts_of
from storage.edits.operations import list_changes
from storage.encoding import EXTENSIONS, encode_thumbnail
from storage.labels import Label
from storage.plain_png import NotPlain
from storage.programs import CODES, draw_apart
from storage.services import describe_file, put_beside, put_thumbnail
from storage.spooling import on_disk

logger = logging.getLogger(__name__)

# Who signs writes thousands of small parts, and leaps about in what it reads, where reading ahead only costs.
SIGNED_PART_BYTES: Final = 256 * 1024
# Those who look at plain pictures.
lookers = ThreadPoolExecutor(8, thread_name_prefix="look")
PROGRAM: Final = "from storage.relabelling import main; main()"
CONVERTER: Final = "from storage.converting import main; main()"
# The first of the descriptors that a program is given beside input, output and errors.
PLACE: Final = "3"


@dataclass(frozen=True)
class Facts:
    """What the program found, and RGB pixels enough for a thumbnail."""

    content_type: str
    width: int
    height: int
    had_manifest: bool
    small: Image.Image


@dataclass(frozen=True)
class Marking:
    """What becomes of a picture on its way into the store: its id and label, its finish, and what it is made of."""

    label: Label
    artifact_id: uuid.UUID
    finish: Finish = AS_USUAL
    ingredients: Sequence[Ingredient] = ()

    def history(self) -> History:
        """Return how the picture came to be, as its vendor's own credentials do not tell it."""
        changes = list_changes(self.finish.operations)
        return History(self.artifact_id, self.finish.model, changes, self.ingredients)


def save_vendor_picture(content: VendorFile, marking: Marking, *, stem: str) -> StoredFile:
    """Store a vendor's PNG, JPEG or WebP with our label in place of its metadata, and a thumbnail; that of a plain
    picture is still to be drawn. What its order wants otherwise, and a picture of another kind, is encoded anew.

    Raises OutputRefused for a file that is not taken, whatever the store or the machine raises; then nothing stays.
    """
    most_bytes = settings.OUTPUT_MAX_BYTES
    with on_disk(content, most_bytes=most_bytes, check=check_kind) as (sent, head):
        form = find_format(head)
        if must_encode(form, marking.finish):
            stored = save_any(
                sent, marking, stem=stem, show=content.show, wish=wish_of(form, marking)
            )
        else:
            try:
                stored = save_plain(sent, marking, stem=stem, show=content.show)
            except NotPlain:
                stored = save_any(sent, marking, stem=stem, show=content.show)
    if form != content.media_type.removeprefix("image/").upper():
        logger.info("%s came as %s, called %.100r", stored.key, form, content.media_type)
    return stored


def must_encode(form: str, finish: Finish) -> bool:
    """Return whether a picture of this format is not what its order wants as it came, or cannot stay so."""
    other = finish.form and finish.form.upper() != form
    is_changed = finish.corner or finish.operations or finish.quality is not None
    return bool(other or is_changed or form not in relabelling.WRITERS)


def wish_of(form: str, marking: Marking) -> Wish:
    """Return how a picture that came in this format is encoded."""
    finish = marking.finish
    return Wish(
        form=finish.form
        or (form.lower() if form in relabelling.WRITERS else settings.PICTURE_FORMAT),
        quality=finish.quality,
        language=finish.language,
        corner=finish.corner,
        xmp=marking.label.xmp.decode(),
        parameters=marking.label.parameters,
        operations=list(finish.operations),
        fonts=fonts_of(finish.operations),
    )


def save_plain(
    sent: IO[bytes], marking: Marking, *, stem: str, show: Show | None = None
) -> StoredFile:
    """Store a plain PNG, looked at while it is labelled and on its way; raise NotPlain for any other, and then nothing
    stays."""
    seen: list[Image.Image] = []
    with mmap.mmap(sent.fileno(), 0, access=mmap.ACCESS_READ) as data, ExitStack() as stack:
        try:
            parts = plain_png.find_parts(data, marking.label)
        except RefusedPicture as refused:
            raise OutputRefused(CODES[str(refused)]) from refused
        looking = lookers.submit(plain_png.look_through, data, parts)
        # What it reads must not go before.
        stack.callback(wait, [looking])
        labelled = stack.enter_context(TemporaryFile(buffering=0))
        write_signed(labelled, partial(plain_png.read_labelled, data, parts), marking.history())
        stored = describe_labelled(
            stem,
            labelled,
            content_type="image/png",
            width=parts.width,
            height=parts.height,
            artifact_id=marking.artifact_id,
        )

        def draw() -> Image.Image:
            # Nobody decodes here what was not found whole.
            rows = looking.result()
            seen[:] = [
                plain_png.decode_rows(rows, parts) if rows else plain_png.decode(data, parts)
            ]
            return seen[0]

        def look() -> None:
            # Whoever judges asks how while it is still looked through.
            if show:
                show(draw)
            looking.result()
            # A thumbnail needs no more, and the picture has to go.
            seen[:] = map(relabelling.shrink, seen)

        put_beside(stored, File(labelled, stored.key), look)
        stack.pop_all()
        return replace(stored, undrawn=labelled, small=next(iter(seen), None))


def write_signed(
    place: IO[bytes], read: Callable[[int], Iterable[bytes]], history: History
) -> None:
    """Write a labelled PNG with its credentials, without them where it cannot be signed, to its start; `read` gives its
    parts, with so many free bytes behind its first chunk."""
    signer = open_signer("image/png", history)
    try:
        if not signer or not fill(place, read(signer.size_bytes), signer):
            place.seek(0)
            place.truncate()
            for part in read(0):
                place.write(part)
    finally:
        if signer:
            signer.close()
    place.seek(0)


def fill(place: IO[bytes], parts: Iterable[bytes], signer: DigestSigner) -> bool:
    """Write a PNG, and its credentials where it is free for them; return whether that was done."""
    digest, start = hashlib.sha256(), plain_png.FREE_AT
    for number, part in enumerate(parts):
        place.write(part)
        # The second is what is free.
        if number != 1:
            digest.update(part)
    box = signer.sign(start, digest.digest())
    if box is None:
        return False
    place.seek(start)
    place.write(box)
    place.seek(0)
    return True


def sign(labelled: IO[bytes], content_type: str, history: History) -> IO[bytes]:
    """Return a file with the credentials of a labelled one; that one itself where it cannot be signed. At its start."""
    labelled.seek(0)
    place = TemporaryFile(buffering=SIGNED_PART_BYTES)  # noqa: SIM115 (returned open)
    if sign_file(labelled, place, content_type, history):
        signed: IO[bytes] = place
    else:
        place.close()
        signed = labelled
    signed.seek(0)
    return signed


def describe_labelled(stem: str, file: Any, **facts: Any) -> StoredFile:
    """Return the facts of a file as it is about to be stored, from its start."""
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    size_bytes = file.tell()
    file.seek(0)
    extension = EXTENSIONS[facts["content_type"]]
    return describe_file(stem, extension, digest, size_bytes=size_bytes, **facts)


def save_any(
    sent: IO[bytes],
    marking: Marking,
    *,
    stem: str,
    show: Show | None = None,
    wish: Wish | None = None,
) -> StoredFile:
    """Store a picture and its thumbnail, looked at by a process of its own, and encoded there where there is a wish."""
    label = marking.label
    with TemporaryFile() as labelled:
        if wish:
            facts = look_apart(CONVERTER, [PLACE, wish.to_text()], sent, labelled)
        else:
            facts = look_apart(
                PROGRAM, [PLACE, label.xmp.decode(), label.parameters], sent, labelled
            )
        history = marking.history()
        if facts.had_manifest:
            history = with_vendors_own(history, sent, is_encoded=wish is not None)
        with sign(labelled, facts.content_type, history) as signed:
            stored = describe_labelled(
                stem,
                signed,
                content_type=facts.content_type,
                width=facts.width,
                height=facts.height,
                artifact_id=marking.artifact_id,
            )

            def look() -> None:
                put_thumbnail(stored.thumbnail_key, encode_thumbnail(facts.small, label))
                if show:
                    show(lambda: decode_own(read_beside(signed)))

            put_beside(stored, File(signed, stored.key), look)
    return replace(stored, operations=marking.finish.operations)


def read_beside(file: IO[bytes]) -> bytes:
    """Return a file of the disk while somebody else reads it: their place in it stays."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)


def with_vendors_own(history: History, sent: IO[bytes], *, is_encoded: bool) -> History:
    """Return a history that begins with what the vendor's own credentials tell: they are kept in ours."""
    sent.seek(0)
    form = find_format(sent.read(HEAD_BYTES))
    sent.seek(0)
    own = Ingredient(PARENT, "original", CONTENT_TYPES[form], sent)
    change = "c2pa.transcoded" if is_encoded else "c2pa.edited.metadata"
    changes, ingredients = (change, *history.changes), (own, *history.ingredients)
    return replace(history, changes=changes, ingredients=ingredients)


def draw_thumbnail(file: IO[bytes], label: Label) -> bytes:
    """Return the thumbnail of a vendor's picture as it is stored; raise OutputRefused for one that cannot be drawn."""
    return encode_thumbnail(look_apart(PROGRAM, [], file).small, label)


def check_kind(head: bytes, media_type: str) -> None:
    """Refuse what is no picture that is taken; what it is called only tells one kind of refusal from another."""
    if find_format(head):
        return
    if find_media_type(head).startswith("video/") or media_type.startswith("video/"):
        raise OutputRefused("output_video_unsupported")
    raise OutputRefused("output_type_unsupported")


def look_apart(
    program: str, words: Sequence[str], sent: IO[bytes], labelled: IO[bytes] | None = None
) -> Facts:
    """Fill the labelled file, if there is to be one, by a process that may die of a picture; return its facts."""
    places = [labelled] if labelled else []
    told, small = draw_apart(program, words, sent, places, unreadable="output_unreadable")
    form, width, height, had_manifest = told
    return Facts(CONTENT_TYPES[form], int(width), int(height), had_manifest == "1", small)
