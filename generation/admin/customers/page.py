"""A customer's page, and the way to it: by the name that the app gives its user, letter for letter."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext

from generation.admin.customers.parts import list_parts, list_pictures_of
from generation.admin.customers.reading import NameForm, read_customer
from generation.admin.customers.stopping import StoppingPage, way_to_stop
from generation.selectors.customers import Customer, find_platforms
from genhub.admin.customers import NAME, customer_page
from genhub.admin.pages import show
from genhub.admin.show import badge, leads, link, moment
from genhub.retention import erasing, holds
from genhub.settings.unfold import CUSTOMER_RIGHTS


class CustomerPage(StoppingPage):
    """The part of the tasks' pages that shows whose they are."""

    def get_urls(self) -> list[Any]:
        """Add the address of the page, before that of a task of this name."""
        view = self.admin_site.admin_view(self.customers)
        return [path("customers/", view, name=NAME), *super().get_urls()]

    def customers(self, request: HttpRequest) -> HttpResponse:
        """Show the customer of an address, or ask for a name and lead to whoever bears it."""
        if not any(map(request.user.has_perm, CUSTOMER_RIGHTS)):
            raise PermissionDenied
        if "platform" in request.GET:
            return self.show_customer(request, read_customer(request))
        form = NameForm(request.GET if "user" in request.GET else None)
        found = find_platforms(form.cleaned_data["user"]) if form.is_valid() else []
        if len(found) == 1:
            return HttpResponseRedirect(customer_page(found[0].code, form.cleaned_data["user"]))
        words = {
            "title": gettext("Customers"),
            "form": form,
            "found": [
                leads(customer_page(one.code, form.cleaned_data["user"]), one) for one in found
            ],
            "is_unknown": form.is_bound and form.is_valid() and not found,
        }
        return show(self, request, "admin/generation/customers.html", **words)

    def show_customer(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """Show all that this member of staff may know of a customer."""
        words = {
            "title": f"{customer.user} @ {customer.platform}",
            "customer": customer,
            "facts": list_facts(request, customer),
            "way": way_to_stop(request, customer),
            "pictures": list_pictures_of(request, customer),
            "sections": list_parts(request, customer),
        }
        return show(self, request, "admin/generation/customer.html", **words)


def list_facts(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """Return who it is, what they have, and whether anything keeps them from more or their data was deleted."""
    platform, user, purse = customer.platform, customer.user, customer.purse
    facts: dict[str, Any] = {gettext("User"): user, gettext("Platform"): platform}
    if request.user.has_perm("platforms.view_platform"):
        facts[gettext("Platform")] = link("platforms_platform", platform.pk, platform)
    if request.user.has_perm("credits.view_purse"):
        facts[gettext("Available")] = purse.available if purse else 0
        facts[gettext("Held")] = purse.held if purse else 0
        if purse:
            facts[gettext("Purse")] = link("credits_purse", purse.pk, gettext("Open the purse"))
            if purse.frozen_at:
                facts[gettext("Purse frozen")] = moment(purse.frozen_at)
    if purse is None:
        facts[gettext("First seen")] = gettext(
            "This user has no purse yet: no order was made, no credits were given."
        )
    else:
        facts[gettext("First seen")] = moment(purse.created_at)
    if purse and purse.stopped_at:
        since = badge(gettext("stopped"), "danger"), moment(purse.stopped_at)
        facts[gettext("Orders")] = format_html("{} {}", *since)
    return facts | kept_facts(request, customer)


def kept_facts(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """Return what is to be deleted of this user, was deleted, or may not be."""
    platform, user = customer.platform, customer.user
    facts: dict[str, Any] = {}
    may_open = request.user.has_perm("retention.view_erasure")
    erased = erasing.find_named(platform.pk, user)
    if erased:
        when = moment(erased.done_at or erased.asked_at)
        word = f"{erased.get_state_display()} · {when}"
        where = reverse("admin:retention_erasure_change", args=[erased.pk])
        facts[gettext("Deletion of this user's data")] = leads(where, word) if may_open else word
    if customer.purse and customer.purse.erased_at:
        facts[gettext("User deleted at")] = moment(customer.purse.erased_at)
    if request.user.has_perm("retention.view_legalhold"):
        lying = holds.find_holds(platform.pk, user).first()
        if lying:
            facts[gettext("Legal hold")] = link(
                "retention_legalhold", lying.pk, moment(lying.laid_at)
            )
    return facts
