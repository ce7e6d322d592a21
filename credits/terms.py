"""What a hold answers to besides its purse."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from credits.models.hold import LIFETIME
from credits.models.transfer import Reason


@dataclass(frozen=True)
class Allowance:
    """The most that all orders of one bearer may hold together: its id, and whole credits. What is released comes
    back; it never begins anew."""

    id: uuid.UUID
    most: int


@dataclass(frozen=True)
class Terms:
    """The API key that ordered, what its bearer may hold besides, how long a hold may stay open, below what the
    platform is told, the clock of a test (`at`) in place of the database's, and what is paid for."""

    api_key_id: uuid.UUID | None = None
    allowance: Allowance | None = None
    lifetime: timedelta = LIFETIME
    low_mark: int | None = None
    at: datetime | None = None
    reason: str = Reason.GENERATION


PLAIN = Terms()
