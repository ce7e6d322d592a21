"""The form of an account: what would make its orders fail, or leave the house unseen, is said next to the field."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from generation.models.account import validate_base_url
from generation.providers.registry import ADAPTERS, LOCAL, find_class
from genhub.lib.dial import is_named, lies_inside
from genhub.lib.fetch import PORTS
from genhub.lib.public_addresses import looks_private

RESOLVER_SECONDS = 3.0
# It speaks to nobody, and so needs no address.
STUB = "stub"


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new account, or all but the name and the adapter of one that there is already."""

    def clean_alias(self) -> str:
        """Keep the name of the engine's account for it: the hub makes it when it is prepared."""
        alias = str(self.cleaned_data["alias"])
        if alias == LOCAL:
            raise ValidationError(_("This name is the local engine's. Choose another."))
        return alias

    def clean_adapter(self) -> str:
        """Refuse an adapter that nobody wrote, and a second account of the engine."""
        adapter = str(self.cleaned_data["adapter"])
        if adapter == LOCAL:
            message = _(
                "The local engine is one provider: a second one would want the same device. Add models to the one "
                "that there is."
            )
            raise ValidationError(message)
        return known(adapter, ADAPTERS)

    def clean_base_url(self) -> str:
        """Refuse what is no address, before it is asked whose it is."""
        url = str(self.cleaned_data["base_url"])
        if url:
            validate_base_url(url)
        return url

    def clean(self) -> dict[str, Any]:
        """Return the values, or say at each field what does not fit the others."""
        values = super().clean() or {}
        adapter = values.get("adapter") or self.instance.adapter
        if adapter in ADAPTERS and "base_url" in values:
            if self.instance.pk is None:
                self.instance.queue = queue_of(adapter)
            self.check_address(adapter, values)
        return values

    def check_address(self, adapter: str, values: dict[str, Any]) -> None:
        """Refuse an address that nobody allowed, and one of a stranger for orders that stay in the house."""
        url = values["base_url"]
        if not url and not find_class(adapter).base_url and adapter != STUB:
            message = _("This adapter's vendor has no usual address: say where the server is.")
            self.add_error("base_url", message)
        is_ours = bool(url) and is_allowed(url)
        if url and not is_ours:
            if is_private(url):
                self.add_error("base_url", NOT_ALLOWED)
            elif urlsplit(url).scheme == "http":
                self.add_error("base_url", READABLE)
        if values.get("is_in_house") and not is_ours and (url or adapter != STUB):
            self.add_error("is_in_house", NOT_OURS)


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


def known(value: str, choices: Iterable[str]) -> str:
    """Return a value that is one of the choices; the page offers no others."""
    if value not in choices:
        message = _("Choose one of these: %(choices)s.")
        raise ValidationError(message, params={"choices": ", ".join(choices)})
    return value


def queue_of(adapter: str) -> str:
    """Return where an adapter's orders wait: for a worker of vendors, or for one that owns the device."""
    return "remote" if find_class(adapter).capabilities.is_remote else "local"


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
