"""What the pages of services share: an address, a key that is written and never shown, and how each stands."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget

from generation.admin.accounts.addresses import AddressForm
from generation.admin.accounts.keys import LONGEST_KEY, sealable
from generation.admin.accounts.standing import error_words, noted, standing_badge
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

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 (Django's own)
        """Seal a key that was written, and trust the service anew."""
        if secret := self.cleaned_data.get("secret"):
            self.instance.take(secret)
        return super().save(commit)


class ServicePages(HubAdmin):
    """Services, in the order in which they are asked."""

    form = ServiceForm
    fixed: tuple[str, ...] = ("alias",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the services with the database's time."""
        found: QuerySet[Any] = super().get_queryset(request).annotate(now=NOW)
        return found

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out how a new one stands, which comes last."""
        return self.fieldsets if obj else (self.fieldsets or ())[:-1]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix what findings and logs name once there may be any."""
        kept = ("standing", "hint_shown")
        return (*self.fixed, *kept) if obj else kept

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Take options as an object of JSON."""
        if db_field.name == "options":
            words = {"label": capfirst(db_field.verbose_name), "help_text": db_field.help_text}
            return JsonField(shape=dict, initial=dict, **words)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save; a key that was written is asked for at once, however its service had failed with the one before."""
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("secret"):
            self.model._default_manager.filter(pk=obj.pk).update(  # noqa: SLF001 (Django's documented API)
                sealed=obj.sealed, hint=obj.hint, failures=0, resting_until=None, resting_why="", last_error=""
            )  # fmt: skip

    @display(description=_("state"))
    def standing(self, service: Any) -> SafeString | str:
        """Show whether it is asked, or until when it rests, and how it failed last."""
        return noted(standing_badge(service, service.now), error_words(service.last_error))

    @display(description=_("key ends in"))
    def hint_shown(self, service: Any) -> SafeString | str:
        """Show the last characters of its key."""
        return code(f"…{service.hint}") if service.sealed else "–"
