"""What staff do with a user's task: cancel it while it lasts, and order it once more after its end."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminRadioSelectWidget

from generation.admin.refunds.ask import see_balance, task_page
from generation.admin.refunds.facts import facts_of_task
from generation.admin.tasks.comparing import compare_page
from generation.life.unpaid_ends import cancel_task
from generation.models import Task
from generation.orders.again import Again, make_again
from generation.states import TASK_LIVE
from genhub.admin.base import HubAdmin
from genhub.admin.forms import ReasonForm
from genhub.admin.pages import Question, ask, without_action, word, word_whole
from genhub.lib.errors import Problem
from genhub.lib.ids import new_id

USER, HUB = "user", "hub"


class HistoryForm(ReasonForm):
    """Asks why, for those who read the history of a row."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "At least 10 characters. It stays in the history here, with your name; the user does not read it."
        )


class AgainForm(HistoryForm):
    """Asks who pays, and carries a key of this very form, so that a double click orders once."""

    field_order = ("payer", "reason", "once")
    payer = forms.ChoiceField(label=_("Who pays"), widget=UnfoldAdminRadioSelectWidget, initial=HUB)
    once = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, price: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["once"].initial = new_id
        pays = gettext("the user: %(price)s credits, held at once") % {"price": price}
        choice: Any = self.fields["payer"]
        choice.choices = [(HUB, gettext("the hub: it is free for the user")), (USER, pays)]


class DeedsPage(HubAdmin):
    """The part of the tasks' pages that ends a task, or orders it once more."""

    def has_cancel_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right to cancel and may see tasks."""
        may_cancel = request.user.has_perm("generation.cancel_task")
        return bool(may_cancel and self.has_view_permission(request))

    def has_order_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right to order for others and may see tasks."""
        may_order = request.user.has_perm("generation.order_task")
        return bool(may_order and self.has_view_permission(request))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer to cancel what lasts, and to order again what has ended."""
        found = list(super().get_actions_detail(request, object_id))
        task = self.get_object(request, object_id)
        lasts = task is not None and task.state in TASK_LIVE
        return without_action(found, "order_again" if lasts else "cancel")

    @action(
        description=_("Cancel the task"), permissions=["cancel"], icon="cancel",
        variant=ActionVariant.DANGER,
    )  # fmt: skip
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why, then end the task and give back what is held for it."""
        task = self.find_object(request, object_id)
        form = HistoryForm(request.POST or None)
        if form.is_valid():
            try:
                cancel_task(task.pk)
            except Problem as problem:
                form.add_error(None, word(problem))
            else:
                messages.success(
                    request, gettext("The task was canceled; what was held for it was given back.")
                )
                self.log_change(request, task, gettext("Canceled: %(reason)s") % form.cleaned_data)
                return HttpResponseRedirect(task_page(task))
        question = Question(
            title=gettext("Cancel this task?"),
            intro=gettext(
                "It ends at once, also in the middle of its work, and all that is held for it is given back. Its app is "
                "told as of a cancel of its own."
            ),
            facts=facts_of(task),
            form=form,
            submit=gettext("Cancel the task"),
            back=task_page(task),
            is_dangerous=True,
        )
        return ask(self, request, question, about=task)

    @action(description=_("Order it again"), permissions=["order"], icon="replay")
    def order_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask who pays and why, then take the same order once more and show both side by side."""
        task = self.find_object(request, object_id)
        question = Question(title=gettext("Order it again?"), intro="", back=task_page(task))
        try:
            again = make_again(task)
        except Problem as problem:
            refused = Question(
                question.title, word_whole(problem), question.back, facts=facts_of(task)
            )
            return ask(self, request, refused, about=task)
        form = AgainForm(request.POST or None, price=again.resolved.quote.price)
        if form.is_valid():
            try:
                new_id = again.take(
                    form.cleaned_data["once"].hex, is_free=form.cleaned_data["payer"] == HUB
                )
            except Problem as problem:
                form.add_error(None, word_whole(problem))
            else:
                text = gettext("Ordered again as %(task)s (%(payer)s pays): %(reason)s")
                told = {"task": f"task_{new_id.hex}", **form.cleaned_data}
                self.log_change(request, task, text % told)
                messages.success(request, gettext("It was ordered again. Here are both."))
                return HttpResponseRedirect(compare_page([task.pk, new_id]))
        return ask(self, request, ask_again(request, again, form), about=task)


def ask_again(request: HttpRequest, again: Again, form: AgainForm) -> Question:
    """Return the question: who gets it, and what it costs whom."""
    task = again.task
    balance = see_balance(request, task)
    available = {gettext("Available to the user"): balance.available} if balance else {}
    return Question(
        title=gettext("Order it again?"),
        intro=gettext(
            "The same words and seeds are ordered once more for the same user, who finds it among the other tasks. Its "
            "app is told of its end as of any other."
        ),
        facts=facts_of(task) | available,
        form=form,
        submit=gettext("Order it again"),
        back=task_page(task),
    )


def facts_of(task: Task) -> dict[str, Any]:
    """Return which task it is, whose, and what it costs."""
    return facts_of_task(task) | {gettext("Price"): task.price}
