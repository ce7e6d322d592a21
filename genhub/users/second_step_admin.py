"""The pages of the second step of signing in: where it is taken, set up, removed, and given new recovery codes; and
where an owner resets another's."""

import base64
import io
from typing import Any, Final

import segno
from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextInputWidget

from genhub.admin.pages import Question, ask
from genhub.lib.sealing import NotSealable
from genhub.users import second_step, sessions
from genhub.users.account_pages import AccountPages, AccountReasonForm
from genhub.users.models import User
from genhub.users.rights import find_person
from genhub.users.second_step import KeyNotKept, TooManyCodes, step_of
from genhub.users.second_step_gate import find_door
from genhub.users.signing_in import word_wait

OWN, NAME = "admin:users_user_own", "users_user_second_step"
# In the session, while it is set up: the key that the phone was shown, sealed.
KEY: Final = "second_step_key"
LONGEST_CODE: Final = 30
TOO_MANY: Final = 429
WRONG: Final = _(
    "This code is wrong, or was used before. Your phone shows a new one every 30 seconds."
)
LOST: Final = _("The hub cannot read your phone's key any more. Take a recovery code, or ask an owner to reset the second step.")  # fmt: skip
NOT_KEPT: Final = _("The hub has no key of its own to keep yours with. Ask whoever runs it to set ENCRYPTION_KEYS.")  # fmt: skip


class CodeForm(forms.Form):
    """Asks for a code."""

    # How long nobody's code is looked at.
    wait_seconds = 0
    code = forms.CharField(
        label=_("Verification code"), max_length=LONGEST_CODE,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )  # fmt: skip

    def refuse(self, error: TooManyCodes) -> None:
        """Say when a code will be looked at again."""
        self.wait_seconds = error.seconds
        self.add_error(None, word_wait(error.seconds))


class SecondStepPages(AccountPages):
    """The part of the accounts' pages that is about the second step."""

    def get_urls(self) -> list[Any]:
        """Add the addresses, before those of accounts of these names."""
        view = self.admin_site.admin_view
        return [
            path("second-step/", view(self.take_step), name=NAME),
            path("second-step/set-up/", view(self.set_step_up), name=f"{NAME}_set_up"),
            path("second-step/codes/", view(self.renew_codes), name=f"{NAME}_codes"),
            path("second-step/remove/", view(self.remove_step), name=f"{NAME}_remove"),
            *super().get_urls(),
        ]

    def take_step(self, request: HttpRequest) -> HttpResponse:
        """Ask for a code after the password, then go where one wanted to."""
        person = find_person(request)
        step = step_of(person)
        if step is None or second_step.is_taken(request.session, step):
            return HttpResponseRedirect(next_of(request))
        form = CodeForm(request.POST or None)
        if form.is_valid() and judge(request, form, person):
            second_step.take(request, step)
            self.note_recovery(request, person, form.cleaned_data["code"])
            return HttpResponseRedirect(next_of(request))
        words = {"title": gettext("The second step"), "form": form, "next": next_of(request)}
        return self.show_door(request, "second_step", words)

    def note_recovery(self, request: HttpRequest, person: User, code: str) -> None:
        """Note a recovery code that was used, and warn of how few are left."""
        if second_step.is_phones(code):
            return
        left = person.second_step.recovery_codes.count()
        said = ngettext(
            "Signed in with a recovery code; %(left)s is left.",
            "Signed in with a recovery code; %(left)s are left.", left,
        )  # fmt: skip
        self.log_change(request, person, said % {"left": left})
        messages.warning(request, said % {"left": left})

    def set_step_up(self, request: HttpRequest) -> HttpResponse:
        """Show a phone the key, and take it once it tells a right code."""
        person = find_person(request)
        if step_of(person):
            return HttpResponseRedirect(reverse(OWN))
        try:
            key = request.session.get(KEY) or second_step.new_key()
            words = {
                "picture": draw(second_step.address_key(person, key)),
                "key": second_step.spell_key(key),
            }
        except NotSealable:
            # It was sealed by a key that is gone since.
            request.session.pop(KEY, None)
            return HttpResponseRedirect(request.get_full_path())
        except KeyNotKept:
            return self.show_door(request, "second_step_set_up", {"refusal": NOT_KEPT})
        request.session[KEY] = key
        form = CodeForm(request.POST or None)
        if codes := try_set_up(request, form, person, key):
            del request.session[KEY]
            self.log_change(request, person, gettext("Set the second step up."))
            return self.show_codes(request, codes)
        return self.show_door(request, "second_step_set_up", words | {"form": form})

    def renew_codes(self, request: HttpRequest) -> HttpResponse:
        """Ask for a code, then make new recovery codes and show them once."""
        person, form = find_person(request), CodeForm(request.POST or None)
        step = step_of(person)
        if step and form.is_valid() and judge(request, form, person):
            with transaction.atomic():
                codes = second_step.renew_recovery_codes(step)
                self.log_change(request, person, gettext("Made new recovery codes."))
            return self.show_codes(request, codes)
        question = Question(
            title=gettext("Make new recovery codes?"),
            intro=gettext("Those that you have now count no more."),
            form=form,
            submit=gettext("Make them"),
            back=reverse(OWN),
        )
        return self.ask_code(request, question, form, has_step=bool(step))

    def remove_step(self, request: HttpRequest) -> HttpResponse:
        """Ask for a code, then let the password be enough again."""
        person, form = find_person(request), CodeForm(request.POST or None)
        step = step_of(person)
        if step and form.is_valid() and judge(request, form, person):
            with transaction.atomic():
                second_step.remove(person)
                self.log_change(request, person, gettext("Removed the second step."))
            messages.success(request, gettext("You have no second step any more."))
            return HttpResponseRedirect(reverse(OWN))
        question = Question(
            title=gettext("Remove the second step?"),
            intro=gettext("Whoever knows your password can sign in as you then."),
            form=form,
            submit=gettext("Remove the second step"),
            back=reverse(OWN),
            is_dangerous=True,
        )
        return self.ask_code(request, question, form, has_step=bool(step))

    def ask_code(
        self, request: HttpRequest, question: Question, form: CodeForm, *, has_step: bool
    ) -> HttpResponse:
        """Show a question that a code answers, to those who have a second step."""
        if not has_step:
            return HttpResponseRedirect(reverse(OWN))
        return bounded(ask(self, request, question), form)

    def show_codes(self, request: HttpRequest, codes: list[str]) -> HttpResponse:
        """Show recovery codes, this once."""
        words = {"title": gettext("Recovery codes"), "codes": codes, "back": reverse(OWN)}
        return self.show_door(request, "recovery_codes", words)

    def show_door(self, request: HttpRequest, template: str, words: dict[str, Any]) -> HttpResponse:
        """Show a page that has no menu: who sees it may not have passed yet."""
        request.current_app = self.admin_site.name
        usual = {"title": gettext("Set up the second step"), "may_leave": not needs_step(request)}
        frame = self.admin_site.each_context(request) | usual | words
        answer = TemplateResponse(request, f"admin/users/{template}.html", frame)
        return bounded(answer, words.get("form"))

    def has_reset_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right."""
        return bool(request.user.has_perm("users.reset_second_step"))

    @action(
        description=_("Reset the second step"), permissions=["reset"], icon="phonelink_erase",
        variant=ActionVariant.DANGER,
    )  # fmt: skip
    def reset_step(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then let another's password be enough, until they set a new second step up."""
        person = self.find_other(request, object_id)
        back = reverse("admin:users_user_change", args=[person.pk])
        form = AccountReasonForm(request.POST or None)
        if form.is_valid():
            with transaction.atomic():
                if second_step.remove(person):
                    sessions.end_all(person)
                    why = gettext("Reset the second step: %(reason)s") % form.cleaned_data
                    self.log_change(request, person, why)
            messages.success(request, gettext("%(user)s has no second step any more.") % {"user": person})  # fmt: skip
            return HttpResponseRedirect(back)
        question = Question(
            title=gettext("Reset the second step of %(user)s") % {"user": person},
            intro=gettext(
                "For a lost phone. Make sure that it is they who ask: whoever knows their password can sign in then. "
                "The phone and all recovery codes count no more, and they are signed out everywhere."
            ),
            form=form,
            submit=gettext("Reset it"),
            back=back,
            is_dangerous=True,
        )
        return ask(self, request, question, about=person)


def try_set_up(request: HttpRequest, form: CodeForm, person: User, key: str) -> list[str]:
    """Return the recovery codes if the code of a form is right; say in it what is wrong."""
    if not form.is_valid():
        return []
    try:
        codes = second_step.set_up(request, person, key, form.cleaned_data["code"])
    except TooManyCodes as error:
        form.refuse(error)
        return []
    if not codes:
        form.add_error("code", WRONG)
    return codes


def judge(request: HttpRequest, form: CodeForm, person: User) -> bool:
    """Return whether the code of a form is right; say in it what is wrong."""
    try:
        is_right = second_step.check(request, person, form.cleaned_data["code"])
    except TooManyCodes as error:
        form.refuse(error)
        return False
    except NotSealable:
        form.add_error("code", LOST)
        return False
    if not is_right:
        form.add_error("code", WRONG)
    return is_right


def bounded(answer: HttpResponse, form: CodeForm | None) -> HttpResponse:
    """Return an answer that says by its status that too many codes were tried."""
    if form and form.wait_seconds:
        answer.status_code = TOO_MANY
        answer["Retry-After"] = str(form.wait_seconds)
    return answer


def needs_step(request: HttpRequest) -> bool:
    """Return whether one cannot leave the door but by passing it, or signing out."""
    return bool(find_door(request.user, request.session))


def next_of(request: HttpRequest) -> str:
    """Return where one wanted to go: an address of this site, else the first page."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else reverse("admin:index")


def draw(text: str) -> str:
    """Return a QR code as an address that holds it."""
    buffer = io.BytesIO()
    segno.make(text, error="m").save(
        buffer, kind="svg", scale=4, border=2, dark="#000", light="#fff"
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode()}"
