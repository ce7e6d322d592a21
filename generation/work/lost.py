"""Asking vendors for orders whose answer was lost: by a worker, time and again; and by staff, at once."""

import logging

from generation.accounts.adapters import adapter_of
from generation.accounts.callbacks import PREFIX
from generation.life import searching, waiting
from generation.life.searching import Suggestion
from generation.models import Attempt, find_card
from generation.providers.base import Lost
from generation.providers.errors import ProviderError
from generation.spec import GenerationSpec
from genhub.lib.connections import release_connection
from genhub.lib.ids import to_wire

logger = logging.getLogger(__name__)
# A list is no picture: whoever looks, waits no longer for it.
MOST_SECONDS = 20.0


def look_for_one(queue: str) -> None:
    """Look for the order of a queue that is due to be looked for; what fails is tried again later."""
    attempt = searching.claim_look(queue)
    if attempt is None:
        return
    try:
        look(attempt)
    except ProviderError as error:
        logger.warning("attempt %s not looked for: %s", attempt.pk, error)
    except Exception:
        logger.exception("attempt %s not looked for", attempt.pk)


def look(attempt: Attempt) -> list[Suggestion]:
    """Ask a vendor for an order in doubt, write what it has and return that; raise ProviderError. No transaction is
    open while the vendor is asked."""
    began, ended = searching.lost_between(attempt)
    release_connection()
    adapter = adapter_of(attempt.account, attempt.key, most_seconds=MOST_SECONDS)
    wanted = Lost(
        GenerationSpec.from_json(attempt.task.spec),
        find_card(attempt.account_id, attempt.task.model),
        began,
        ended,
        to_wire(PREFIX, attempt.pk),
    )
    return waiting.note_look(attempt, adapter.find_lost(wanted))
