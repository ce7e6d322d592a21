"""The refund: a right, an amount, a reason and a key of the form; a double click gives back once."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.enums import ActionVariant

from credits.selectors import Balance, find_balance
from generation.admin.refunds.ask_form import SUM, RefundForm
from generation.admin.refunds.facts import facts_of_task, others_of
from generation.admin.words import list_pictures
from generation.models import RefundRequest, RefundState, Task
from generation.refunds.one import Left, Part, find_left, request_refund
from generation.selectors.refunds import sum_refunded_alone
from genhub.admin.base import HubAdmin
from genhub.admin.pages import Question, ask, without_action, word
from genhub.lib.errors import Problem
from genhub.users.alone import ALONE_FOR


class RefundPage(HubAdmin):
    """The part of the tasks' pages that gives captured credits back."""

    def has_refund_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right to refund and may see tasks."""
        may_refund = request.user.has_perm("credits.refund_credits")
        return bool(may_refund and self.has_view_permission(request))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer a refund where anything is left to give back."""
        found = list(super().get_actions_detail(request, object_id))
        task = self.get_object(request, object_id)
        if task is None or left_of(task).free <= 0:
            return without_action(found, "refund")
        return found

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show with a task the refunds that wait for it."""
        waiting = RefundRequest.objects.filter(task_id=object_id, state=RefundState.PENDING)
        words = {"refunds_waiting": waiting.order_by("pk")}
        return super().change_view(request, object_id, form_url, words | (extra_context or {}))

    @action(
        description=_("Refund"), permissions=["refund"], icon="undo", variant=ActionVariant.PRIMARY
    )
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask how many and why, then give the credits back or let them wait for a second person."""
        task = self.find_object(request, object_id)
        left = left_of(task)
        initial = {"amount": left.free, "seen": left.seen, "how": SUM}
        form = RefundForm(request.POST or None, task=task, left=left, initial=initial)
        if form.is_valid():
            try:
                row = self.give_back(request, task, form.cleaned_data)
            except Problem as problem:
                form.add_error(None, word(problem))
                left = left_of(task)
                form.renew(left.seen)
            else:
                waits = row.state == RefundState.PENDING
                return HttpResponseRedirect(refund_page(row) if waits else task_page(task))
        question = ask_refund(request, task, left, form)
        return ask(self, request, question, about=task, template="admin/generation/refund_ask.html")

    def give_back(self, request: HttpRequest, task: Task, words: dict[str, Any]) -> RefundRequest:
        """Refund or let it wait, say which, and return the request."""
        amount, reason = words["amount"], words["reason"]
        person: Any = request.user
        row, is_new = request_refund(
            task.pk,
            Part(amount, words["positions"]),
            request_id=words["once"],
            person=person,
            reason=reason,
            seen=words["seen"],
        )
        if not is_new:
            messages.info(request, word_repeated(row))
        elif row.state == RefundState.PENDING:
            text = gettext("Asked to refund %(amount)s credits: %(reason)s")
            self.log_change(request, task, text % words)
            messages.warning(
                request,
                gettext(
                    "%(amount)s credits wait for a second person's approval. Nothing was moved yet."
                )
                % words,
            )
        else:
            text = gettext("Refunded %(amount)s credits: %(reason)s")
            self.log_change(request, task, text % words)
            messages.success(request, word_done(request, task, amount))
        return row


def word_repeated(row: RefundRequest) -> str:
    """Return what became of a refund whose form came again."""
    if row.state == RefundState.DONE:
        return gettext("This refund was made before; nothing more was moved.")
    return gettext("This refund was asked for before: %(state)s. Nothing more was done.") % {
        "state": row.get_state_display()
    }


def see_balance(request: HttpRequest, task: Task) -> Balance | None:
    """Return what the task's user has, to those who may see purses; else None."""
    if not request.user.has_perm("credits.view_purse"):
        return None
    return find_balance(task.platform_id, task.user)


def word_done(request: HttpRequest, task: Task, amount: int) -> str:
    """Return what a refund did to the user's credits, as far as this person may see them."""
    balance = see_balance(request, task)
    if balance is None:
        text = gettext("%(amount)s credits refunded to %(user)s.")
        return text % {"amount": amount, "user": task.user}
    after = balance.available
    text = gettext(
        "%(amount)s credits refunded to %(user)s. Available: %(before)s before, %(after)s now."
    )
    return text % {"amount": amount, "user": task.user, "before": after - amount, "after": after}


def ask_refund(request: HttpRequest, task: Task, left: Left, form: RefundForm) -> Question:
    """Return the question before a refund; with nothing left it says so and offers no form."""
    balance = see_balance(request, task)
    available = {} if balance is None else {gettext("Available now"): balance.available}
    facts = {
        **facts_of_task(task),
        gettext("Captured"): left.captured,
        gettext("Refunded before"): left.refunded,
        gettext("Waiting"): left.waiting,
        gettext("Left to refund"): left.free,
        **available,
        gettext("You refunded alone in 24 hours"): word_alone(request),
        gettext("Asked for before"): others_of(task),
    }
    return Question(
        title=gettext("Refund credits of this task"),
        intro=word_rule(task) if left.free > 0 else word_nothing(left),
        facts=facts,
        pictures=()
        if left.free > 0
        else tuple(p.thumbnail for p in list_pictures(task.outputs.all()) if p.thumbnail),
        choices=form.draw_pictures() if left.free > 0 else "",
        form=form if left.free > 0 else None,
        submit=gettext("Refund") if left.free > 0 else "",
        back=task_page(task),
    )


def word_rule(task: Task) -> str:
    """Return what a refund does, and when a second person must approve it."""
    limit = settings.REFUND_APPROVAL_ABOVE
    if not limit:
        return gettext(
            "A second person must approve each refund. Then the credits go back to %(user)s for good."
        ) % {"user": task.user}
    return gettext(
        "The credits go back to %(user)s at once. A refund cannot be taken back. A second person must approve it when "
        "this task's refunds, or all that you refunded alone within 24 hours, exceed %(limit)s credits with it."
    ) % {"user": task.user, "limit": limit}


def word_nothing(left: Left) -> str:
    """Return why there is nothing to refund."""
    if left.waiting > 0:
        return gettext("There is nothing to refund: what is left waits for approval already.")
    return gettext("There is nothing to refund: no captured credits are left.")


def word_alone(request: HttpRequest) -> str:
    """Return what this person refunded without approval lately, and how much is allowed."""
    alone = sum_refunded_alone(request.user.pk or 0, ALONE_FOR)
    limit = settings.REFUND_APPROVAL_ABOVE
    return gettext("%(alone)s of %(limit)s") % {"alone": alone, "limit": limit}


def left_of(task: Task) -> Left:
    """Return what may still be refunded of a task; of a free one, nothing."""
    return find_left([task.pk])[task.pk]


def task_page(task: Task) -> str:
    """Return the address of a task's page."""
    return reverse("admin:generation_task_change", args=[task.pk])


def refund_page(row: RefundRequest) -> str:
    """Return the address of a request's page."""
    return reverse("admin:generation_refundrequest_change", args=[row.pk])
