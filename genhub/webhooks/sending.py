"""One delivery: signed, posted, and what came of it written under its token. No transaction is open meanwhile."""

import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import F
from django.db.models.functions import Now

from genhub.lib import tracing
from genhub.lib.connections import release_connection
from genhub.lib.fetch import FetchRefused
from genhub.lib.ids import to_wire
from genhub.lib.posting import Reply, post
from genhub.lib.sealing import NotSealable
from genhub.webhooks import endpoints
from genhub.webhooks.claims import Claim
from genhub.webhooks.models import MESSAGE, TEST, Delivery, Endpoint
from genhub.webhooks.outbox import write_time
from genhub.webhooks.signing import sign

logger = logging.getLogger(__name__)

# Seconds from one try to the next, as Standard Webhooks proposes: about three days in all.
MINUTE, HOUR = 60, 3600
DELAYS: Final = (
    5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR
)  # fmt: skip
# So that what failed together does not come back together.
JITTER: Final = 0.1
LONGEST_WAIT_SECONDS: Final = 24 * HOUR
# Of an answer, for the log; and how many answers a delivery keeps.
MOST_BYTES, MOST_ANSWERS = 2048, 20
GOOD, GONE, TOO_MANY_DIGITS = range(200, 300), 410, 9
NO_SECRET: Final = "no_secret"  # noqa: S105 (a reason)
# What a test asks for is told once: whoever asked looks on.
TRIES_OF_TEST: Final = 1


@dataclass(frozen=True)
class Outcome:
    """What came of one try: an answer, or why there was none."""

    seconds: float
    reply: Reply | None = None
    error: str = ""

    @property
    def is_good(self) -> bool:
        """Return whether the receiver took it."""
        return self.reply is not None and self.reply.status in GOOD

    @property
    def is_gone(self) -> bool:
        """Return whether the receiver wants no more of it."""
        return self.reply is not None and self.reply.status == GONE


def deliver(claim: Claim) -> bool:
    """Send a claimed delivery and write what came of it; return whether the receiver took it."""
    if not claim.delivery.endpoint.is_enabled:
        # It was switched off while this was written.
        keep(claim, state=Delivery.State.HELD)
        return True
    # Not held while a receiver takes its time: a few connections serve many threads.
    release_connection()
    message = claim.delivery.message
    with tracing.span(
        "webhook", parent=message.traceparent, kind="client", event=message.type,
        delivery=str(claim.delivery), number=claim.delivery.tries + 1,
    ) as told:  # fmt: skip
        outcome = attempt(claim)
        if outcome.reply:
            told.note(http__response__status_code=outcome.reply.status)
        if not outcome.is_good:
            told.fail(outcome.error or "refused")
    write_down(claim, outcome)
    return outcome.is_good


def attempt(claim: Claim) -> Outcome:
    """Send it once."""
    delivery, began = claim.delivery, time.monotonic()
    body = delivery.message.payload.encode()
    try:
        headers = head_of(claim, body)
        reply = post(
            delivery.url or delivery.endpoint.url,
            body,
            headers,
            seconds=settings.WEBHOOK_SECONDS,
            most_bytes=MOST_BYTES,
            private_hosts=settings.WEBHOOK_HOSTS,
        )
    except FetchRefused as error:
        logger.info("%s not delivered: %s", delivery, error)
        return Outcome(time.monotonic() - began, error=error.code)
    except (NotSealable, ImproperlyConfigured) as error:
        logger.error("%s cannot be signed: %s", delivery, error)  # noqa: TRY400 (it says it all)
        return Outcome(time.monotonic() - began, error=NO_SECRET)
    return Outcome(time.monotonic() - began, reply=reply)


def head_of(claim: Claim, body: bytes) -> Mapping[str, str]:
    """Return the headers; the time is that of this try, the trace that of what is told."""
    endpoint: Any = claim.delivery.endpoint
    endpoint.now = claim.now
    message_id = to_wire(MESSAGE, claim.delivery.message_id)
    signed = sign(message_id, int(claim.now.timestamp()), body, endpoints.secrets_of(endpoint))
    traced = {tracing.HEADER: traceparent} if (traceparent := tracing.current.get()) else {}
    return {"Content-Type": "application/json", **signed, **traced}


def write_down(claim: Claim, outcome: Outcome) -> None:
    """Write what came of a try: delivered, to be tried again, or failed; and what it says of the endpoint."""
    delivery = claim.delivery
    values: dict[str, Any] = {"tries": F("tries") + 1, "answers": add_answer(claim, outcome)}
    tries = delivery.tries + 1
    most = TRIES_OF_TEST if delivery.message.type == TEST else len(DELAYS) + 1
    if outcome.is_good:
        values |= {"state": Delivery.State.DELIVERED, "delivered_at": Now()}
    elif outcome.is_gone or tries >= most:
        values |= {"state": Delivery.State.FAILED}
    else:
        values |= {"due_at": Now() + timedelta(seconds=wait_seconds(tries, outcome, claim.now))}
    if keep(claim, **values):
        tell_endpoint(delivery, outcome)


def keep(claim: Claim, **values: Any) -> bool:
    """Write under the claim's token; False, and nothing is written, when it was taken by another since."""
    mine = Delivery.objects.filter(
        pk=claim.delivery.pk, token=claim.delivery.token, state=Delivery.State.WAITING
    )
    return bool(mine.update(**values))


def tell_endpoint(delivery: Delivery, outcome: Outcome) -> None:
    """Note at the endpoint how it takes what it is sent; that orders name a dead address says nothing of it."""
    endpoint = delivery.endpoint
    if outcome.is_good:
        if endpoint.failures:
            endpoints.note_success(endpoint.pk)
    elif outcome.is_gone and not delivery.url:
        endpoints.disable(endpoint.pk, Endpoint.Why.GONE)
    # That the hub cannot open a secret is no fault of the receiver.
    elif outcome.error != NO_SECRET and not delivery.url:
        endpoints.note_failure(endpoint.pk)


def add_answer(claim: Claim, outcome: Outcome) -> list[dict[str, Any]]:
    """Return the newest answers with this one, the oldest left out."""
    reply = outcome.reply
    answer = {
        "at": write_time(claim.now),
        "seconds": round(outcome.seconds, 3),
        "status": reply.status if reply else None,
        "body": readable(reply.body) if reply else "",
        "error": outcome.error,
    }
    return [*claim.delivery.answers, answer][-MOST_ANSWERS:]


def readable(body: bytes) -> str:
    """Return the first bytes of an answer as text that can be kept."""
    return body.decode("utf-8", "replace").replace("\0", "")


def wait_seconds(tries: int, outcome: Outcome, now: datetime) -> float:
    """Return how long the next try waits: by the schedule, or longer when the receiver says so."""
    usual = DELAYS[tries - 1] * (1 + random.uniform(0, JITTER))  # noqa: S311 (jitter, not a secret)
    told = read_retry_after(outcome.reply.retry_after, now) if outcome.reply else 0.0
    return max(usual, min(told, LONGEST_WAIT_SECONDS))


def read_retry_after(text: str, now: datetime) -> float:
    """Return the seconds that a Retry-After asks for, in either of its forms; 0 for none, and for what is none."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:TOO_MANY_DIGITS])
    try:
        at = parsedate_to_datetime(text)
        return max(0.0, (at - now).total_seconds())
    # Of a date without a zone, TypeError.
    except (ValueError, TypeError):
        return 0.0
