"""The way to a bulk cancel: from the list of tasks and its filters, or its ticks, to a preview and a confirmation."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from generation.admin.refunds.ask_bulk import word_users
from generation.admin.refunds.conditions import word_conditions
from generation.admin.tasks.deeds import HistoryForm
from generation.admin.tasks.filtered import FilteredPage, FrozenForm, back_to_list, freeze
from generation.life.bulk_cancels import (
    MOST_TASKS,
    CancelPreview,
    TooManyToCancel,
    preview_cancels,
    request_cancels,
)
from generation.models import BulkCancel, Task
from generation.refunds.bulk import MOST_USERS, UserPart
from genhub.admin.pages import Question, ask, word
from genhub.lib.errors import Problem


class CancelManyForm(HistoryForm, FrozenForm):
    """Confirms so many cancels: no more than were seen."""

    count = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=MOST_TASKS)


class BulkCancelPage(FilteredPage):
    """The part of the list of tasks that cancels what it shows and has not ended, on every page of it."""

    @action(description=_("Cancel all of these"), permissions=["cancel"], icon="cancel")
    def cancel_all(self, request: HttpRequest) -> HttpResponse:
        """Show what canceling all tasks of the filter would do; ask why; freeze it and let the loops do it."""
        title = gettext("Cancel all of these")
        seen = self.find_seen(request, title)
        if isinstance(seen, HttpResponse):
            return seen
        tasks, newest = seen
        preview = preview_cancels(tasks)
        if preview.count > MOST_TASKS:
            refusal = word(TooManyToCancel(most=MOST_TASKS))
            question = Question(title, "", back_to_list(request), mistakes=(refusal,))
            return ask(self, request, question)
        now = {"count": preview.count}
        form = CancelManyForm(request.POST or None, initial={"newest": newest, **now})
        if form.is_valid():
            try:
                bulk = self.write_cancels(request, tasks, form.cleaned_data)
            except Problem as problem:
                form.add_error(None, word(problem))
                form.renew(**now)
            else:
                return HttpResponseRedirect(
                    reverse("admin:generation_bulkcancel_change", args=[bulk.pk])
                )
        return ask(self, request, ask_cancels(request, preview, form))

    def write_cancels(
        self, request: HttpRequest, tasks: QuerySet[Task], words: dict[str, Any]
    ) -> BulkCancel:
        """Freeze what was confirmed, and say so."""
        new = freeze(BulkCancel, request, words)
        bulk, is_new = request_cancels(tasks, seen=words["count"], bulk=new)
        if not is_new:
            messages.info(
                request, gettext("This bulk cancel was confirmed before; nothing was added.")
            )
            return bulk
        about = {"count": len(bulk.tasks), "reason": bulk.reason}
        text = gettext("Confirmed a bulk cancel of %(count)s tasks: %(reason)s")
        self.log_addition(request, bulk, text % about)
        messages.success(request, gettext("%(count)s cancels are under way.") % about)
        return bulk


def ask_cancels(request: HttpRequest, preview: CancelPreview, form: CancelManyForm) -> Question:
    """Return the preview, with the form that confirms it when there is anything to cancel."""
    users = [UserPart(*row) for row in preview.users[:MOST_USERS]]
    facts = {
        gettext("Filter"): word_conditions(request.GET.urlencode()),
        gettext("Users"): word_users(users, len(preview.users)),
        gettext("Tasks that nobody works on yet"): preview.waiting,
        gettext("Tasks that are worked on"): preview.working,
        gettext("Tasks that have ended: they stay as they are"): preview.tasks - preview.count,
        gettext("Credits held that go back"): preview.held,
    }
    if preview.begun:
        facts[gettext("Of those worked on, with steps delivered")] = preview.begun
    return Question(
        title=gettext("Cancel all of these"),
        intro=word_cancels(preview),
        facts=facts,
        form=form if preview.count else None,
        submit=gettext("Cancel %(count)s tasks") % {"count": preview.count}
        if preview.count
        else "",
        is_dangerous=True,
        back=back_to_list(request),
    )


def word_cancels(preview: CancelPreview) -> str:
    """Return what the confirmation does to tasks and money."""
    if not preview.count:
        return gettext("There is nothing to cancel: all of these tasks have ended.")
    said = gettext(
        "Each task that has not ended is canceled, also in the middle of its work, and all that is held for it goes back to "
        "its user. The tasks are frozen when you confirm, and canceled one by one; one that ends before its turn stays as "
        "it ended. What a provider was sent may still cost the hub."
    )
    if not preview.begun:
        return said
    stays = gettext(
        "Of templates of several steps, what was delivered stays, and is paid; the rest goes back."
    )
    return f"{said} {stays}"
