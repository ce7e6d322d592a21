"""The form of a price rule: what cannot be is refused at its field, and nothing is saved whose effect was not seen."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from credits.models import PriceRule
from credits.previews import Preview, preview
from credits.price_mistakes import find_mistakes
from credits.pricing import FACTOR
from credits.tariffs import as_rule, not_over
from genhub.admin.pages import word_fields
from genhub.lib.clock import read_clock
from genhub.lib.errors import InvalidRequest

CONFIRMED = "confirmed"
ANY = ("", _("any"))
CHOICES: dict[str, list[tuple[str, Any]]] = {
    "media_type": [ANY, ("image", _("image")), ("video", _("video")), ("edit", _("edit"))],
    "quality": [ANY, ("standard", _("standard")), ("high", _("high"))],
    "resolution": [ANY, *((word, word) for word in ("480p", "720p", "1080p", "4k"))],
    "mode": [ANY, ("fast", _("fast")), ("fine", _("fine"))],
}
BOTH = _("A rule sets a price or multiplies one: leave this empty.")
NEEDED = _("Say the number of credits.")


class PriceRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rule that is saved once its effect on sample orders was shown and confirmed."""

    media_type = forms.ChoiceField(
        label=_("Type"),
        choices=CHOICES["media_type"],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    quality = forms.ChoiceField(
        label=_("Quality"),
        choices=CHOICES["quality"],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    resolution = forms.ChoiceField(
        label=_("Resolution"),
        choices=CHOICES["resolution"],
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=_("4k: 3840 × 2160 pixels or more, whatever word asked for them."),
    )
    mode = forms.ChoiceField(
        label=_("Mode"), choices=CHOICES["mode"], required=False, widget=UnfoldAdminSelectWidget
    )
    preview: Preview | None = None

    class Meta:
        model = PriceRule
        fields = (
            "name", "effect", "amount", "per", "factor", "rank", "is_active", "platform", "media_type", "model", "quality",
            "resolution", "mode", "least_megapixels", "most_megapixels", "least_seconds", "most_seconds",
            "least_steps", "most_steps", "least_number", "most_number", "valid_from", "valid_until",
        )  # fmt: skip
        help_texts = {
            "name": _("Apps see it as the reason of a price."),
            "effect": _("A price needs credits, a multiplier its factor."),
            "amount": "",
            "factor": _("For a multiplier: 1.5 is half as much again, 0.8 a fifth less."),
            "rank": _("Of several prices that match, the highest rank decides; factors have none."),
            "valid_from": _("Empty: from now on."),
            "valid_until": _("Empty: until it is switched off."),
        }

    def clean(self) -> dict[str, Any]:
        """Return the values, or say at each field what is wrong with the rule as a whole."""
        values = super().clean() or {}
        if self.errors:
            return values
        self.check_effect(values)
        if not self.errors:
            row = PriceRule(pk=self.instance.pk, **values)
            others = [as_rule(other) for other in not_over().exclude(pk=row.pk)]
            mistakes = (
                find_mistakes(as_rule(row), others, now=read_clock())
                if row.is_active
                else find_mistakes(as_rule(row))
            )
            for field, messages in word_fields(InvalidRequest(errors=mistakes)).items():
                self.add_error(field, messages)
        return values

    def check_effect(self, values: dict[str, Any]) -> None:
        """Refuse a price without credits, a multiplier without its factor, and both in one."""
        is_factor = values["effect"] == FACTOR
        needed, foreign = ("factor", "amount") if is_factor else ("amount", "factor")
        if values[needed] is None:
            self.add_error(needed, _("Say the factor.") if is_factor else NEEDED)
        if values[foreign] is not None:
            self.add_error(foreign, BOTH)
        if is_factor and values["per"] != "one":
            self.add_error("per", _("A factor multiplies whatever the price is of: leave this."))

    def is_valid(self) -> bool:
        """Return whether to save: nothing is wrong, and this very effect was shown and confirmed."""
        if not super().is_valid():
            return False
        self.preview = preview(self.instance)
        return bool(self.data.get(CONFIRMED) == self.preview.token)
