"""The turns of the loop that has pictures described: each begins what is due, beside what is still under way.

Nobody waits for an answer: orders have ended and been told before, and a model that hangs holds up a few threads here.
"""

import io
import logging
import threading
from collections.abc import Sequence
from functools import partial
from typing import Final

from PIL import Image

from generation.describing import accounts, rows, vision
from generation.describing.rows import Claimed
from generation.models import Describer
from generation.moderation.pictures import encode
from generation.moderation.standing import (
    UNUSABLE,
    hear_failure,
    hear_success,
    note,
    settings_of,
    unusable,
)
from generation.providers.errors import ProviderError
from genhub.lib.connections import release_connection, tidily
from genhub.lib.errors import Problem
from storage.descriptions import draw_small

logger = logging.getLogger(__name__)
MOST_AT_ONCE: Final = 4
free = threading.BoundedSemaphore(MOST_AT_ONCE)


def describe_pictures() -> None:
    """Begin with what is due, as far as this process has threads for it, and return."""
    rows.forget_old()
    for claimed in claim_some():
        # What a process leaves that ends meanwhile is claimed anew.
        threading.Thread(
            target=tidily, args=(describe_and_free, claimed), name="describe", daemon=True
        ).start()


def claim_some() -> list[Claimed]:
    """Claim as many pictures as there are free threads, and take these; none where there is nobody to ask now."""
    usable = accounts.list_usable()
    if not usable:
        return []
    taken = 0
    while taken < MOST_AT_ONCE and free.acquire(blocking=False):
        taken += 1
    claimed: list[Claimed] = []
    try:
        if taken:
            claimed = rows.claim(taken, is_in_house=any(row.is_in_house for row in usable))
    finally:
        for _ in range(taken - len(claimed)):
            free.release()
    return claimed


def describe_and_free(claimed: Claimed) -> None:
    """Have a picture described, and free this thread's place."""
    try:
        describe(claimed, accounts.list_usable())
    except Exception:
        # Its row stays, and is due again once its lease is over.
        logger.exception("no description of %s", claimed.artifact_id)
    finally:
        free.release()


def describe(claimed: Claimed, usable: Sequence[Describer]) -> None:
    """Ask about a picture and keep what is said of it, or when to ask again."""
    service = accounts.choose(list(usable), local_only=claimed.local_only, tries=claimed.tries)
    jpeg = draw(claimed) if service else None
    if service is None or jpeg is None:
        rows.put_off(claimed, None)
        return
    # It may take a minute, in which others need the connection.
    release_connection()
    try:
        alt = ask(service, jpeg, claimed.language)
    except vision.Declined:
        note(partial(hear_success, service))
        rows.give_up(claimed)
    except ProviderError as error:
        note(partial(hear_failure, service, error))
        rows.put_off(claimed, error.retry_after_seconds)
    else:
        note(partial(hear_success, service))
        rows.keep(claimed, alt)


def draw(claimed: Claimed) -> bytes | None:
    """Return a picture of at most 1,024 pixels a side as a JPEG, which every server takes; None where its owner has it
    no more, or it cannot be drawn now."""
    try:
        small = draw_small(claimed.artifact_id)
    except Problem as busy:
        logger.info("%s is not drawn: %s", claimed.artifact_id, busy)
        small = None
    if small is None:
        return None
    with Image.open(io.BytesIO(small)) as image:
        return encode(image.convert("RGB"))


def ask(service: Describer, jpeg: bytes, language: str) -> str:
    """Return what a service says that a picture shows; raise ProviderError or Declined."""
    try:
        return vision.describe(settings_of(service), service.model, jpeg, language)
    except UNUSABLE as error:
        raise unusable(error) from error
