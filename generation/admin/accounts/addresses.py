"""Addresses of servers in forms: whom the hub may speak to, and whether what it says stays in the house."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from generation.models.account import validate_base_url
from genhub.lib.dial import is_named, lies_inside
from genhub.lib.fetch import PORTS
from genhub.lib.public_addresses import looks_private

RESOLVER_SECONDS = 3.0
NOT_ALLOWED = _(
    "This address is in a private network, which vendors' accounts must not reach by mistake. If the server is yours, "
    "name it in the setting PRIVATE_HOSTS, as host or host:port, and start the hub anew."
)
READABLE = _(
    "Over plain http everybody on the way reads key and prompts: write https. Only a server of your own, which "
    "PRIVATE_HOSTS names, is spoken to in plain http."
)
NOT_OURS = _(
    "Only a server that the setting PRIVATE_HOSTS names is in the house: orders that must not leave would go there."
)


class AddressForm(forms.ModelForm):  # type: ignore[type-arg]
    """The form of a row with `base_url` and `is_in_house`."""

    def clean_base_url(self) -> str:
        """Refuse what is no address, before it is asked whose it is."""
        url = str(self.cleaned_data["base_url"])
        if url:
            validate_base_url(url)
        return url

    def clean(self) -> dict[str, Any]:
        """Refuse an address that nobody allowed, and one of a stranger for orders that stay in the house."""
        values = super().clean() or {}
        if "base_url" not in values:
            return values
        url = values["base_url"]
        is_ours = bool(url) and is_allowed(url)
        if url and not is_ours:
            if is_private(url):
                self.add_error("base_url", NOT_ALLOWED)
            elif urlsplit(url).scheme == "http":
                self.add_error("base_url", READABLE)
        if values.get("is_in_house") and not is_ours and (url or self.speaks(values)):
            self.add_error("is_in_house", NOT_OURS)
        return values

    def speaks(self, values: dict[str, Any]) -> bool:
        """Return whether it would speak to anybody without an address of its own: its vendor has a usual one."""
        return True


def is_allowed(url: str) -> bool:
    """Return whether the operator named an address's host, or host and port, as one of the house."""
    hosts = {host.lower() for host in settings.PRIVATE_HOSTS}
    return is_named(*host_of(url), hosts)


def is_private(url: str) -> bool:
    """Return whether an address lies in a private network; of a name that nobody knows now, by how it is written."""
    host, port = host_of(url)
    return looks_private(host) or lies_inside(host, port, RESOLVER_SECONDS)


def host_of(url: str) -> tuple[str, int]:
    """Return the host and the port of an address."""
    parts = urlsplit(url)
    return (parts.hostname or "").rstrip("."), parts.port or PORTS[parts.scheme]
