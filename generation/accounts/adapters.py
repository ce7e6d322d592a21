"""The adapter of an account: two accounts at one vendor have one each; what owns this machine's device is one."""

import threading
from functools import cache

from generation.models import Account
from generation.providers.base import AccountSettings, DrawsBatches, Provider
from generation.providers.registry import find_class, make_adapter

# Threads of one process must not load one engine twice.
making = threading.Lock()


def adapter_of(account: Account) -> Provider:
    """Return this process's adapter of an account; raise KeyError where nobody registered its adapter's name."""
    with making:
        if issubclass(find_class(account.adapter), DrawsBatches):
            return make_once(account.adapter)
    return make_adapter(account.adapter, settings_of(account))


def settings_of(account: Account) -> AccountSettings:
    """Return an account as its adapter sees it."""
    return AccountSettings(alias=account.alias)


@cache
def make_once(name: str) -> Provider:
    """Return the adapter that owns this machine's device, and the same one from then on."""
    return make_adapter(name, AccountSettings(name))
