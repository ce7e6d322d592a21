"""Pausing a provider from its page, and letting it go on: asked, with a reason."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from generation.admin.accounts.deeds import AccountDeeds, account_page
from generation.admin.tasks.deeds import HistoryForm
from generation.life import steering
from generation.models import Rest
from genhub.admin.pages import Question, ask, without_action


class Pausing(AccountDeeds):
    """The part of the accounts' pages that pauses one."""

    actions_detail = (*AccountDeeds.actions_detail, "pause_it", "resume_it")

    def has_steer_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who may hold up queues."""
        return bool(request.user.has_perm("generation.steer_queue"))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer to pause what is not paused, and to resume what is."""
        found = super().get_actions_detail(request, object_id)
        account = self.get_object(request, object_id)
        is_paused = account is not None and account.resting_why == Rest.PAUSED
        if is_paused:
            # To resume it is the way: that wants a reason.
            found = without_action(found, "wake_it")
        return without_action(found, "pause_it" if is_paused else "resume_it")

    @action(
        description=_("Pause"), permissions=["steer"], icon="pause", variant=ActionVariant.WARNING
    )
    def pause_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then give it no new order."""
        question = Question(
            title=gettext("Pause %(provider)s?"),
            intro=gettext(
                "Nothing new goes there. What is at work goes on; what waits is given to others where it can be, or waits "
                "and says why."
            ),
            back="",
            submit=gettext("Pause it"),
            is_dangerous=True,
        )
        done = gettext("It is paused: nothing new goes there from now on.")
        return self.steer(request, object_id, question, steering.pause_account, done)

    @action(description=_("Resume"), permissions=["steer"], icon="play_arrow")
    def resume_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then give it orders again."""
        question = Question(
            title=gettext("Resume %(provider)s?"),
            intro=gettext("Orders go there again."),
            back="",
            submit=gettext("Resume it"),
        )
        done = gettext("Orders go there again.")
        return self.steer(request, object_id, question, steering.resume_account, done)

    def steer(
        self, request: HttpRequest, object_id: str, question: Question, act: Any, done: str
    ) -> HttpResponse:
        """Ask, then do it."""
        account = self.find_object(request, object_id)
        form = HistoryForm(request.POST or None)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            act(account.pk, by=request.user.get_username(), reason=reason)
            self.log_change(request, account, f"{question.submit}: {reason}")
            messages.success(request, done)
            return HttpResponseRedirect(account_page(account))
        title = question.title % {"provider": account.alias}
        asked = replace(question, title=title, form=form, back=account_page(account))
        return ask(self, request, asked, about=account)
