"""Stored pictures are judged before anybody has them: what may be seen is published, the rest kept apart."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from django.db import Error
from PIL import Image

from generation.life.claims import Claim
from generation.life.outputs import StoredOutput
from generation.life.withheld import AllWithheld, Withheld
from generation.models import Finding
from generation.moderation import pictures
from generation.moderation.found import Found
from generation.moderation.pictures import Watch
from generation.work.persisting import persist
from genhub.lib import remembered
from genhub.lib.connections import release_connection
from storage.plain_png import NotPlain
from storage.services import read_stored

logger = logging.getLogger(__name__)


class Viewing:
    """How a claim's pictures are watched, and what was found in those that were looked at on their way into the
    store."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._watch: Watch | None = None
        self._is_known = False
        self.found: dict[int, Found | None] = {}

    def see(self, position: int, draw: Callable[[], Image.Image]) -> None:
        """Judge a picture that is on its way into the store, beside that; where this goes wrong, `look` does so."""
        try:
            with remembered.together():
                if watch := self._find_watch():
                    # Others need it until the picture is there.
                    release_connection()
                    self.found[position] = pictures.judge(draw(), watch)
        except NotPlain:
            # The store takes it the longer way, and shows it anew.
            logger.debug("picture %s of %s is not plain", position, self._claim.task_id)
        except Exception:
            # The database, or whoever draws it; the picture itself is not to be lost of that.
            logger.exception("picture %s of %s is looked at later", position, self._claim.task_id)
        finally:
            # Others need it while the store takes its time.
            release_connection()

    def find_watch(self) -> Watch | None:
        """Return how the pictures are watched; what is in doubt with the database is asked again, as the end is written
        again: they may be paid for."""
        return persist(self._find_watch, self._claim)

    def _find_watch(self) -> Watch | None:
        if not self._is_known:
            self._watch, self._is_known = watch_of(self._claim), True
        return self._watch


def look(
    claim: Claim, outputs: Sequence[StoredOutput], check: Callable[[], None], viewing: Viewing
) -> tuple[list[StoredOutput], list[Withheld]]:
    """Return the pictures that may be seen, with what is objected to in them all the same, and those that may not.

    Raises AllWithheld where none may.
    """
    watch = viewing.find_watch()
    if watch is None:
        return list(outputs), []
    passed, withheld = list[StoredOutput](), list[Withheld]()
    for output in outputs:
        check()
        position = output.made.position
        if position in viewing.found:
            found = viewing.found[position]
        else:
            # It may take seconds, in which others need the connection.
            release_connection()
            found = persist(partial(see, output, watch), claim)
        if found and watch.withholds:
            logger.info("picture %s of %s is withheld: %s", position, claim.task_id, found.labels)
            withheld.append(Withheld(output.made, output.file, found))
        else:
            passed.append(replace(output, flagged=found))
    if not passed:
        raise AllWithheld(withheld)
    return passed, withheld


def see(output: StoredOutput, watch: Watch) -> Found | None:
    """Return what is objected to in a stored picture; one that cannot be read nobody has judged."""
    try:
        image = read_stored(output.file)
    except Exception:
        # Each store raises its own.
        logger.exception("%s is not read, so that nobody judges it", output.file.key)
        return pictures.unjudged(Finding.Source.SERVICE, watch)
    return pictures.judge(image, watch)


def hides_previews(claim: Claim) -> bool:
    """Return whether nobody may see a claim's pictures before they were judged; where that is not known, nobody may."""
    try:
        watch = watch_of(claim)
    except Error:
        logger.exception("attempt %s has no previews", claim.attempt_id)
        return True
    return watch is not None and watch.withholds


def watch_of(claim: Claim) -> Watch | None:
    """Return how a claim's pictures are watched."""
    return pictures.watch_of(claim.task_id, local_only=claim.local_only)
