"""How a provider may fail. The adapter decides what it means; services decide what to do about it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Sent(StrEnum):
    """Whether the order reached the provider: what decides if it may be sent again."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


class Fault(StrEnum):
    """Whose failure it was, and so what rests for a while: nothing, the key, or the whole account."""

    ORDER = "order"
    KEY = "key"
    ACCOUNT = "account"


class ProviderError(Exception):
    """A provider could not make it.

    `code` is the stored failure's code, `retryable` says whether another attempt may succeed, `retry_after_seconds`
    how long to wait for it, `params` the values of the code's words, `sent` whether the order arrived, `fault` whose
    failure it was, `is_billed` that the vendor has done its part and will be paid, `why` the sorted Meaning of what it
    said. The message is for staff only.
    """

    # Of the answer that said so, where there was one.
    status: int | None = None
    # Whether the provider has the order no more, though it had taken it.
    is_gone = False

    def __init__(  # noqa: PLR0913 (all but the message have a usual value)
        self,
        message: str,
        *,
        code: str = "generation_failed",
        retryable: bool = False,
        retry_after_seconds: float | None = None,
        sent: Sent = Sent.NO,
        params: Mapping[str, Any] | None = None,
        fault: Fault = Fault.ORDER,
        is_billed: bool = False,
        why: str = "",
    ) -> None:
        # The vendor's own words are in it: no column takes a NUL.
        super().__init__(message.replace("\0", ""))
        self.code = code
        self.retryable = retryable
        self.retry_after_seconds = retry_after_seconds
        self.sent = sent
        self.params = dict(params or {})
        self.fault = fault
        self.is_billed = is_billed
        self.why = why
        # What was asked and answered, of a call that left: see `evidence`.
        self.evidence: Mapping[str, Any] = {}


class Forgotten(ProviderError):
    """The provider has an order no more that it had taken, and surely makes nothing of it: it may be ordered anew."""

    is_gone = True

    def __init__(self, message: str) -> None:
        super().__init__(
            message, code="provider_forgot", retryable=True, sent=Sent.YES, fault=Fault.ACCOUNT
        )


class Unsupported(ProviderError):
    """The provider cannot honour an option of the order; the message names it."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="provider_unsupported")


class BadOptions(Exception):
    """Options of a model that no order could be made with: a stable code, and the values of its words."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(f"{code} {params}")
        self.code = code
        self.params = params


class Stopped(Exception):
    """Raised by a progress report when the order is no longer wanted; adapters let it pass through."""


class OutOfTime(Stopped):
    """Raised by a progress report when the order was worked on for longer than it may be."""


class GivenBack(Stopped):
    """Raised by a progress report when the worker stops and has no patience left; another one makes the order."""
