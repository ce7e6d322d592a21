"""What staff say of a key: when it is made, later of its limits alone, and when it gets a new secret."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from genhub.lib.addresses import read_network
from genhub.platforms.key_models import MOST_NETWORKS, validate_network
from genhub.platforms.models import ApiKey, Scope, usual_scopes
from genhub.settings.keys import LONGEST_OVERLAP_HOURS

LIMIT_TEXTS = {
    "reads_per_minute": _("GET and quotes. 0: any number. Empty: the plan's, else the hub's."),
    "writes_per_minute": _("All else. 0: any number. Empty: the plan's, else the hub's."),
    "expires_at": _("Empty: it works until it is revoked."),
}


class NetworksField(forms.Field):
    """Networks, one a line; parted by commas or blanks they are taken, too."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Allowed addresses"),
            required=False,
            widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
            help_text=_(
                "Addresses or networks (203.0.113.0/24, 2001:db8::/32), one a line; from elsewhere the key is refused. Empty: it works from everywhere."
            ),
        )

    def to_python(self, value: Any) -> list[str]:
        """Return the networks as they are kept."""
        words = [word for word in re.split(r"[\s,]+", str(value or "")) if word]
        if len(words) > MOST_NETWORKS:
            raise ValidationError(_("At most %(most)s."), params={"most": MOST_NETWORKS})
        for word in words:
            validate_network(word)
        return list(dict.fromkeys(str(read_network(word)) for word in words))

    def prepare_value(self, value: Any) -> Any:
        """Return networks as they are edited."""
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether other networks were said."""
        try:
            return self.to_python(data) != list(initial or [])
        except ValidationError:
            return True


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a new key is for."""

    # Letter for letter: the API compares names so, and a key for “alice ” must not speak for “alice”.
    user = forms.CharField(
        label=_("User"),
        max_length=200,
        required=False,
        strip=False,
        validators=[RegexValidator(r"\S", _("A name is not blank."))],
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Empty: the key speaks for all users."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=Scope.choices,
        initial=usual_scopes,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    networks = NetworksField()

    class Meta:
        model = ApiKey
        fields = (
            "platform", "name", "user", "scopes", "local_only", "networks", "reads_per_minute", "writes_per_minute",
            "expires_at",
        )  # fmt: skip
        help_texts = {
            "name": _("Where it will be used, such as “mobile app, production”."),
            **LIMIT_TEXTS,
        }


class KeyLimitsForm(forms.ModelForm):  # type: ignore[type-arg]
    """What of a key may change: how much and from where, never what it may do or for whom."""

    networks = NetworksField()

    class Meta:
        model = ApiKey
        fields = ("networks", "reads_per_minute", "writes_per_minute", "expires_at")
        help_texts = LIMIT_TEXTS


class RotateForm(forms.Form):
    """How long the earlier secret goes on to work."""

    hours = forms.IntegerField(
        label=_("Hours that the earlier secret works, too"),
        min_value=0,
        max_value=LONGEST_OVERLAP_HOURS,
        initial=lambda: settings.KEY_OVERLAP_HOURS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("0 ends it at once: for a secret that leaked."),
    )
