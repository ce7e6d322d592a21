"""The form of a platform: the styles of its brand are ticked, and one of them is the usual one."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from genhub.platforms.models import Platform


def list_styles() -> list[tuple[str, str]]:
    """Return the styles to choose from; who has them is named by a setting."""
    found: list[tuple[str, str]] = import_string(settings.STYLE_CHOICES)()
    return found


def list_usual() -> list[tuple[str, str]]:
    """Return the styles that can be the usual one, and none."""
    return [("", "–"), *list_styles()]


class PlatformForm(forms.ModelForm):  # type: ignore[type-arg]
    """A platform as staff edit it."""

    styles = forms.MultipleChoiceField(
        label=_("Styles of its brand"), required=False, choices=list_styles,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=Platform._meta.get_field("styles").help_text,  # noqa: SLF001 (said once)
    )  # fmt: skip
    usual_style = forms.ChoiceField(
        label=_("Usual style"), required=False, choices=list_usual, widget=UnfoldAdminSelectWidget,
        help_text=Platform._meta.get_field("usual_style").help_text,  # noqa: SLF001 (said once)
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Return what was said; a usual style is one of the brand's."""
        said = super().clean() or {}
        usual = said.get("usual_style")
        if usual and usual not in said.get("styles", ()):
            self.add_error("usual_style", _("Tick it among the styles of the brand, too."))
        return said
