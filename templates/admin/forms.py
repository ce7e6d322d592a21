"""The form of a draft: what would make orders fail is said next to its field."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from genhub.admin.forms import JsonField
from genhub.admin.pages import word_fields
from genhub.api.edit_words import read_operations
from genhub.lib.errors import InvalidRequest
from genhub.platforms.models import Platform
from templates.admin.operation_rows import OperationTwin
from templates.admin.rows import Rows
from templates.admin.settings_rows import SettingsTwin
from templates.admin.step_rows import StepTwin
from templates.admin.style import refuse_unknown_words
from templates.admin.twins import TwinForm, TwinWidget
from templates.models import TemplateVersion
from templates.services import find_mistakes

SAVE_AND_PUBLISH = "_publish"


def list_platforms() -> list[tuple[str, str]]:
    """Return the platforms that can be named, by name; the house has its own way to order."""
    rows = Platform.objects.filter(is_house=False).order_by("name", "code")
    return [(row.code, f"{row.name} ({row.code})") for row in rows]


class DraftForm(TwinForm):
    """A draft; with the publish button pressed it must also be fit to be ordered."""

    TWINS = (Rows, SettingsTwin, OperationTwin, StepTwin)

    rows = forms.Field(label=_("What an order says"), required=False, widget=TwinWidget)
    settings_rows = forms.Field(
        label=_("What the template fixes"), required=False, widget=TwinWidget
    )
    operation_rows = forms.Field(
        label=_("What is done with each picture"), required=False, widget=TwinWidget
    )
    step_rows = forms.Field(label=_("Further steps"), required=False, widget=TwinWidget)
    parameters = JsonField(
        shape=dict,
        label=_("Parameters"),
        widget=UnfoldAdminTextareaWidget({"rows": 16, "class": "hub-code"}),
        help_text=_(
            'JSON Schema properties, by name: {"subject": {"type": "string", "maxLength": 200}}.'
        ),
    )
    required = JsonField(
        shape=list,
        label=_("Required parameters"),
        help_text=_('Their names: ["subject"]. A parameter with a default need not be required.'),
        widget=UnfoldAdminTextareaWidget({"rows": 3, "class": "hub-code"}),
    )
    settings = JsonField(
        shape=dict,
        label=_("Settings"),
        help_text=_("Request words that this template fixes: model, width, height, steps, …"),
        widget=UnfoldAdminTextareaWidget({"rows": 5, "class": "hub-code"}),
    )

    chain = JsonField(
        shape=list,
        label=_("Further steps"),
        help_text=_(
            'At most three, each of what steps before it made: [{"prompt": "it turns", "media_type": "video", "settings": {"model": "…"}}]. Also takes (which steps: {"image": 1, "last_image": 2}), negative_prompt, strength, price.'
        ),
        widget=UnfoldAdminTextareaWidget({"rows": 8, "class": "hub-code"}),
    )
    platforms = forms.MultipleChoiceField(
        label=_("Who may order it"), required=False, choices=list_platforms,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=TemplateVersion._meta.get_field("platforms").help_text,  # noqa: SLF001 (said once)
    )  # fmt: skip
    operations = JsonField(
        shape=list,
        label=_("Edits of each picture"),
        help_text=_(
            "Operations as of an edit, in their order, done once a picture is made and before it is labelled: "
            '[{"action": "crop", "ratio": "16:9"}, {"action": "text", "text": "春季上新", "size": 48}]. '
            "A picture that they do not fit is neither delivered nor charged."
        ),
        widget=UnfoldAdminTextareaWidget({"rows": 6, "class": "hub-code"}),
    )

    class Meta:
        model = TemplateVersion
        fields = (
            "name", "category", "media_type", "prompt", "negative_prompt", "parameters", "required",
            "settings", "operations", "chain", "price", "caches", "moderation", "platforms", "note",
        )  # fmt: skip
        widgets = {
            "price": UnfoldAdminIntegerFieldWidget,
            "moderation": UnfoldAdminSelectWidget,
            "prompt": UnfoldAdminTextareaWidget({"rows": 4}),
            "negative_prompt": UnfoldAdminTextareaWidget({"rows": 2}),
            "note": UnfoldAdminTextInputWidget,
        }

    def clean_parameters(self) -> dict[str, Any]:
        """Return the parameters, or raise naming those that are no JSON Schema object."""
        parameters: dict[str, Any] = self.cleaned_data["parameters"]
        wrong = [name for name, rules in parameters.items() if not isinstance(rules, dict)]
        if wrong:
            raise forms.ValidationError(
                _(
                    'Each parameter is described by an object such as {"type": "string"}; not so: %(names)s.'
                ),
                params={"names": ", ".join(wrong)},
            )
        return parameters

    def clean_required(self) -> list[str]:
        """Return the names, or raise when one is no text."""
        names: list[Any] = self.cleaned_data["required"]
        if not all(isinstance(name, str) for name in names):
            raise forms.ValidationError(_('This is a list of names: ["subject"].'))
        return names

    def clean_settings(self) -> dict[str, Any]:
        """Return the settings, or raise naming the words that no template may fix."""
        settings: dict[str, Any] = self.cleaned_data["settings"]
        return refuse_unknown_words(settings)

    def clean_platforms(self) -> list[str]:
        """Return the codes in one order, whatever they were ticked in."""
        return sorted(self.cleaned_data["platforms"])

    def clean_operations(self) -> list[dict[str, Any]]:
        """Return the operations with their defaults, or raise naming each word that is wrong."""
        try:
            return read_operations(self.cleaned_data["operations"])
        except InvalidRequest as refusal:
            told = word_fields(refusal).items()
            wrong = [f"{place}: {message}" for place, messages in told for message in messages]
            raise forms.ValidationError(wrong) from refusal

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if SAVE_AND_PUBLISH not in self.data or self.errors:
            return
        # The instance carries the form's values by now, so this is what would be published.
        for mistake in find_mistakes(self.instance):
            self.show_mistake(mistake)
