"""An account tried by hand: the cheapest call that proves each of its keys, and what came back. No order is made."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from generation.accounts import standing
from generation.accounts.adapters import adapter_of
from generation.models import Account, AccountKey
from generation.providers import evidence
from generation.providers.base import Provider
from generation.providers.errors import ProviderError
from generation.providers.registry import find_class
from genhub.lib.sealing import NotSealable

logger = logging.getLogger(__name__)
# Somebody waits before the page: for one answer so long, and not much longer for all.
ANSWER_SECONDS, WHOLE_SECONDS = 15.0, 45.0
# Why a key was not tried, or what failed on our own side; others are the vendor's Meaning, or empty: no answer.
NO_KEY, SEALED, LATE, BROKE = "no_key", "sealed", "late", "broke"
LONGEST_SHOWN = 500


@dataclass(frozen=True)
class Tried:
    """What came of one key, or of an account without any: what the adapter said, or why not and the words of that."""

    key: AccountKey | None = None
    said: Mapping[str, Any] = field(default_factory=dict)
    why: str | None = None
    error: str = ""

    @property
    def is_well(self) -> bool:
        """Return whether the vendor answered as it should."""
        return self.why is None


def can_try(account: Account) -> bool:
    """Return whether an account's adapter has a call for this."""
    return find_class(account.adapter).check is not Provider.check


def try_account(account: Account) -> list[Tried]:
    """Try an account with each enabled key, outside any transaction; who is well is woken.

    A failure changes nothing: a key that may make pictures need not be allowed to list models.
    """
    keys: list[AccountKey | None] = list(account.keys.filter(is_enabled=True))
    if not keys and (account.keys.exists() or find_class(account.adapter).capabilities.needs_key):
        return [Tried(why=NO_KEY)]
    ends_at = time.monotonic() + WHOLE_SECONDS
    found = []
    for key in keys or [None]:
        is_late = time.monotonic() > ends_at
        found.append(Tried(key, why=LATE) if is_late else try_key(account, key))
    return found


def try_key(account: Account, key: AccountKey | None) -> Tried:
    """Try an account with one key."""
    secret = ""
    try:
        secret = key.secret() if key else ""
        said = adapter_of(account, key, most_seconds=ANSWER_SECONDS).check()
    except (NotSealable, ImproperlyConfigured) as error:
        return Tried(key, why=SEALED, error=str(error))
    except ProviderError as error:
        return Tried(key, why=error.why, error=redact(str(error), secret))
    except Exception as error:
        # An option that the adapter cannot read, or a mistake of its own: said here, and whole in the log.
        logger.exception("the check of %s broke", account.alias)
        return Tried(key, why=BROKE, error=redact(repr(error), secret))
    standing.hear_check(account.pk, key.pk if key else None)
    return Tried(key, said={name: shown(value, secret) for name, value in said.items()})


def shown(value: Any, secret: str) -> Any:
    """Return what an adapter said as it may be shown: mappings by their names, the rest as text."""
    if isinstance(value, Mapping):
        return {redact(str(name), secret): redact(str(item), secret) for name, item in value.items()}  # fmt: skip
    return redact(str(value), secret)


def redact(text: str, secret: str) -> str:
    """Return a vendor's words without the key, which some vendors repeat, and not at any length."""
    return evidence.hide(text, [secret] if secret else [])[:LONGEST_SHOWN]
