"""The decision about an order in doubt: its vendor is asked, people look there, one of them says what became of it."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from generation.accounts.adapters import can_find_lost
from generation.admin.refunds.ask import task_page
from generation.admin.refunds.facts import facts_of_task
from generation.admin.tasks.doubt_form import Decision, DoubtForm, name_files
from generation.admin.tasks.evidence import candidates, facts_of_call
from generation.failures import AnswerLost
from generation.life import by_hand as hands
from generation.life import waiting
from generation.models import Attempt, Task
from generation.providers.errors import ProviderError
from generation.selectors.tasks import find_doubt
from generation.work import by_hand, lost
from generation.work.by_hand import FileRefused
from genhub.admin.base import HubAdmin
from genhub.admin.pages import Question, ask, without_action, word
from genhub.admin.show import moment
from genhub.lib.errors import Problem


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
        if attempt and "look" in request.POST:
            self.look(request, attempt)
            return HttpResponseRedirect(request.path)
        form = DoubtForm(read_words(request, attempt), request.FILES or None, attempt=attempt)
        if attempt and form.is_valid():
            try:
                self.settle(request, task, attempt, form.cleaned_data)
            except Problem as problem:
                form.add_error(None, word(problem))
            except FileRefused as refused:
                form.add_error("pictures", word_refusal(refused))
            else:
                return HttpResponseRedirect(task_page(task))
        return ask(self, request, ask_what_became(task, attempt, form), about=task)

    def look(self, request: HttpRequest, attempt: Attempt) -> None:
        """Ask the vendor now, and say what came of it."""
        try:
            found = lost.look(attempt)
        except ProviderError as error:
            text = gettext("The provider could not be asked: %(why)s") % {"why": error}
            self.message_user(request, text, messages.ERROR)
        else:
            text = gettext("The provider lists %(count)s orders that it may be.")
            self.message_user(request, text % {"count": len(found)})

    def settle(
        self, request: HttpRequest, task: Task, attempt: Attempt, words: dict[str, Any]
    ) -> None:
        """Do what was decided; raise NotInDoubt when there is nothing to decide any more."""
        by, reason = str(request.user), words["reason"]
        if words["decision"] == Decision.BROUGHT:
            # Files before rows; the credits move with the word of who had them moved, and why.
            with (
                by_hand.storing(attempt.pk, name_files(words["pictures"]), by=by) as (
                    claim,
                    stored,
                ),
                transaction.atomic(),
            ):
                hands.deliver(claim, stored, by=by, reason=reason)
                self.sign(request, task, words)
            return
        with transaction.atomic():
            if words["decision"] == Decision.TAKEN:
                waiting.decide_taken(attempt.pk, words["remote_id"], by=by, reason=reason)
            elif words["decision"] == Decision.NOT_TAKEN:
                waiting.decide_not_taken(attempt.pk, by=by, reason=reason)
            else:
                waiting.decide_lost(attempt.pk, AnswerLost())
            self.sign(request, task, words)

    def sign(self, request: HttpRequest, task: Task, words: dict[str, Any]) -> None:
        """Write who decided what, and why."""
        text = gettext("Settled the doubt: %(decision)s. %(reason)s")
        self.log_change(request, task, text % words)


def read_words(request: HttpRequest, attempt: Attempt | None) -> QueryDict | None:
    """Return what was posted; a button beside what the vendor lists says all that is needed."""
    if not request.POST:
        return None
    chosen = request.POST.get("take", "")
    free = [one["remote_id"] for one in attempt.suggested if not one["is_taken"]] if attempt else []
    if chosen not in free:
        return request.POST
    words = request.POST.copy()
    words["decision"], words["remote_id"] = Decision.TAKEN.value, chosen
    if not words.get("reason"):
        words["reason"] = gettext("Chosen of what the provider lists.")
    return words


def word_refusal(refused: FileRefused) -> str:
    """Return why a file is not taken."""
    text = gettext("“%(name)s” is not taken (%(code)s). Bring a PNG, JPEG or WebP picture.")
    return text % {"name": refused.name, "code": refused.code}


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
        **facts_of_call(attempt),
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
        choices=candidates(attempt) if can_find_lost(attempt.account) else "",
        submit=gettext("Go on"),
        back=task_page(task),
    )
