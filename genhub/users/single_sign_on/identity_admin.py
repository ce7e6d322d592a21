"""Where a superuser lets an account be linked with single sign-on anew."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from genhub.admin.pages import Question, ask
from genhub.users.account_pages import AccountPages
from genhub.users.models import Identity


class IdentityPages(AccountPages):
    """The part of the accounts' pages that is about single sign-on."""

    def has_unlink_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow superusers: whoever is of this name at the provider next has the account."""
        return bool(request.user.is_superuser)

    @action(description=_("Unlink single sign-on"), permissions=["unlink"], icon="link_off")
    def unlink(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then forget who somebody is at the provider."""
        person = self.find_object(request, object_id)
        back = reverse("admin:users_user_change", args=[person.pk])
        link = Identity.objects.filter(user=person).first()
        if request.method == "POST" and link:
            with transaction.atomic():
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
            facts={gettext("Sign-on provider"): link.issuer, gettext("Name there"): link.subject}
            if link
            else {},
            submit=gettext("Unlink") if link else "",
            back=back,
            is_dangerous=True,
        )
        return ask(self, request, question, about=person)
