"""Pages of providers: staff add, switch, weigh and limit them; their models have pages of their own."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from generation.accounts import spending
from generation.admin.accounts import standing
from generation.admin.accounts.account_form import AccountForm
from generation.admin.accounts.keys import KeyInline
from generation.admin.accounts.pausing import Pausing
from generation.models import Account, Offer
from generation.orders.modes import FAST, FINE, find_usual
from generation.providers.registry import ADAPTERS, LOCAL
from generation.spec import ModelCard
from genhub.admin.breakage import TellsBroken
from genhub.admin.forms import JsonField
from genhub.admin.show import badge, code, link, table

# The first is chosen before anybody chooses; there is one engine already.
ADAPTER_CHOICES = [(name, name) for name in ADAPTERS if name != LOCAL]
KEPT = ("standing", "working", "failures", "last_error_shown")
WHAT = (_("What it is"), {"fields": (("alias", "adapter"), "is_enabled")})
WHERE = (
    _("The server"),
    {
        "fields": ("base_url", "is_in_house", "options"),
        "description": _("Where the vendor is, and the words of its adapter; the handbook lists them."),
    },
)  # fmt: skip
SHARE = (
    _("Its part of the orders"),
    {
        "fields": (("weight", "standby_rank"),),
        "description": _("Where several providers have a model of one name."),
    },
)
LIMITS = (
    _("Limits"),
    {
        "fields": (
            ("concurrency", "requests_per_minute", "polls_per_minute"),
            ("connect_seconds", "answer_seconds"),
            "daily_limit_usd",
        ),
        "description": _("They hold for all workers together."),
    },
)
STANDING = (_("How it stands"), {"fields": KEPT})


@admin.register(Account)
class ProviderAdmin(TellsBroken, Pausing):
    """Configured accounts at vendors, or the local engine."""

    list_display = (
        "alias", "adapter", "standing_noted", "working", "keys_shown", "models_named", "is_enabled", "weight",
        "standby_rank",
    )  # fmt: skip
    list_editable = ("is_enabled", "weight")
    list_filter = ("adapter", "is_enabled", "is_in_house", "resting_why")
    form = AccountForm
    inlines = (KeyInline,)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out what a new one has not yet, and what the engine has no use for."""
        if obj is None:
            return (WHAT, WHERE, SHARE, LIMITS)
        if obj.adapter == LOCAL:
            return (WHAT, SHARE, STANDING)
        return (WHAT, WHERE, SHARE, LIMITS, STANDING)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Leave out keys where there is nobody to show them to."""
        return () if obj and obj.adapter == LOCAL else self.inlines

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix what orders lean on once there may be any."""
        return ("alias", "adapter", *KEPT) if obj else ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the adapters that there are; take options as an object of JSON."""
        if db_field.name == "adapter":
            kwargs["widget"] = UnfoldAdminSelectWidget(choices=ADAPTER_CHOICES)
        if db_field.name == "options":
            words = {"label": capfirst(db_field.verbose_name), "help_text": db_field.help_text}
            return JsonField(shape=dict, initial=dict, **words)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        """Return the providers with their models, and how they stand."""
        found: QuerySet[Account] = super().get_queryset(request)
        return standing.with_standing(found).prefetch_related("offers")

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

    @display(description=_("state"))
    def standing(self, account: Account) -> SafeString:
        """Show whether it takes orders, or until when not and why."""
        return standing.account_badge(account)

    @display(description=_("state"), ordering="resting_until")
    def standing_noted(self, account: Account) -> SafeString:
        """Show the same with the last failure below, where there was one."""
        shown = standing.account_badge(account)
        return standing.noted(shown, standing.error_words(account.last_error))

    @display(description=_("at work now"))
    def working(self, account: Account) -> str:
        """Show how many orders are there, of how many there may be."""
        return standing.working_words(account)

    @display(description=_("keys"))
    def keys_shown(self, account: Account) -> str:
        """Show how many keys can be used, of how many there are."""
        return standing.key_words(account)

    @display(description=_("last error"))
    def last_error_shown(self, account: Account) -> SafeString | str:
        """Show when it failed last, and the vendor's own words."""
        return standing.last_error_words(account)

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
    guidance = {"default": card.default_cfg_scale, "most": card.largest_cfg_scale}
    return [
        sizes or any_size,
        f"{card.default_width}×{card.default_height}",
        gettext("%(default)s, fast %(fast)s, fine %(fine)s, at most %(most)s") % steps
        if card.takes("steps")
        else "–",
        gettext("%(default)s, at most %(most)s") % guidance if card.takes("cfg_scale") else "–",
        card.longest_prompt,
    ]
