"""The page of one's own account, which every member of staff has: the zone in which the admin tells times, and what
signs one in."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from genhub.admin.pages import Question, ask
from genhub.admin.show import moment
from genhub.lib.zones import hub_zone, list_zones
from genhub.users.models import User
from genhub.users.rights import find_person
from genhub.users.second_step import step_of
from genhub.users.sessions_admin import show_own

NAME: Final = "users_user_own"


def list_choices() -> list[tuple[str, str]]:
    """Return the zones to choose from, the hub's first."""
    usual = gettext("the hub's: %(zone)s") % {"zone": hub_zone()}
    return [("", usual), *((name, name) for name in list_zones())]


class OwnForm(forms.ModelForm):  # type: ignore[type-arg]
    """What one may change of one's own account."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"), required=False, choices=list_choices, widget=UnfoldAdminSelectWidget,
        help_text=_("Pages tell times in it, with UTC beside. Days in figures stay those of the hub's zone."),
    )  # fmt: skip

    class Meta:
        model = User
        fields = ("time_zone",)


def show_step(person: User) -> SafeString:
    """Return whether there is a second step, and the ways to set it up or change it."""
    step, name = step_of(person), "admin:users_user_second_step"
    words = {
        "step": step,
        "since": moment(step.set_up_at if step else None),
        "left": step and step.recovery_codes.count(),
        **{way: reverse(f"{name}_{way}") for way in ("set_up", "codes", "remove")},
    }
    return render_to_string("admin/users/own_step.html", words)


class OwnPage(ModelAdmin):
    """The part of the accounts' pages that is everybody's own."""

    def get_urls(self) -> list[Any]:
        """Add the address of the page, before that of an account of this name."""
        view = self.admin_site.admin_view(self.own_page)
        return [path("own/", view, name=NAME), *super().get_urls()]

    def own_page(self, request: HttpRequest) -> HttpResponse:
        """Show one's own account, and save what was chosen."""
        person = find_person(request)
        form = OwnForm(request.POST or None, instance=person)
        if form.is_valid():
            person.save(update_fields=["time_zone"])
            messages.success(request, gettext("Saved."))
            return HttpResponseRedirect(reverse(f"admin:{NAME}"))
        names = [str(group) for group in person.groups.order_by("name")]
        question = Question(
            title=gettext("Your account"),
            intro="",
            facts={
                gettext("Name"): person.get_full_name() or person.username,
                gettext("Roles"): ", ".join(names) or "–",
                gettext("Signed in last"): moment(person.last_login),
                gettext("It is now"): moment(timezone.localtime()),
            },
            form=form,
            submit=gettext("Save"),
            sections=(
                (gettext("Second step of signing in"), show_step(person)),
                (gettext("Your sessions"), show_own(request, person)),
            ),
            back=reverse("admin:index"),
        )
        return ask(self, request, question)
