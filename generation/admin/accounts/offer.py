"""Pages of models: what each provider offers under which name. A model is never deleted: it is switched off."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from generation.accounts.list_prices import LISTED_ON, suggest_prices
from generation.admin.accounts.lines import write_lora
from generation.admin.accounts.offer_form import AT_VENDOR, ModelForm, is_local
from generation.life import breaker
from generation.models import LocalWeights, Offer
from generation.models.weights import PLACE
from genhub.admin.base import HubAdmin
from genhub.admin.breakage import TellsBroken

WEIGHTS = (
    _("Weights on the workers"),
    {"fields": PLACE, "description": _("Of models of the local engine.")},
)
CLIPS = (
    _("Clips"),
    {
        "fields": ("default_seconds", ("durations", "frame_rates")),
        "description": _("Of models that make videos. Their resolutions are named by their sizes."),
    },
)
VENDOR = (_("At the vendor"), {"fields": AT_VENDOR, "description": _("Of models of vendors.")})


@admin.register(Offer)
class ProviderModelAdmin(TellsBroken, HubAdmin):
    """Models that orders may name."""

    form = ModelForm
    list_display = (
        "alias", "account", "is_enabled", "size", "default_steps", "default_cfg_scale", "weights_counted",
        "cost",
    )  # fmt: skip
    list_filter = ("account", "is_enabled")
    list_select_related = ("account", "local")
    search_fields = ("alias", "local__folder")
    fieldsets = (
        (
            _("What it is"),
            {"fields": (("alias", "account"), ("is_enabled", "media_types"))},
        ),
        WEIGHTS,
        VENDOR,
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
        CLIPS,
        (_("Prompts"), {"fields": ("default_negative_prompt", "longest_prompt")}),
        (_("Cost"), {"fields": ("usd_per_picture", "prices")}),
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix name and provider once orders may name them."""
        return ("alias", "account") if obj else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Offer]:
        """Return the models with where their weights lie."""
        found: QuerySet[Offer] = super().get_queryset(request)
        return found.select_related("account", "local")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what a model of the account's kind has not; a new one has no account yet."""
        fieldsets = super().get_fieldsets(request, obj)
        idle = ((VENDOR, CLIPS) if is_local(obj.account) else (WEIGHTS,)) if obj else ()
        return [fieldset for fieldset in fieldsets if not any(fieldset is one for one in idle)]

    def save_model(
        self,
        request: HttpRequest,
        obj: Offer,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Save the offer and, of a model of the local engine, where its weights lie."""
        if not change:
            suggest(request, obj)
        super().save_model(request, obj, form, change)
        if change and obj.is_enabled and "is_enabled" in form.changed_data:
            breaker.forgive(obj)
        if not is_local(obj.account):
            return
        changed = set(PLACE).intersection(form.changed_data)
        if changed or not change:
            place = {name: form.cleaned_data[name] for name in changed}
            LocalWeights.objects.update_or_create(offer=obj, defaults=place)

    # The words of the weights' row as those see them who may only look.
    @display(description=_("folder or hub id"))
    def folder(self, model: Offer) -> str:
        """Show the folder or hub id."""
        return local_of(model).folder or "–"

    @display(description=_("revision"))
    def revision(self, model: Offer) -> str:
        """Show the pinned commit."""
        return local_of(model).revision or "–"

    @display(description=_("weights"))
    def weights(self, model: Offer) -> str:
        """Show the files, in their order."""
        return ", ".join(local_of(model).weights) or "–"

    @display(description=_("LoRAs"))
    def loras(self, model: Offer) -> str:
        """Show the LoRAs as they are typed."""
        return "; ".join(map(write_lora, local_of(model).loras)) or "–"

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
        return str(len(local_of(model).weights) or "–")


def suggest(request: HttpRequest, offer: Offer) -> None:
    """Give a new model without prices those that its vendor listed, and tell staff to look at them. At another address
    somebody else sends the bill."""
    if offer.prices or offer.usd_per_picture is not None or offer.account.base_url:
        return
    offer.prices = suggest_prices(offer.account.adapter, offer.vendor_model or offer.alias)
    if offer.prices:
        message = gettext(
            "Nobody said what it costs: it has the prices that its vendor listed on %(day)s. Look whether they still hold."
        )
        messages.warning(request, message % {"day": LISTED_ON})


def local_of(model: Offer) -> LocalWeights:
    """Return where a model's weights lie; a vendor's have no place."""
    found: LocalWeights = getattr(model, "local", None) or LocalWeights()
    return found
