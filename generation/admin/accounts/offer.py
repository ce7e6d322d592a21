"""Pages of models: what each provider offers under which name. A model is never deleted: it is switched off."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from generation.admin.accounts.offer_form import ModelForm
from generation.models import Offer
from genhub.admin.base import HubAdmin
from genhub.admin.breakage import TellsBroken


@admin.register(Offer)
class ProviderModelAdmin(TellsBroken, HubAdmin):
    """Models that orders may name."""

    form = ModelForm
    list_display = (
        "alias", "account", "is_enabled", "size", "default_steps", "default_cfg_scale", "weights_counted",
        "cost",
    )  # fmt: skip
    list_filter = ("account", "is_enabled")
    list_select_related = ("account",)
    search_fields = ("alias", "folder")
    fieldsets = (
        (
            _("What it is"),
            {
                "fields": (
                    ("alias", "account"), ("is_enabled", "media_types"), "folder", "revision", "weights", "loras",
                )
            },
        ),
        (
            _("Sizes"),
            {"fields": (("default_width", "default_height"), ("smallest_side", "largest_side"), "sizes")},
        ),
        (
            _("Steps and guidance"),
            {"fields": (("default_steps", "largest_steps"), ("default_cfg_scale", "largest_cfg_scale"))},
        ),
        (
            _("Fast"),
            {
                "fields": (("fast_steps", "fast_cfg_scale"), ("fast_width", "fast_height")),
                "description": _("For mode=fast, where the order does not say otherwise."),
            },
        ),
        (
            _("Fine"),
            {
                "fields": (("fine_steps", "fine_cfg_scale"), ("fine_width", "fine_height")),
                "description": _("For mode=fine, where the order does not say otherwise."),
            },
        ),
        (_("Prompts"), {"fields": ("default_negative_prompt", "longest_prompt")}),
        (_("Cost"), {"fields": ("usd_per_picture",)}),
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix name and provider once orders may name them."""
        return ("alias", "account") if obj else ()

    @display(description=_("usual size"), ordering="default_width")
    def size(self, model: Offer) -> str:
        """Show width and height."""
        return f"{model.default_width}×{model.default_height}"

    @display(description=_("USD per picture"), ordering="usd_per_picture")
    def cost(self, model: Offer) -> str:
        """Show what a picture costs the operator, without the zeros at its end."""
        usd = model.usd_per_picture
        return "–" if usd is None else f"{usd.normalize():f}"

    @display(description=_("weights"))
    def weights_counted(self, model: Offer) -> str:
        """Show how many files replace the folder's weights."""
        return str(len(model.weights)) if model.weights else "–"
