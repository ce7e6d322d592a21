"""The decision about an order in doubt: whether its vendor has it is known to people alone, who can look there."""

from enum import StrEnum
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from generation.admin.refunds.ask import task_page
from generation.admin.refunds.facts import facts_of_task
from generation.errors import AnswerLost
from generation.life import waiting
from generation.models import Attempt, Task
from generation.models.attempt import LONGEST_REMOTE_ID
from generation.selectors.tasks import find_doubt
from genhub.admin.base import HubAdmin
from genhub.admin.forms import ReasonForm
from genhub.admin.pages import Question, ask, without_action, word
from genhub.admin.show import moment
from genhub.lib.errors import Problem


class Decision(StrEnum):
    """What a person found out, or decided without."""

    TAKEN = "taken"
    NOT_TAKEN = "not_taken"
    LOST = "lost"


class DoubtForm(ReasonForm):
    """Asks what became of an order, and why one believes so."""

    field_order = ("decision", "remote_id", "reason")
    decision = forms.ChoiceField(
        label=_("What became of it"),
        widget=UnfoldAdminRadioSelectWidget,
        choices=[
            (Decision.TAKEN, _("The provider has it: ask for it")),
            (Decision.NOT_TAKEN, _("It never came there: make it anew")),
            (Decision.LOST, _("Nobody can tell: end the task and give the credits back")),
        ],
    )
    remote_id = forms.CharField(
        label=_("Id at the provider"),
        required=False,
        max_length=LONGEST_REMOTE_ID,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Only when the provider has it."),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the id where the vendor has the order, and only there."""
        words: dict[str, Any] = super().clean() or self.cleaned_data
        is_taken = words.get("decision") == Decision.TAKEN
        if is_taken and not words.get("remote_id"):
            self.add_error("remote_id", _("Without its id it cannot be asked for."))
        if not is_taken and words.get("remote_id"):
            self.add_error("remote_id", _("Leave it empty, or say that the provider has it."))
        return words


class DoubtPage(HubAdmin):
    """The part of the tasks' pages that settles orders in doubt."""

    def has_decide_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right to decide and may see tasks."""
        may_decide = request.user.has_perm("generation.decide_unknown")
        return bool(may_decide and self.has_view_permission(request))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer a decision only where one is needed."""
        found = list(super().get_actions_detail(request, object_id))
        if find_doubt(object_id):
            return found
        return without_action(found, "decide")

    @action(
        description=_("Settle the doubt"),
        permissions=["decide"],
        icon="contact_support",
        variant=ActionVariant.WARNING,
    )
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask what became of the order, and go on from there."""
        task = self.find_object(request, object_id)
        attempt = find_doubt(task.pk)
        form = DoubtForm(request.POST or None)
        if attempt and form.is_valid():
            try:
                # The credits move with the word of who had them moved, and why.
                with transaction.atomic():
                    self.settle(request, attempt, form.cleaned_data)
                    text = gettext("Settled the doubt: %(decision)s. %(reason)s")
                    self.log_change(request, task, text % form.cleaned_data)
            except Problem as problem:
                form.add_error(None, word(problem))
            else:
                return HttpResponseRedirect(task_page(task))
        return ask(self, request, ask_what_became(task, attempt, form), about=task)

    def settle(self, request: HttpRequest, attempt: Attempt, words: dict[str, Any]) -> None:
        """Do what was decided; raise NotInDoubt when there is nothing to decide any more."""
        by, reason = str(request.user), words["reason"]
        if words["decision"] == Decision.TAKEN:
            waiting.decide_taken(attempt.pk, words["remote_id"], by=by, reason=reason)
        elif words["decision"] == Decision.NOT_TAKEN:
            waiting.decide_not_taken(attempt.pk, by=by, reason=reason)
        else:
            waiting.decide_lost(attempt.pk, AnswerLost())


def ask_what_became(task: Task, attempt: Attempt | None, form: DoubtForm) -> Question:
    """Return the question; where nothing is in doubt any more it says so and offers no form."""
    if attempt is None:
        intro = gettext("Nothing is in doubt here any more.")
        return Question(title=gettext("Settle the doubt"), intro=intro, back=task_page(task))
    cost = attempt.dearest_usd
    facts = {
        **facts_of_task(task),
        gettext("Provider"): attempt.account.alias,
        gettext("Sent at"): moment(attempt.sending_at),
        gettext("Sent as"): str(attempt),
        gettext("What was heard"): attempt.error_detail or "–",
        gettext("What it may have cost"): gettext("not known") if cost is None else f"{cost} USD",
        gettext("Ends by itself at"): moment(task.deadline_at),
    }
    return Question(
        title=gettext("Settle the doubt"),
        intro=gettext(
            "The order was sent, and no answer came: the provider may have it, and may charge for it. It is not sent "
            "again by itself. Look at the provider's own pages, then say what became of it."
        ),
        facts=facts,
        form=form,
        submit=gettext("Go on"),
        back=task_page(task),
    )
