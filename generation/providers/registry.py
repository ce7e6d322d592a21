"""Adapters by name, imported when they are made: a hub without a GPU never imports torch."""

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


def find_class(name: str) -> type[Provider]:
    """Return the class of an adapter; raise KeyError for a name that nobody registered."""
    return cast("type[Provider]", import_string(ADAPTERS[name]))


def make_adapter(name: str) -> Provider:
    """Return a new adapter with the options that the settings have for it; raise KeyError as `find_class` does."""
    return find_class(name)(**settings.ADAPTER_OPTIONS.get(name, {}))
