"""The adapter of an account: two accounts at one vendor have one each; what owns this machine's device is one."""

import math
import threading
from dataclasses import replace
from functools import cache
from typing import cast

from django.conf import settings

from generation.models import Account, AccountKey
from generation.providers.base import AccountSettings, DrawsBatches, Provider
from generation.providers.registry import find_class, make_adapter

# Threads of one process must not load one engine twice.
making = threading.Lock()


def adapter_of(
    account: Account, key: AccountKey | None = None, *, most_seconds: float = math.inf
) -> Provider:
    """Return the adapter of an account, with one of its keys, which waits for no connection and no answer longer
    than so many seconds.

    Raises KeyError where nobody registered its adapter's name, NotSealable where the key cannot be opened.
    """
    if device := device_of(account):
        return device
    told = settings_of(account, key)
    bounded = replace(
        told,
        connect_seconds=min(told.connect_seconds, most_seconds),
        answer_seconds=min(told.answer_seconds, most_seconds),
    )
    return make_adapter(account.adapter, bounded)


def device_of(account: Account) -> DrawsBatches | None:
    """Return the adapter that owns this machine's device, None for an account of a vendor's.

    Raises KeyError where nobody registered its adapter's name.
    """
    if not issubclass(find_class(account.adapter), DrawsBatches):
        return None
    with making:
        return make_once(account.adapter)


def can_find_lost(account: Account) -> bool:
    """Return whether an account's vendor lists its orders, so that a lost one can be found there."""
    return find_class(account.adapter).capabilities.finds_lost


def settings_of(account: Account, key: AccountKey | None = None) -> AccountSettings:
    """Return an account as its adapter sees it."""
    return AccountSettings(
        alias=account.alias,
        base_url=account.base_url,
        key=key.secret() if key else "",
        options=account.options,
        connect_seconds=account.connect_seconds,
        answer_seconds=account.answer_seconds,
        private_hosts=settings.PRIVATE_HOSTS,
        most_clip_bytes=settings.OUTPUT_VIDEO_MAX_BYTES,
    )


@cache
def make_once(name: str) -> DrawsBatches:
    """Return the adapter that owns this machine's device, and the same one from then on."""
    return cast("DrawsBatches", make_adapter(name, AccountSettings(name)))
