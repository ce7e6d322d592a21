"""Pages of providers: staff switch and weigh them; their models have pages of their own."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from generation.models import Account, Offer
from generation.orders.modes import FAST, FINE, find_usual
from generation.spec import ModelCard
from genhub.admin.base import HubAdmin
from genhub.admin.breakage import TellsBroken
from genhub.admin.show import badge, code, link, table


@admin.register(Account)
class ProviderAdmin(TellsBroken, HubAdmin):
    """Configured accounts at vendors, or the local engine."""

    list_display = ("alias", "adapter", "queue", "models_named", "is_enabled", "weight")
    list_editable = ("is_enabled", "weight")
    list_filter = ("queue", "is_enabled")
    fields = ("alias", "adapter", "queue", "is_enabled", "weight")
    readonly_fields = ("alias", "adapter", "queue")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a provider needs an adapter, which the hub's seed and configuration bring."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        """Return the providers with their models."""
        found: QuerySet[Account] = super().get_queryset(request)
        return found.prefetch_related("offers")

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
