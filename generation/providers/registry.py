"""Adapters by alias, imported on first use: a hub without a GPU never imports torch."""

from functools import cache
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string

from generation.providers.base import Provider

# The engine of this hub: one process owns one device, so there is one account of it.
LOCAL = "local"
ADAPTERS = {
    LOCAL: "generation.providers.local.LocalProvider",
    "stub": "generation.providers.stub.StubProvider",
}


@cache
def get_adapter(alias: str) -> Provider:
    """Return the process's one adapter of this alias; raise KeyError for an alias that nobody registered."""
    return cast(
        "Provider", import_string(ADAPTERS[alias])(**settings.ADAPTER_OPTIONS.get(alias, {}))
    )
