"""The refund: a right, an amount, a reason and a key of the form; a double click gives back once."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from credits.selectors import HoldView, find_balance, view_holds
from generation.admin.words import list_pictures
from generation.models import Task
from generation.services.refund import refund_task
from genhub.admin.base import HubAdmin
from genhub.admin.forms import MoveForm
from genhub.admin.pages import Question, ask, word
from genhub.admin.show import code
from genhub.lib.errors import Problem


class RefundPage(HubAdmin):
    """The part of the tasks' pages that gives captured credits back."""

    def has_refund_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right to refund and may see tasks."""
        may_refund = request.user.has_perm("credits.refund_credits")
        return bool(may_refund and self.has_view_permission(request))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer a refund where anything is left to give back."""
        task = self.get_object(request, object_id)
        return super().get_actions_detail(request, object_id) if task and left_of(task) else []

    @action(
        description=_("Refund"), permissions=["refund"], icon="undo", variant=ActionVariant.PRIMARY
    )
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how many and why, then give the credits back."""
        task = self.find_object(request, object_id)
        left = left_of(task)
        # A repeated click comes when nothing may be left: its amount is judged by the ledger, which knows its key.
        most = max(left, read_hold(task).captured, 1)
        form = MoveForm(request.POST or None, most=most, initial={"amount": left})
        if form.is_valid():
            try:
                self.give_back(request, task, form.cleaned_data)
            except Problem as problem:
                form.add_error(None, word(problem))
                form.renew()
            else:
                return HttpResponseRedirect(task_page(task))
        return ask(self, request, ask_refund(task, form), about=task)

    def give_back(self, request: HttpRequest, task: Task, words: dict[str, Any]) -> None:
        """Refund, and say what became of the user's credits."""
        amount, actor = words["amount"], request.user.get_username()
        key = f"staff:{words['once']}"
        if not refund_task(task.pk, amount, key=key, actor=actor, reason=words["reason"]):
            messages.info(request, gettext("This refund was made before; nothing more was moved."))
            return
        after = find_balance(task.platform_id, task.user).available
        self.log_change(request, task, gettext("Refunded %(amount)s credits: %(reason)s") % words)
        text = gettext(
            "%(amount)s credits refunded to %(user)s. Available: %(before)s before, %(after)s now."
        )
        messages.success(
            request,
            text % {"amount": amount, "user": task.user, "before": after - amount, "after": after},
        )


def ask_refund(task: Task, form: MoveForm) -> Question:
    """Return the question before a refund; with nothing left it says so and offers no form."""
    hold, left = read_hold(task), left_of(task)
    balance = find_balance(task.platform_id, task.user)
    return Question(
        title=gettext("Refund credits of this task"),
        intro=gettext("The credits go back to %(user)s at once. A refund cannot be taken back.")
        % {"user": task.user}
        if left
        else gettext("There is nothing to refund: no captured credits are left."),
        facts={
            gettext("Task"): code(task),
            gettext("User"): f"{task.user} @ {task.platform}",
            gettext("Captured"): hold.captured,
            gettext("Refunded before"): hold.refunded,
            gettext("Left to refund"): left,
            gettext("Available now"): balance.available,
        },
        pictures=tuple(p.thumbnail for p in list_pictures(task.outputs.all()) if p.thumbnail),
        form=form if left else None,
        submit=gettext("Refund") if left else "",
        back=task_page(task),
    )


def read_hold(task: Task) -> HoldView:
    """Return what became of a task's credits; a free task's are all zero."""
    return view_holds([task.pk]).get(task.pk, HoldView(0, 0, 0, 0))


def left_of(task: Task) -> int:
    """Return what was captured and not yet refunded."""
    hold = read_hold(task)
    return hold.captured - hold.refunded


def task_page(task: Task) -> str:
    """Return the address of a task's page."""
    return reverse("admin:generation_task_change", args=[task.pk])
