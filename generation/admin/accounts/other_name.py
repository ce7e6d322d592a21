"""Pages of models' other names. None is deleted: it is switched off."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Case, Exists, F, OuterRef, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from generation.accounts.routing import offered
from generation.models import Offer, OtherName
from generation.orders.maker import default_model
from genhub.admin.base import HubAdmin
from genhub.admin.show import badge


class OtherNameForm(forms.ModelForm):  # type: ignore[type-arg]
    """A name, and one of the models that some provider has."""

    class Meta:
        model = OtherName
        fields = ("name", "model", "is_enabled")

    def __init__(self, *args: Any, **words: Any) -> None:
        super().__init__(*args, **words)
        known = set(Offer.objects.values_list("alias", flat=True)) | {self.instance.model}
        self.names = sorted(known - {""})
        choices = [("", _("the usual model")), *((name, name) for name in self.names)]
        if field := self.fields.get("model"):
            field.widget = UnfoldAdminSelectWidget(choices=choices)

    def clean_model(self) -> str:
        """Return the model; refuse one that nobody has."""
        model: str = self.cleaned_data["model"]
        if model and model not in self.names:
            raise forms.ValidationError(_("There is no model of this name."), "unknown")
        return model


@admin.register(OtherName)
class OtherNameAdmin(HubAdmin):
    """Names that clients know, and what serves them."""

    form = OtherNameForm
    list_display = ("name", "model", "serves", "is_enabled")
    list_filter = ("is_enabled",)
    search_fields = ("name", "model")
    fields = ("name", "model", "is_enabled")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix a name once orders may say it."""
        return ("name",) if obj else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[OtherName]:
        """Return the names with what is offered of them now."""
        found: QuerySet[OtherName] = super().get_queryset(request)
        offers = offered().order_by()
        serving = Case(When(model="", then=Value(default_model())), default=F("model"))
        return found.annotate(
            is_offered=Exists(offers.filter(alias=OuterRef("name"))),
            serving=serving,
            is_served=Exists(offers.filter(alias=OuterRef("serving"))),
        )

    @display(description=_("orders get"))
    def serves(self, row: Any) -> SafeString:
        """Show what an order of this name gets at the moment."""
        if row.is_offered:
            return badge(_("the model of this name"), "success")
        if row.is_enabled and row.is_served:
            return badge(row.serving, "success")
        return badge(_("nothing: orders are refused"), "danger" if row.is_enabled else "")
