"""The form of an account: what would make its orders fail, or leave the house unseen, is said next to the field."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from generation.admin.accounts.addresses import AddressForm
from generation.providers.registry import ADAPTERS, LOCAL, find_class

# It speaks to nobody, and so needs no address.
STUB = "stub"


class AccountForm(AddressForm):
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

    def clean(self) -> dict[str, Any]:
        """Return the values, or say at each field what does not fit the others."""
        values = super().clean()
        adapter = self.adapter_of(values)
        if adapter in ADAPTERS and "base_url" in values:
            if self.instance.pk is None:
                self.instance.queue = queue_of(adapter)
            if not values["base_url"] and not find_class(adapter).base_url and adapter != STUB:
                message = _("This adapter's vendor has no usual address: say where the server is.")
                self.add_error("base_url", message)
        return values

    def speaks(self, values: dict[str, Any]) -> bool:
        """Return whether its adapter speaks to anybody."""
        return self.adapter_of(values) != STUB

    def adapter_of(self, values: dict[str, Any]) -> str:
        """Return by which adapter its orders go."""
        return str(values.get("adapter") or self.instance.adapter)


def known(value: str, choices: Iterable[str]) -> str:
    """Return a value that is one of the choices; the page offers no others."""
    if value not in choices:
        message = _("Choose one of these: %(choices)s.")
        raise ValidationError(message, params={"choices": ", ".join(choices)})
    return value


def queue_of(adapter: str) -> str:
    """Return where an adapter's orders wait: for a worker of vendors, or for one that owns the device."""
    return "remote" if find_class(adapter).capabilities.is_remote else "local"
