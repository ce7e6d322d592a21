"""Pages of how long each platform's data is kept: what new days delete is shown before they count."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from genhub.admin.base import HubAdmin
from genhub.retention import reports
from genhub.retention.ages import KINDS
from genhub.retention.models import Keeping
from genhub.retention.wording import word_age, word_amount

MEANING = _("Days. Empty: as the hub's settings say (%(usual)s). 0: for ever.")


class KeepingForm(forms.ModelForm):  # type: ignore[type-arg]
    """Days for each kind; those that delete anything are saved when they are sent again."""

    class Meta:
        model = Keeping
        fields = ("platform", *KINDS)

    # What was shown to go when the form was sent last.
    agreed = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in self.fields.keys() & set(KINDS):
            usual = word_age(find_age(kind, None))
            self.fields[kind].help_text = MEANING % {"usual": usual}

    def clean(self) -> dict[str, Any]:
        """Say what would go with these days; raise unless just that was shown before."""
        words: dict[str, Any] = super().clean() or {}
        platform = words.get("platform") or getattr(self.instance, "platform", None)
        if self.errors or platform is None:
            return words
        age_of = {kind: find_age(kind, words.get(kind)) for kind in KINDS}
        goes = [
            f"{rule.meaning}: {word_amount(gone.rows, gone.files, gone.size_bytes)}"
            for rule, gone in reports.weigh_for(platform.pk, age_of)
            if gone
        ]
        shown = "\n".join(goes)
        if goes and words.get("agreed") != shown:
            self.data = {**self.data.dict(), "agreed": shown}  # type: ignore[attr-defined]  # a QueryDict
            said = gettext(
                "With these days the loop deletes, at its next turn and for good: %(goes)s. Save again if that is meant."
            )
            raise ValidationError(said % {"goes": "; ".join(goes)}, code="deletes")
        return words


def find_age(kind: str, days: int | None) -> timedelta | None:
    """Return the age at which a kind goes by these days, or by the settings' where there are none."""
    days = settings.KEEP_DAYS[kind] if days is None else days
    return timedelta(days=days) if days else None


@admin.register(Keeping)
class KeepingAdmin(HubAdmin):
    """Platforms whose data is kept for days of their own."""

    form = KeepingForm
    list_display = ("platform", *(f"{kind}_shown" for kind in KINDS))
    list_select_related = ("platform",)
    search_fields = ("platform__code", "platform__name")
    search_help_text = _("Search by platform.")
    fields = ("platform", *KINDS, "agreed")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix whose days they are."""
        return ("platform",) if obj else ()


def shown(kind: str) -> Any:
    """Return a column that tells the age of a kind."""
    field: Any = Keeping._meta.get_field(kind)  # noqa: SLF001 (Django's own door)

    @display(description=field.verbose_name, ordering=kind)
    def show(self: KeepingAdmin, row: Keeping) -> str:
        days = getattr(row, kind)
        said = word_age(find_age(kind, days))
        return said if days is not None else gettext("as usual: %(age)s") % {"age": said}

    return show


for each in KINDS:
    setattr(KeepingAdmin, f"{each}_shown", shown(each))
