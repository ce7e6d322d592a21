"""Pages of providers: staff add, switch and weigh them; their models have pages of their own."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from generation.accounts import spending
from generation.models import Account, Offer
from generation.models.account import QUEUES
from generation.orders.modes import FAST, FINE, find_usual
from generation.providers.registry import ADAPTERS, LOCAL
from generation.spec import ModelCard
from genhub.admin.base import HubAdmin
from genhub.admin.breakage import TellsBroken
from genhub.admin.show import badge, code, link, table

# The first of each is chosen before anybody chooses.
CHOICES = {
    "adapter": [(name, name) for name in sorted(ADAPTERS, key=LOCAL.__eq__)],
    "queue": [(name, name) for name in reversed(QUEUES)],
}


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new account, or the switch and weight of one that there is already."""

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

    def clean_queue(self) -> str:
        """Refuse a queue that no worker serves."""
        return known(str(self.cleaned_data["queue"]), QUEUES)


def known(value: str, choices: Iterable[str]) -> str:
    """Return a value that is one of the choices; the page offers no others."""
    if value not in choices:
        message = _("Choose one of these: %(choices)s.")
        raise ValidationError(message, params={"choices": ", ".join(choices)})
    return value


@admin.register(Account)
class ProviderAdmin(TellsBroken, HubAdmin):
    """Configured accounts at vendors, or the local engine."""

    list_display = ("alias", "adapter", "queue", "models_named", "is_enabled", "weight")
    list_editable = ("is_enabled", "weight")
    list_filter = ("queue", "is_enabled")
    form = AccountForm
    fields = ("alias", "adapter", "queue", "is_enabled", "weight")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix what orders lean on once there may be any."""
        return ("alias", "adapter", "queue") if obj else ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the adapters and the queues that there are."""
        if db_field.name in CHOICES:
            kwargs["widget"] = UnfoldAdminSelectWidget(choices=CHOICES[db_field.name])
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        """Return the providers with their models."""
        found: QuerySet[Account] = super().get_queryset(request)
        return found.prefetch_related("offers")

    def save_model(
        self,
        request: HttpRequest,
        obj: Account,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Save, and let an account whose limit is another one now be asked for orders again."""
        super().save_model(request, obj, form, change)
        if "daily_limit_usd" in form.changed_data:
            spending.reopen(obj.pk)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a provider with what its models are able to."""
        models = self.find_object(request, object_id).offers.all()
        has_page = request.user.has_perm("generation.view_offer")
        title = _("What its models are able to")
        words = {"sections": [(title, models_table(models, has_page=has_page))]}
        return super().change_view(request, object_id, form_url, words | (extra_context or {}))

    @display(description=_("models"))
    def models_named(self, account: Account) -> str:
        """Show the aliases of the models that it offers."""
        return ", ".join(model.alias for model in account.offers.all() if model.is_enabled) or "–"


def models_table(models: Iterable[Offer], *, has_page: bool) -> SafeString:
    """Return each model's sizes, defaults and limits; its name leads to its page, for those who may see that."""
    headers = [
        _("model"),
        _("state"),
        _("sizes (pixels)"),
        _("default size"),
        _("steps"),
        _("guidance"),
        _("longest prompt"),
    ]
    rows = []
    for model in models:
        view = "generation_offer"
        name = link(view, model.pk, model.alias) if has_page else code(model.alias)
        state = badge(_("on"), "success") if model.is_enabled else badge(_("off"))
        rows.append([name, state, *describe_card(model.card())])
    return table(headers, rows)


def describe_card(card: ModelCard) -> list[object]:
    """Return what a model is able to, as the cells of a table's row."""
    sizes = ", ".join(f"{width}×{height}" for width, height in card.sizes)
    any_size = gettext("any side from %(least)s to %(most)s") % {
        "least": card.smallest_side,
        "most": card.largest_side,
    }
    steps = {
        "fast": find_usual(card, FAST, "standard").steps,
        "default": card.default_steps,
        "fine": find_usual(card, FINE, "standard").steps,
        "most": card.largest_steps,
    }
    return [
        sizes or any_size,
        f"{card.default_width}×{card.default_height}",
        gettext("%(default)s, fast %(fast)s, fine %(fine)s, at most %(most)s") % steps,
        gettext("%(default)s, at most %(most)s")
        % {"default": card.default_cfg_scale, "most": card.largest_cfg_scale},
        card.longest_prompt,
    ]
