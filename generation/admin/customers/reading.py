"""Which customer an address is about."""

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from generation.selectors.customers import Customer, find_customer


class NameForm(forms.Form):
    """Whom to look for."""

    user = forms.CharField(
        label=_("User"), max_length=200, strip=False, validators=[ProhibitNullCharactersValidator()],
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The name that the platform gives this user, letter for letter."),
    )  # fmt: skip


def read_customer(request: HttpRequest) -> Customer:
    """Return the customer that an address names; raise Http404 where it names no platform, or nobody."""
    form = NameForm(request.GET)
    platform = request.GET.get("platform", "")
    if "\0" in platform or not form.is_valid():
        raise Http404
    customer = find_customer(platform, form.cleaned_data["user"])
    if customer is None:
        raise Http404
    return customer
