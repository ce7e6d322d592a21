"""Pages of styles."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from genhub.admin.base import HubAdmin
from genhub.admin.breakage import TellsBroken
from genhub.admin.forms import JsonField
from genhub.admin.pages import word_fields
from templates.errors import VersionNotPublishable
from templates.mistakes import find_setting_mistakes
from templates.models import Style
from templates.services import SETTABLE_WORDS


class StyleForm(forms.ModelForm):  # type: ignore[type-arg]
    """The words of a style."""

    settings = JsonField(
        shape=dict,
        label=_("Settings"),
        help_text=_('Request words that this style sets, such as {"steps": 20}.'),
    )

    class Meta:
        model = Style
        fields = (
            "code", "name_en", "name_zh", "suffix_en", "suffix_zh", "negative_prompt", "settings",
            "position", "is_active",
        )  # fmt: skip
        widgets = {
            name: UnfoldAdminTextareaWidget({"rows": 2})
            for name in ("suffix_en", "suffix_zh", "negative_prompt")
        }

    def clean_settings(self) -> dict[str, Any]:
        """Return the settings, or raise naming the words that no style may set, or not so."""
        settings = refuse_unknown_words(self.cleaned_data["settings"])
        mistakes = VersionNotPublishable(errors=find_setting_mistakes(settings))
        if messages := word_fields(mistakes).get("settings"):
            raise forms.ValidationError(messages)
        return settings


def refuse_unknown_words(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings, or raise ValidationError naming the words that cannot be set."""
    unknown = sorted(set(settings) - SETTABLE_WORDS)
    if unknown:
        raise forms.ValidationError(
            _("These words cannot be set: %(unknown)s. Known: %(known)s."),
            params={"unknown": ", ".join(unknown), "known": ", ".join(sorted(SETTABLE_WORDS))},
        )
    return settings


@admin.register(Style)
class StyleAdmin(TellsBroken, HubAdmin):
    """Styles, in the order in which apps see them."""

    form = StyleForm
    list_display = ("code", "name_en", "name_zh", "suffix_en", "position", "is_active")
    list_editable = ("position", "is_active")
    search_fields = ("code", "name_en", "name_zh")
    fieldsets = (
        (None, {"fields": ("code", "is_active", "position")}),
        (_("English"), {"fields": ("name_en", "suffix_en")}),
        (_("Chinese"), {"fields": ("name_zh", "suffix_zh")}),
        (_("Both languages"), {"fields": ("negative_prompt", "settings")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix the code once it is known to others."""
        return ("code",) if obj else ()
