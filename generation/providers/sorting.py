"""What a vendor's failure means: one pure function for every adapter, which adds the vendor's own words.

An order is sent again only when it surely was not taken: nothing was sent, or the vendor itself said 429, 500 or 503.
A gateway's answer, a lost one, or one that broke off leaves open what the vendor has (MISSION 14 and 32).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum

from generation.providers.errors import Fault, ProviderError, Sent

# Seconds that a key rests which the vendor refuses or which has nothing left: staff act, or the month ends.
REFUSED_KEY_SECONDS = 3600.0
# A vendor's own words kept for staff, in characters.
LONGEST_SAID = 1000


class Meaning(StrEnum):
    """What a vendor says with a failure."""

    REFUSED = "refused"  # it does not make such a picture
    WRONG = "wrong"  # the order or the request is wrong; it would be again
    BUSY = "busy"  # too many requests
    QUOTA = "quota"  # nothing left to pay with
    KEY = "key"  # it does not know the key, or lets it do nothing
    BROKEN = "broken"  # it failed, and says so itself
    LOST = "lost"  # nobody knows whether it has the order


# By status, where the vendor's own words say nothing better.
BY_STATUS = {
    401: Meaning.KEY,
    402: Meaning.QUOTA,
    403: Meaning.KEY,
    408: Meaning.LOST,
    429: Meaning.BUSY,
    451: Meaning.REFUSED,
}
# What a server says of itself; from a gateway (no words of the vendor's) each of them leaves the order open.
OWN_FAILURES = {500, 503}
FIRST_ERROR, FIRST_SERVER_ERROR = 400, 500


@dataclass(frozen=True)
class Said:
    """A failure as the vendor's own envelope says it: its code and its message; and what the code means, if that is
    more than the status says."""

    code: str = ""
    message: str = ""
    meaning: Meaning | None = None


def sort_status(status: int, headers: Mapping[str, str], said: Said | None) -> ProviderError:
    """Return what an answer other than a success means; `said` is None when it was not in the vendor's own words."""
    meaning = (said.meaning if said else None) or meaning_of(status, is_own=said is not None)
    words = f"{said.code} {said.message}".strip()[:LONGEST_SAID] if said else "no words of its own"
    return error_of(meaning, f"HTTP {status}: {words}", read_retry_after(headers))


def meaning_of(status: int, *, is_own: bool) -> Meaning:
    """Return what a status means that comes from the vendor itself, or from a gateway before it."""
    if meaning := BY_STATUS.get(status):
        return meaning
    if status < FIRST_SERVER_ERROR:
        return Meaning.WRONG
    return Meaning.BROKEN if is_own and status in OWN_FAILURES else Meaning.LOST


def error_of(
    meaning: Meaning, message: str, retry_after_seconds: float | None = None
) -> ProviderError:
    """Return a meaning as every adapter raises it."""
    if meaning is Meaning.REFUSED:
        return ProviderError(message, code="content_refused", sent=Sent.YES, why=meaning)
    if meaning is Meaning.WRONG:
        return ProviderError(message, code="provider_refused", sent=Sent.YES, why=meaning)
    is_account = meaning in {Meaning.LOST, Meaning.BROKEN}
    if meaning in {Meaning.QUOTA, Meaning.KEY} and retry_after_seconds is None:
        retry_after_seconds = REFUSED_KEY_SECONDS
    return ProviderError(
        message,
        code="provider_unavailable",
        retryable=True,
        retry_after_seconds=retry_after_seconds,
        sent=Sent.MAYBE if meaning is Meaning.LOST else Sent.NO,
        fault=Fault.ACCOUNT if is_account else Fault.KEY,
        why=meaning,
    )


def says_any(error: str, words: Iterable[str]) -> bool:
    """Return whether an error has one of these words in it, in whichever case."""
    return any(word.casefold() in error.casefold() for word in words)


def ended(said: Said) -> ProviderError:
    """Return what it means that an order which the vendor had taken became nothing: it is over, whatever it was."""
    words = f"{said.code} {said.message}".strip()[:LONGEST_SAID]
    codes = {Meaning.REFUSED: "content_refused", Meaning.WRONG: "provider_refused"}
    code = codes.get(said.meaning or Meaning.BROKEN, "generation_failed")
    return ProviderError(f"ended: {words}", code=code, sent=Sent.YES)


def not_ordered(error: ProviderError) -> ProviderError:
    """Return why an input picture could not be handed over: whatever the vendor has of it, it has no order."""
    return ProviderError(
        f"input picture: {error}",
        code="provider_unavailable" if error.is_billed else error.code,
        retryable=error.retryable or error.is_billed,
        retry_after_seconds=error.retry_after_seconds,
        fault=error.fault,
    )


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a vendor asks to wait: in ms, in seconds or as an HTTP date, by its own clock where it
    says it."""
    try:
        if text := headers.get("retry-after-ms"):
            return checked(float(text) / 1000)
        text = headers.get("retry-after", "")
        if not text or text[0].isdigit() or text[0] == ".":
            return checked(float(text)) if text else None
        now = headers.get("date")
        ends = parsedate_to_datetime(text)
        if now is None or ends is None:
            return None
        begins = parsedate_to_datetime(now)
        return checked((ends.astimezone(UTC) - begins.astimezone(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def checked(seconds: float) -> float | None:
    """Return seconds that can be waited, or None."""
    return max(0.0, seconds) if math.isfinite(seconds) else None
