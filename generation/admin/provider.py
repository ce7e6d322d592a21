"""Pages of providers: staff switch and weigh them; what their models are able to is read."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from generation.models import Provider
from generation.spec import ModelCard
from genhub.admin.base import HubAdmin
from genhub.admin.show import code, table


@admin.register(Provider)
class ProviderAdmin(HubAdmin):
    """Configured accounts at vendors, or the local engine."""

    list_display = ("alias", "adapter", "queue", "models_named", "is_enabled", "weight")
    list_editable = ("is_enabled", "weight")
    list_filter = ("queue", "is_enabled")
    fields = ("alias", "adapter", "queue", "is_enabled", "weight")
    readonly_fields = ("alias", "adapter", "queue")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a provider needs an adapter and cards, which the hub's seed and configuration bring."""
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a provider with what its models are able to."""
        provider = self.find_object(request, object_id)
        words = {"sections": [(_("What its models are able to"), cards_table(provider))]}
        return super().change_view(request, object_id, form_url, words | (extra_context or {}))

    @display(description=_("models"))
    def models_named(self, provider: Provider) -> str:
        """Show the aliases of its models."""
        return ", ".join(sorted(provider.cards)) or "–"


def cards_table(provider: Provider) -> SafeString:
    """Return each model's sizes, defaults and limits."""
    headers = [
        _("model"),
        _("sizes (pixels)"),
        _("default size"),
        _("steps"),
        _("guidance"),
        _("longest prompt"),
    ]
    cards = [ModelCard.from_json(alias, values) for alias, values in provider.cards.items()]
    return table(headers, [describe_card(card) for card in cards])


def describe_card(card: ModelCard) -> list[object]:
    """Return what a model is able to, as a table's row."""
    sizes = ", ".join(f"{width}×{height}" for width, height in card.sizes)
    any_size = gettext("any side from %(least)s to %(most)s") % {
        "least": card.smallest_side,
        "most": card.largest_side,
    }
    return [
        code(card.alias),
        sizes or any_size,
        f"{card.default_width}×{card.default_height}",
        gettext("%(default)s, high quality %(high)s, at most %(most)s")
        % {
            "default": card.default_steps,
            "high": card.high_quality_steps,
            "most": card.largest_steps,
        },
        gettext("%(default)s, at most %(most)s")
        % {"default": card.default_cfg_scale, "most": card.largest_cfg_scale},
        card.longest_prompt,
    ]
