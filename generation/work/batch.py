"""Batches: what an adapter makes together is claimed and handed over together; each member has its own outcome."""

import logging
import math
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.db import Error
from PIL import Image

from generation.accounts import standing
from generation.accounts.adapters import adapter_of, device_of
from generation.accounts.callbacks import PREFIX, callback_url
from generation.accounts.routing import is_remote, keeps_in_house
from generation.failures import InputLost
from generation.life import sending
from generation.life.batch_claims import claim_candidates, find_candidates
from generation.life.claims import Claim
from generation.models import Account, AccountKey
from generation.providers.base import Outcome, Provider, Work
from generation.providers.errors import Fault, ProviderError
from generation.spec import GenerationSpec
from generation.work import job_log, traces
from generation.work.cached import list_undrawn
from generation.work.heart import Pulse
from generation.work.machine import own_process
from generation.work.process import Occupant, draining
from genhub.lib.connections import release_connection
from genhub.lib.errors import NotFound
from genhub.lib.ids import from_wire, to_wire
from genhub.platforms.house import find_house
from storage.containers import RefusedPicture
from storage.selectors import PREFIX as ARTIFACT
from storage.services import open_picture

logger = logging.getLogger(__name__)
# Sixteen as large as uploads may be are two gigabytes, of one order, and more than vendors take of one request.
LOOKED_AT_PIXELS: Final = 2048 * 2048


class Batch:
    """Attempts to be made at once, by one adapter.

    `overlaps`: the next batch may be drawn while this one is decoded and stored.
    """

    def __init__(
        self, members: Sequence[Claim], *, overlaps: bool = False, is_isolated: bool = False
    ) -> None:
        self.members = members
        self.overlaps = overlaps
        # Those of one batch share their process with each other: it is written with its size.
        self.occupant = Occupant(members[0], is_isolated, shares_process=len(members) > 1)
        self.pulse = Pulse(members)

    @property
    def account(self) -> Account:
        """Return the account that makes it."""
        return self.members[0].account


@dataclass(frozen=True)
class BatchOutcome:
    """A batch that its adapter has returned, with what became of each member, in their order."""

    batch: Batch
    outcomes: Sequence[Outcome]


def gather(first: Claim, *, is_patient: bool) -> Batch:
    """Return a claim with what its adapter makes together with it.

    Without any, a patient one looks again after LOCAL_BATCH_WAIT_MS: orders of one moment come a little apart.
    """
    try:
        device = device_of(first.account)
        if device is None:
            return Batch([first], is_isolated=first.isolated)
        key = device.batch_key(first.spec, first.card)
        if key is None or first.isolated:
            return Batch([first], is_isolated=True)
        most = device.largest_batch(first.spec, first.card) - first.spec.number

        def fits(spec: GenerationSpec) -> bool:
            return device.batch_key(spec, first.card) == key

        return Batch([first, *look(first, fits, most, is_patient=is_patient)], overlaps=True)
    except Exception:
        # Company is not worth an attempt: alone it runs, or fails, as it would have without any.
        logger.exception("nothing found to be made together with attempt %s", first.attempt_id)
        return Batch([first], is_isolated=True)


def look(
    first: Claim, fits: Callable[[GenerationSpec], bool], most: int, *, is_patient: bool
) -> list[Claim]:
    """Claim what is made together with a claim, for at most so many pictures more."""
    for is_last in (False, True):
        chosen = find_candidates(first, fits, most) if most > 0 else []
        if chosen and (found := claim_candidates(first, chosen, worker=worker_name())):
            return list_undrawn(found)
        # The chosen are locked, by another claim or by the end of one of their user's others: that takes a moment.
        is_worth_it = chosen or (is_patient and most > 0)
        if is_last or not is_worth_it or draining.wait(settings.LOCAL_BATCH_WAIT_MS / 1000):
            break
    return []


def make(batch: Batch) -> BatchOutcome:
    """Hand a batch, whose pulse beats, over to its adapter; the pulse goes on until each member has left it."""
    with job_log.working_on(batch.members):
        works = [prepare(claim, batch) for claim in batch.members]
        outcomes = iter(submit(batch, [work for work in works if isinstance(work, Work)]))
    return BatchOutcome(
        batch, [next(outcomes) if isinstance(work, Work) else work for work in works]
    )


def prepare(claim: Claim, batch: Batch) -> Work | Exception:
    """Return a member as the adapter gets it, or why it cannot be handed over."""
    try:
        inputs = open_inputs(claim.spec, claim.owner_id)
    except Exception as error:
        logger.exception("no input picture for attempt %s", claim.attempt_id)
        # What is not there stays away, and what is too large stays so; a store may come back.
        is_final = isinstance(error, NotFound | RefusedPicture)
        return ProviderError(f"no input: {error!r}", code=InputLost.code, retryable=not is_final)
    report = traces.steps_of(claim, batch.pulse.report_of(claim))
    return Work(claim.spec, claim.card, report, **inputs)


def open_inputs(spec: GenerationSpec, platform_id: uuid.UUID) -> dict[str, Any]:
    """Return the pictures that an order names, as an adapter gets them: its own are its platform's, and those of its
    style the house's."""
    image, mask, last_image = (
        open_named(text, platform_id) if text else None
        for text in (spec.image, spec.mask, spec.last_image)
    )
    references = [open_smaller(text, platform_id) for text in spec.references]
    if spec.style_references:
        house = find_house().pk
        references += [open_smaller(text, house) for text in spec.style_references]
    return {
        "image": image,
        "mask": mask and mask.convert("L"),
        "last_image": last_image,
        "references": tuple(references),
    }


def open_named(wire_id: str, platform_id: uuid.UUID) -> Image.Image:
    """Return the pixels of a platform's picture; raise as `open_picture` does."""
    return open_picture(from_wire(ARTIFACT, wire_id), platform_id=platform_id)


def open_smaller(wire_id: str, platform_id: uuid.UUID) -> Image.Image:
    """Return what is only looked at, which nobody measures: no larger than models see it."""
    image = open_named(wire_id, platform_id)
    if (scale := math.sqrt(LOOKED_AT_PIXELS / (image.width * image.height))) < 1:
        longest = int(scale * max(image.size))
        image.thumbnail((longest, longest))
    return image


def submit(batch: Batch, works: Sequence[Work]) -> Sequence[Outcome]:
    """Return what an adapter made of each work; what it raises for all of them is the outcome of each.

    It may work for minutes: before, the connection goes back to the pool, where the heart needs one.
    """
    if not works:
        return []
    try:
        if device := device_of(batch.account):
            release_connection()
            with traces.making(works, traces.DRAW):
                made = device.submit_batch(works)
            return [outcome for _, outcome in zip(works, made, strict=True)]
        return [send(batch, works[0])]
    except Exception as error:  # noqa: BLE001 (each member's end is decided by its kind)
        return [error] * len(works)


def send(batch: Batch, work: Work) -> Outcome:
    """Return what a vendor's adapter answered, having written before that the order leaves."""
    claim = batch.members[0]
    if not is_remote(claim.account):
        release_connection()
        return hand_over(adapter_of(claim.account), claim, work)
    if claim.local_only and not keeps_in_house(claim.account):
        # Nothing chooses such an account; that it did would be the worse fault.
        raise ProviderError("the order must stay in the house", code="stays_in_house")
    batch.pulse.check(claim)
    key = sending.note_sending(claim)
    adapter = open_account(claim, key)
    batch.pulse.signs[claim.attempt_id].was_sent = True
    release_connection()
    return hear(claim, key, partial(hand_over, adapter, claim, work))


def open_account(claim: Claim, key: AccountKey | None) -> Provider:
    """Return the adapter of a claim's account with this key; raise ProviderError when it cannot be made: nothing was
    sent, and another account may do."""
    try:
        return adapter_of(claim.account, key)
    except Exception as error:
        logger.exception("account %s cannot be used", claim.account)
        meant = ProviderError(
            f"not usable: {error!r}", code="provider_unavailable", retryable=True, fault=Fault.ACCOUNT
        )  # fmt: skip
        note_standing(partial(standing.hear_failure, claim.account.pk, None, meant))
        raise meant from error


def hear(claim: Claim, key: AccountKey | None, act: Callable[[], Outcome]) -> Outcome:
    """Return what a vendor answers, having written what that says of the account and its key."""
    key_id = key.pk if key else None
    try:
        outcome = act()
    except ProviderError as error:
        note_standing(partial(standing.hear_failure, claim.account.pk, key_id, error))
        raise
    if claim.account.failures or (key and key.failures):
        note_standing(partial(standing.hear_success, claim.account.pk, key_id))
    return outcome


def note_standing(write: Callable[[], None]) -> None:
    """Write how an account stands; what cannot be written now the next order says again, and this one's answer is worth
    more."""
    try:
        write()
    except Error:
        logger.exception("standing not noted")
    finally:
        release_connection()


def hand_over(adapter: Provider, claim: Claim, work: Work) -> Outcome:
    """Hand an order over to its adapter, with what its vendor may know of it."""
    url = callback_url(claim.attempt_id) if adapter.capabilities.calls_back else ""
    reference = to_wire(PREFIX, claim.attempt_id)
    with traces.making([work], traces.ORDER):
        return adapter.submit(replace(work, reference=reference, callback_url=url))


def worker_name() -> str:
    """Return who claims: host, process and thread."""
    return f"{own_process()}:{threading.current_thread().name}"[:200]
