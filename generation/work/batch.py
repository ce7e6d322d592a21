"""Batches: what an adapter makes together is claimed together and drawn at once; each member has its own outcome."""

import logging
import socket
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import getpid

from django.conf import settings
from PIL import Image

from generation.errors import InputLost
from generation.life.batch_claims import claim_companions, find_companions
from generation.life.claims import Claim
from generation.providers.base import Outcome, Work
from generation.providers.errors import ProviderError
from generation.providers.registry import get_adapter
from generation.spec import GenerationSpec
from generation.work.heart import Heart, draining, release_connection
from genhub.lib.errors import NotFound
from genhub.lib.ids import from_wire
from storage.containers import RefusedPicture
from storage.selectors import PREFIX as ARTIFACT
from storage.services import open_picture

logger = logging.getLogger(__name__)


class Batch:
    """Attempts to be drawn at once, and whether others may be drawn while they are decoded and stored.

    It has company while other attempts are at work in its process; those of one batch are that for each other.
    """

    def __init__(self, members: Sequence[Claim], *, may_overlap: bool = False) -> None:
        self.members = members
        self.may_overlap = may_overlap
        self.has_company = len(members) > 1
        self.heart = Heart(members)


@dataclass(frozen=True)
class Drawn:
    """A batch whose drawing is over, with what became of each member, in their order."""

    batch: Batch
    outcomes: Sequence[Outcome]


def gather(first: Claim, *, is_patient: bool) -> Batch:
    """Return a claim with the companions that its adapter makes together with it.

    Without any, a patient one looks again after LOCAL_BATCH_WAIT_MS: orders of one moment come a little apart.
    """
    try:
        adapter = get_adapter(first.adapter)
        key = adapter.batch_key(first.spec, first.card)
        if key is None or first.is_alone:
            return Batch([first])
        most = adapter.largest_batch(first.spec, first.card) - first.spec.number

        def fits(spec: GenerationSpec) -> bool:
            return adapter.batch_key(spec, first.card) == key

        return Batch([first, *look(first, fits, most, is_patient=is_patient)], may_overlap=True)
    except Exception:
        # Company is not worth an attempt: alone it runs, or fails, as it would have without any.
        logger.exception("no companions found for attempt %s", first.attempt_id)
        return Batch([first])


def look(
    first: Claim, fits: Callable[[GenerationSpec], bool], most: int, *, is_patient: bool
) -> list[Claim]:
    """Claim the companions of a claim, for at most so many pictures more."""
    for is_last in (False, True):
        chosen = find_companions(first, fits, most) if most > 0 else []
        if chosen and (found := claim_companions(first, chosen, worker=worker_name())):
            return found
        # The chosen are locked, by another claim or by the end of one of their user's others: that takes a moment.
        is_worth_it = chosen or (is_patient and most > 0)
        if is_last or not is_worth_it or draining.wait(settings.LOCAL_BATCH_WAIT_MS / 1000):
            break
    return []


def draw(batch: Batch) -> Drawn:
    """Have the adapter draw a batch whose heart beats; it goes on until each member has left it."""
    works = [prepare(claim, batch.heart) for claim in batch.members]
    # The provider may work for minutes: the connection goes back to the pool, where the heart needs one.
    release_connection()
    outcomes = iter(submit(batch, [work for work in works if isinstance(work, Work)]))
    return Drawn(batch, [next(outcomes) if isinstance(work, Work) else work for work in works])


def prepare(claim: Claim, heart: Heart) -> Work | ProviderError:
    """Return a member as the adapter gets it, or why its input pictures cannot be had."""
    try:
        image, mask = open_inputs(claim.spec, claim.owner_id)
    except Exception as error:
        logger.exception("no input picture for attempt %s", claim.attempt_id)
        # What is not there stays away, and what is too large stays so; a store may come back.
        is_final = isinstance(error, NotFound | RefusedPicture)
        return ProviderError(f"no input: {error!r}", code=InputLost.code, retryable=not is_final)
    return Work(claim.spec, claim.card, heart.report_of(claim), image, mask)


def open_inputs(
    spec: GenerationSpec, platform_id: uuid.UUID
) -> tuple[Image.Image | None, Image.Image | None]:
    """Return the picture and the mask that an order starts from, of its own platform, where it names them."""
    image, mask = (
        open_picture(from_wire(ARTIFACT, text), platform_id=platform_id) if text else None
        for text in (spec.image, spec.mask)
    )
    return image, mask and mask.convert("L")


def submit(batch: Batch, works: Sequence[Work]) -> list[Outcome]:
    """Return what an adapter made of each work; what it raises for all of them is the outcome of each."""
    if not works:
        return []
    try:
        made = get_adapter(batch.members[0].adapter).submit_batch(works)
        return [outcome for _, outcome in zip(works, made, strict=True)]
    except Exception as error:  # noqa: BLE001 (each member's end is decided by its kind)
        return [error] * len(works)


def worker_name() -> str:
    """Return who claims: host, process and thread."""
    return f"{socket.gethostname()}:{getpid()}:{threading.current_thread().name}"[:200]
