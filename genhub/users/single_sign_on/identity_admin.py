"""Where a superuser lets an account be linked with single sign-on anew."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action

from genhub.admin.pages import Question, ask, without_action
from genhub.users.models import Identity


class IdentityPages(ModelAdmin):
    """The part of the accounts' pages that is about single sign-on."""

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer it where there is a link."""
        found = list(super().get_actions_detail(request, object_id))
        person = self.get_object(request, object_id)
        is_linked = person and Identity.objects.filter(user=person).exists()
        return found if is_linked else without_action(found, "unlink")

    def has_unlink_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow superusers: whoever is of this name at the provider next has the account."""
        return bool(request.user.is_superuser)

    @action(description=_("Unlink single sign-on"), permissions=["unlink"], icon="link_off")
    def unlink(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then forget who somebody is at the provider."""
        person = self.get_object(request, object_id)
        if person is None:
            raise Http404
        back = reverse("admin:users_user_change", args=[person.pk])
        link = Identity.objects.filter(user=person).first()
        if request.method == "POST" and link:
            link.delete()
            self.log_change(request, person, gettext("Unlinked single sign-on: %(who)s") % {"who": link.subject})  # fmt: skip
            messages.success(request, gettext("%(user)s is linked anew at the next single sign-on.") % {"user": person})  # fmt: skip
            return HttpResponseRedirect(back)
        question = Question(
            title=gettext("Unlink %(user)s from single sign-on") % {"user": person},
            intro=gettext(
                "Whoever comes by this user name next has the account. Sessions go on until they are ended."
            )
            if link
            else gettext("It is linked with nobody."),
            facts={gettext("Provider"): link.issuer, gettext("Name there"): link.subject}
            if link
            else {},
            submit=gettext("Unlink") if link else "",
            back=back,
            is_dangerous=True,
        )
        return ask(self, request, question, about=person)
