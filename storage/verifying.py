"""Whether this hub made a picture that somebody shows, and what became of it since: by its labels, and by the picture
that is kept here."""

import hashlib
import json
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from PIL import Image, ImageChops, ImageStat

from genhub.lib.errors import InvalidRequest, gettext_noop
from genhub.lib.ids import NOBODY, from_wire
from storage.containers import find_format
from storage.models import Artifact
from storage.seals import find_sealed
from storage.selectors import PREFIX, read_bytes
from storage.signing_keys import find_pair
from storage.uploads import refuse, refuse_code, run_in_turn, unread

logger = logging.getLogger(__name__)

PROGRAM: Final = "from storage.reading import main; main()"
# What changes of the bytes alone.
BYTES_CHANGED: Final = frozenset({"assertion.dataHash.mismatch", "assertion.bmffHash.mismatch"})
UNSUPPORTED: Final = gettext_noop("Send a PNG, JPEG, WebP, AVIF or HEIC picture.")
# How alike two sketches are of which one was scaled, coded again, or had a little drawn on it; of 1.
ALIKE: Final = 0.9
# A part of a picture is known again when it differs from its place there by less than this much of what it varies
# within itself: in what is of one colour, any other of that colour would be found.
CLOSE: Final = 0.5
LEAST_VARIANCE: Final = 8.0
LEAST_PART_PIXELS: Final = 12

NOTHING, METADATA, PIXELS, SIZE = "nothing", "metadata", "pixels", "size"


@dataclass(frozen=True)
class Verdict:
    """What is known of a picture that somebody shows.

    `made_here` is None where nobody can tell: it has no label at all, which may have been taken from it; or its label
    is this hub's, and what it shows is too unlike: it was changed much, or the label was put into another picture.
    `changed` is None where that is not known.
    """

    made_here: bool | None
    artifact: Artifact | None = None
    changed: str | None = None
    # `ours`, `other`, or None for none; of credentials also `broken`.
    aigc: str | None = None
    producer: str = ""
    credentials: str | None = None


def verify_picture(data: bytes) -> Verdict:
    """Return what is known of a picture; raise InvalidRequest for what is none, or UploadsBusy."""
    if not find_format(data):
        raise refuse("unsupported_type", UNSUPPORTED)
    pair = find_pair()
    shown = read_apart(data, pair.anchor)
    sealed = find_sealed(shown["aigc"])
    credentials, signed = judge(shown["credentials"], pair.chain)
    labels: dict[str, Any] = {
        "aigc": "ours" if sealed else "other" if shown["aigc"] else None,
        "producer": shown["aigc"].get("ContentProducer", ""),
        "credentials": credentials,
    }
    found = sealed or signed
    if found is None:
        is_labelled = labels["aigc"] or credentials
        return Verdict(made_here=False if is_labelled else None, **labels)
    artifact = Artifact.objects.filter(pk=found).first()
    if artifact is None:
        # Signed credentials cover the whole file.
        is_whole = credentials == "ours"
        return Verdict(made_here=True, changed=NOTHING if is_whole else None, **labels)
    if hashlib.sha256(data).hexdigest() == artifact.sha256:
        return Verdict(made_here=True, artifact=artifact, changed=NOTHING, **labels)
    kept = read_kept(artifact)
    if kept is None:
        return Verdict(made_here=True, artifact=artifact, **labels)
    changed, is_alike = compare(shown, kept)
    return Verdict(made_here=is_alike or None, artifact=artifact, changed=changed, **labels)


def read_kept(artifact: Artifact) -> dict[str, Any] | None:
    """Return what the stored picture shows; None where it is gone, or too large to be compared, or a clip."""
    if artifact.is_clip:
        return None
    try:
        return read_apart(read_bytes(artifact))
    except (FileNotFoundError, InvalidRequest):
        logger.info("%s is not compared", artifact)
        return None


def read_apart(data: bytes, anchors: str = "") -> dict[str, Any]:
    """Return what a picture shows and says, read by a process that may die of it."""
    done = run_in_turn(PROGRAM, [anchors] if anchors else [], [data])
    if done.stdout.startswith(b"refused "):
        raise refuse_code(done.stdout.removeprefix(b"refused ").decode().strip())
    if done.returncode:
        raise unread(done)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def judge(told: Mapping[str, Any], chain: bytes) -> tuple[str | None, uuid.UUID | None]:
    """Return whose credentials a picture has, and of which output they are if they are ours."""
    if not told:
        return None, None
    # Others may have a certificate of the same authority.
    is_own = told["serial"] == str(x509.load_pem_x509_certificates(chain)[0].serial_number)
    artifact_id = from_wire(PREFIX, told["title"])
    if not is_own or artifact_id == NOBODY:
        return ("broken" if told["state"] == "Invalid" else "other"), None
    if told["state"] == "Trusted":
        return "ours", artifact_id
    # Its signature holds, so that what it says is ours, and the file is another.
    is_changed = bool(told["failures"]) and set(told["failures"]) <= BYTES_CHANGED
    return "broken", artifact_id if is_changed else None


def compare(shown: Mapping[str, Any], kept: Mapping[str, Any]) -> tuple[str, bool]:
    """Return what differs between a picture and the one that is kept, and whether they look alike."""
    if shown["pixels"] == kept["pixels"]:
        return METADATA, True
    size = [(one["width"], one["height"]) for one in (shown, kept)]
    changed = PIXELS if size[0] == size[1] else SIZE
    is_alike = likeness(shown["sketch"], kept["sketch"]) >= ALIKE
    return changed, is_alike or (changed == SIZE and is_part(shown, kept))


def is_part(shown: Mapping[str, Any], kept: Mapping[str, Any]) -> bool:
    """Return whether a picture was cut out of the one that is kept, in its own scale."""
    whole = open_draft(kept["draft"])
    scale = whole.width / kept["width"]
    size = (round(shown["width"] * scale), round(shown["height"] * scale))
    rest = (whole.width - size[0], whole.height - size[1])
    if min(size) < LEAST_PART_PIXELS or min(rest) < 0:
        return False
    part = open_draft(shown["draft"]).resize(size, Image.Resampling.BOX)
    varies = ImageStat.Stat(part).stddev[0]
    if varies < LEAST_VARIANCE:
        return False
    differs = min(
        differ(part, whole.crop((x, y, x + size[0], y + size[1])))
        for y in range(rest[1] + 1)
        for x in range(rest[0] + 1)
    )
    return differs < min(CLOSE * varies, (1 - ALIKE) * 255)


def open_draft(draft: Mapping[str, Any]) -> Image.Image:
    """Return a draft as a grey picture."""
    return Image.frombytes("L", tuple(draft["size"]), bytes.fromhex(draft["pixels"]))


def differ(one: Image.Image, other: Image.Image) -> float:
    """Return by how much two grey pictures of one size differ, of 255."""
    return float(ImageStat.Stat(ImageChops.difference(one, other)).mean[0])


def likeness(one: str, other: str) -> float:
    """Return how alike two sketches are, 1 for equal ones."""
    pairs = list(zip(bytes.fromhex(one), bytes.fromhex(other), strict=True))
    return 1 - sum(abs(a - b) for a, b in pairs) / (255 * len(pairs))
