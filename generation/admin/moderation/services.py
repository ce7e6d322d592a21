"""Pages of moderation services: who is asked about prompts and pictures, with which key, and how they stand."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from generation.admin.accounts.addresses import AddressForm
from generation.admin.accounts.keys import LONGEST_KEY, sealable
from generation.admin.accounts.standing import error_words, noted, standing_badge
from generation.models import Moderator
from generation.moderation.judges.registry import JUDGES, find_judge
from genhub.admin.base import HubAdmin
from genhub.admin.forms import JsonField
from genhub.admin.show import code
from genhub.lib.clock import NOW


class ServiceForm(AddressForm):
    """A service; what would make it fail, or show it what must stay in the house, is said at its field."""

    secret = forms.CharField(
        label=_("Key"),
        required=False,
        max_length=LONGEST_KEY,
        widget=UnfoldAdminPasswordWidget({"autocomplete": "new-password"}),
        help_text=_("It is never shown again. Empty: it stays as it is."),
    )

    def clean_secret(self) -> str:
        """Refuse what is no key, or cannot be sealed."""
        secret = str(self.cleaned_data["secret"])
        return sealable(secret) if secret else ""

    def clean(self) -> dict[str, Any]:
        """Return the values, or say at each field what does not fit the others."""
        values = super().clean()
        adapter = values.get("adapter") or self.instance.adapter
        if adapter in JUDGES:
            self.check_abilities(adapter, values)
        return values

    def check_abilities(self, adapter: str, values: dict[str, Any]) -> None:
        """Refuse to ask a service for what it does not judge, or for nothing."""
        judge = find_judge(adapter)
        for name, is_able in (
            ("checks_prompts", judge.judges_texts),
            ("checks_pictures", judge.judges_pictures),
        ):
            if values.get(name) and not is_able:
                self.add_error(name, _("This vendor does not judge these."))

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 (Django's own)
        """Seal a key that was written, and trust the service anew."""
        if secret := self.cleaned_data.get("secret"):
            self.instance.take(secret)
        return super().save(commit)


@admin.register(Moderator)
class ModeratorAdmin(HubAdmin):
    """Moderation services, in the order in which they are asked."""

    form = ServiceForm
    list_display = ("alias", "adapter", "standing", "checks_prompts", "checks_pictures", "rank", "is_enabled")  # fmt: skip
    list_editable = ("rank", "is_enabled")
    list_filter = ("adapter", "is_enabled", "is_in_house")
    fieldsets = (
        (_("What it is"), {"fields": (("alias", "adapter"), ("checks_prompts", "checks_pictures"), ("rank", "is_enabled"))}),
        (_("The server"), {"fields": ("base_url", ("secret", "hint_shown"), "is_in_house", "options", ("connect_seconds", "answer_seconds"))}),
        (_("How it stands"), {"fields": ("standing",)}),
    )  # fmt: skip
    add_fieldsets = fieldsets[:-1]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Moderator]:
        """Return the services with the database's time."""
        found: QuerySet[Moderator] = super().get_queryset(request)
        return found.annotate(now=NOW)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out how a new one stands."""
        return self.fieldsets if obj else self.add_fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix what findings name once there may be any."""
        kept = ("standing", "hint_shown")
        return ("alias", "adapter", *kept) if obj else kept

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the adapters that there are; take options as an object of JSON."""
        if db_field.name == "adapter":
            kwargs["widget"] = UnfoldAdminSelectWidget(choices=[(name, name) for name in JUDGES])
        if db_field.name == "options":
            words = {"label": capfirst(db_field.verbose_name), "help_text": db_field.help_text}
            return JsonField(shape=dict, initial=dict, **words)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Moderator, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save; a key that was written is asked for at once, however its service had failed with the one before."""
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("secret"):
            Moderator.objects.filter(pk=obj.pk).update(
                sealed=obj.sealed, hint=obj.hint, failures=0, resting_until=None, resting_why="", last_error=""
            )  # fmt: skip

    @display(description=_("state"))
    def standing(self, service: Any) -> SafeString | str:
        """Show whether it is asked, or until when it rests, and how it failed last."""
        return noted(standing_badge(service, service.now), error_words(service.last_error))

    @display(description=_("key ends in"))
    def hint_shown(self, service: Moderator) -> SafeString | str:
        """Show the last characters of its key."""
        return code(f"…{service.hint}") if service.sealed else "–"
