"""The adapter of an account: two accounts at one vendor have one each; what owns this machine's device is one."""

import threading
from functools import cache

from generation.models import Account
from generation.providers.base import DrawsBatches, Provider
from generation.providers.registry import find_class, make_adapter

# Threads of one process must not load one engine twice.
making = threading.Lock()


def adapter_of(account: Account) -> Provider:
    """Return this process's adapter of an account; raise KeyError where nobody registered its adapter's name."""
    with making:
        owns_device = issubclass(find_class(account.adapter), DrawsBatches)
        return make_once(None if owns_device else account.pk, account.adapter)


@cache
def make_once(account_id: int | None, name: str) -> Provider:
    """Return a new adapter for an account, and the same one from then on."""
    return make_adapter(name)
