"""The pages of sessions: each member of staff ends their own, an owner those of others."""

from typing import Any, Final

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from genhub.admin.pages import Question, ask
from genhub.admin.show import badge, leads, moment, table
from genhub.users import sessions
from genhub.users.account_pages import AccountPages, AccountReasonForm
from genhub.users.browsers import name_browser
from genhub.users.models import User
from genhub.users.rights import find_person
from genhub.users.sessions import Living

OWN: Final = "admin:users_user_own"
END_OWN: Final = "users_user_end_session"
HEADERS: Final = (_("Begun"), _("Signed in from"), _("Browser"), _("Ends by itself"), "")


class SessionPages(AccountPages):
    """The part of the accounts' pages that is about sessions."""

    def get_urls(self) -> list[Any]:
        """Add the addresses, before those of accounts of these names."""
        view = self.admin_site.admin_view
        return [
            path("own/sessions/end/", view(self.end_others), name=f"{END_OWN}s"),
            path("own/sessions/<int:row_id>/end/", view(self.end_own), name=END_OWN),
            *super().get_urls(),
        ]

    def end_own(self, request: HttpRequest, row_id: int) -> HttpResponse:
        """Ask, then end one of one's own sessions."""
        person = find_person(request)
        chosen = choose(list_others(request, person), row_id)
        question = Question(
            title=gettext("End this session?"),
            intro=gettext("Whoever sits at this browser is signed out at the next click."),
            facts=facts_of(chosen),
            submit=gettext("End it"),
            back=reverse(OWN),
            is_dangerous=True,
        )
        return self.end(request, person, [chosen], question)

    def end_others(self, request: HttpRequest) -> HttpResponse:
        """Ask, then end all of one's own sessions but for this one."""
        person = find_person(request)
        others = list_others(request, person)
        question = Question(
            title=gettext("End all your other sessions?"),
            intro=gettext("Everywhere but in this browser you are signed out at the next click."),
            submit=gettext("End them") if others else "",
            back=reverse(OWN),
            sections=((gettext("Sessions"), show(others)),),
            is_dangerous=True,
        )
        return self.end(request, person, others, question)

    def has_sessions_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right."""
        return bool(request.user.has_perm("users.end_sessions"))

    @action(description=_("Sessions"), permissions=["sessions"], icon="devices")
    def sessions(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show another's sessions, and end all, or the one that the address names, for a reason."""
        person = self.find_other(request, object_id)
        here = reverse("admin:users_user_sessions", args=[person.pk])
        found = sessions.list_living(person)
        named = request.GET.get("session", "")
        is_one = named.isdecimal()
        chosen = [choose(found, int(named))] if is_one else found
        form = AccountReasonForm(request.POST or None)
        question = Question(
            title=gettext("Sessions of %(user)s") % {"user": person},
            intro=gettext("Whoever sits at this browser is signed out at the next click.")
            if is_one
            else gettext("All of them end at their next click."),
            facts=facts_of(chosen[0]) if is_one else {},
            form=form if chosen else None,
            submit=(gettext("End it") if is_one else gettext("End all")) if chosen else "",
            back=here if is_one else reverse("admin:users_user_change", args=[person.pk]),
            sections=() if is_one else ((gettext("Sessions"), show(found, here)),),
            is_dangerous=True,
        )
        return self.end(request, person, chosen, question)

    def end(
        self, request: HttpRequest, person: User, chosen: list[Living], question: Question
    ) -> HttpResponse:
        """Ask the question; where it was answered, end the sessions and note it."""
        form = question.form
        if request.method != "POST" or not chosen or (form and not form.is_valid()):
            about = None if person.pk == request.user.pk else person
            return ask(self, request, question, about=about)
        why = getattr(form, "cleaned_data", {}).get("reason", "")
        with transaction.atomic():
            count = sessions.end(one.row for one in chosen)
            said = ngettext("Ended %(count)s session.", "Ended %(count)s sessions.", count)
            told = said % {"count": count}
            self.log_change(request, person, f"{told} {why}".strip())
        messages.success(request, told)
        return HttpResponseRedirect(question.back)


def list_own(request: HttpRequest, person: User) -> list[Living]:
    """Return one's own sessions, this one marked."""
    return sessions.list_living(person, request.session.session_key)


def list_others(request: HttpRequest, person: User) -> list[Living]:
    """Return one's own sessions but for this one, which is ended by signing out."""
    return [one for one in list_own(request, person) if not one.is_this]


def choose(found: list[Living], row_id: int) -> Living:
    """Return the one of these; raise 404 for one that is over, or is not theirs."""
    chosen = next((one for one in found if one.row.pk == row_id), None)
    if chosen is None:
        raise Http404
    return chosen


def facts_of(one: Living) -> dict[str, Any]:
    """Return what tells one session from another."""
    row = one.row
    return {
        str(HEADERS[0]): moment(row.begun_at),
        str(HEADERS[1]): row.address or "–",
        str(HEADERS[2]): name_browser(row.browser),
        str(HEADERS[3]): moment(one.ends_at),
    }


def show(found: list[Living], of: str = "") -> SafeString:
    """Return a table of sessions, each with the way to end it: one's own, or at the address of another's."""
    if not found:
        return format_html("<p>{}</p>", gettext("No session."))
    return table(HEADERS, [[*facts_of(one).values(), show_end(one, of)] for one in found])


def show_end(one: Living, of: str) -> SafeString:
    """Return what is to be said of a session, and the way to end it."""
    where = f"{of}?session={one.row.pk}" if of else reverse(f"admin:{END_OWN}", args=[one.row.pk])
    said = badge(_("the code was not told"), "warning") if not one.has_passed else ""
    if one.is_this:
        return badge(_("this one"), "success")
    return format_html("{} {}", said, leads(where, gettext("End")))


def show_own(request: HttpRequest, person: User) -> SafeString:
    """Return one's own sessions for the page of one's account."""
    found = list_own(request, person)
    if len(found) < 2:  # noqa: PLR2004
        return show(found)
    others = leads(reverse(f"admin:{END_OWN}s"), gettext("End all others"))
    return format_html('{}<p class="mt-3">{}</p>', show(found), others)
